import { pause } from "../../pause.ts";
import { requestsOf } from "../internet/evidence.ts";
import type { GuardedCage } from "../internet/guarded.ts";
import { type GuardedCase, tellLeaks } from "../internet/guarded_suite.ts";
import type { Outcome } from "../internet/probe/types.ts";
import { connect, curl, everyProxy, formatGet, raw } from "../internet/probes.ts";
import { findDenialProblem } from "./denial.ts";
import { count, isAnswered, isEchoOf, tellOthers, toFinding } from "./judge.ts";

/** What reaches a host that has a rule, by another name, port, redirect or way to be told no. */
export const WEB_CASES: readonly GuardedCase[] = [
  {
    id: "N19",
    suite: "network",
    title: "a redirect is a request of its own",
    threat: "an allowed host sends the agent's client on to one that is not allowed",
    expectation:
      "the second hop is refused, to a name and to an address; one to an allowed host is followed",
    source: "own idea of the list",
    brokenBy: "a tunnel to any host is opened",
    quick: false,
    async check({ internet, probe }) {
      const to = (id: string, url: string) =>
        curl(id, ["-L", `https://allowed.test/redirect?to=${encodeURIComponent(url)}`]);
      const outcomes = await probe([
        to("with TLS", "https://evil.test/"),
        to("plain", "http://evil.test/"),
        to("to an address", `http://${internet.addresses.decoy}/`),
        to("to the cloud's metadata", "http://169.254.169.254/"),
        to("allowed", "https://big.test/after"),
      ]);
      const followed = outcomes.get("allowed");
      const others = outcomes.all.filter((outcome) => outcome !== followed);
      const known = { names: ["allowed.test", "big.test"], echo: true };
      const hops = requestsOf(await internet.events())
        .filter(({ target }) => target.startsWith("/redirect")).length;
      return toFinding({
        seen: `0 bytes at the decoy, ${count(others.length, "second hop")} refused`,
        open: [
          ...await tellLeaks(internet, known),
          ...tellOthers(others, (outcome) => !isAnswered(outcome)),
        ],
        missing: [
          ...tellOthers([followed], isEchoOf("big.test")),
          ...(hops === outcomes.all.length ? [] : [`redirects asked for: ${hops}`]),
        ],
      });
    },
  },
  {
    id: "N22",
    suite: "network",
    title: "of two names at one address only the allowed one is reached",
    threat: "rules that end at the address open every other host behind the same front",
    expectation:
      "the other name is refused in every form, nothing is dialed; two allowed names at one address both answer",
    source: "anthropics/claude-code#15611",
    brokenBy: "the name in TLS is not compared",
    quick: false,
    async check({ internet, probe }) {
      const tunnel = { tls: { sni: "shared.test" }, send: [formatGet("shared.test")] };
      const outcomes = await probe([
        curl("with TLS", ["https://shared.test/"]),
        curl("with TLS, no proxy", ["https://shared.test/"], { env: everyProxy(null) }),
        curl("plain", ["http://shared.test/"]),
        connect("in the other's tunnel", "allowed.test:443", tunnel),
        raw("directly", { host: "@gateway", port: 443, ...tunnel }),
        raw("plain, directly", { host: "@gateway", port: 80, send: [formatGet("shared.test")] }),
      ]);
      const leaks = await tellLeaks(internet);
      const controls = await probe(["allowed.test", "big.test"].flatMap((host) => [
        curl(host, [`https://${host}/`]),
        curl(`${host}, no proxy`, [`https://${host}/`], { env: everyProxy(null) }),
      ]));
      return toFinding({
        seen: `0 packets, ${count(outcomes.all.length, "way")} refused`,
        open: [...leaks, ...tellOthers(outcomes.all, (outcome) => !isAnswered(outcome))],
        missing: tellOthers(controls.all, isAnswered),
      });
    },
  },
  {
    id: "N23",
    suite: "network",
    title: "a rule holds for its ports and for what is below its wildcard, nothing else",
    threat:
      "a host on another port, or somebody else's host with the same end, comes with the rule",
    expectation:
      "other ports, the wildcard's apex and look-alikes are refused; what the rules name answers",
    source: "membrane",
    brokenBy: "a rule holds for every port",
    quick: false,
    async check({ internet, probe }) {
      const get = (host: string, port: number) => [
        curl(`${host}:${port}`, [`https://${host}:${port}/`]),
        curl(`${host}:${port}, no proxy`, [`https://${host}:${port}/`], { env: everyProxy(null) }),
      ];
      const outcomes = await probe([
        ...get("allowed.test", 8443),
        ...get("also.test", 443),
        ...get("wild.test", 443),
        ...get("wild.test.evil.test", 443),
        ...get("evilwild.test", 443),
        ...get("www.wild.test", 8443),
      ]);
      const leaks = await tellLeaks(internet);
      const controls = await probe([
        ...get("also.test", 8443),
        ...get("www.wild.test", 443),
        ...get("deep.www.wild.test", 443),
      ]);
      return toFinding({
        seen: `0 packets, ${count(outcomes.all.length, "way")} refused`,
        open: [...leaks, ...tellOthers(outcomes.all, (outcome) => !isAnswered(outcome))],
        missing: tellOthers(controls.all, isAnswered),
      });
    },
  },
  {
    id: "N24",
    suite: "network",
    title: "a denial says who refuses, why and that it is no use to try again, and goes on record",
    threat:
      "an agent takes a denial for a fault and tries on for hours; nobody can see what it wanted",
    expectation:
      "status, body and header name the reason and the rule, the audit has its line and no query; an answer has no such header",
    source: "anthropic-experimental/sandbox-runtime#273",
    brokenBy: "a denial does not name itself",
    quick: false,
    async check(guarded) {
      const { internet, probe, audit } = guarded;
      const written = (await audit()).length;
      const rule = ["-i", "--suppress-connect-headers", "https://big.test/private/x?query=private"];
      const outcomes = await probe([
        curl("plain", ["-i", "http://evil.test/path?query=private"]),
        connect("a tunnel", "evil.test:443"),
        curl("by a rule", rule),
        curl("allowed", ["-i", "http://allowed.test/"]),
      ]);
      const problem = (id: string, want: Parameters<typeof findDenialProblem>[1]) => {
        const { head, data } = outcomes.get(id);
        const found = findDenialProblem(head ?? data, want);
        return found === undefined ? [] : [`${id}: ${found}`];
      };
      const unlisted = { host: "evil.test", reason: "no-rule", rule: null };
      const isPlain = (outcome: Outcome) =>
        isAnswered(outcome) && !/x-gateway-blocked/i.test(outcome.data);
      return toFinding({
        seen: "3 denials in full, each on record",
        open: [
          ...await tellLeaks(internet, { names: ["allowed.test"], echo: true }),
          ...problem("plain", unlisted),
          ...problem("a tunnel", unlisted),
          ...problem("by a rule", {
            host: "big.test",
            reason: "block-rule",
            rule: /big\.test.*network\.block\[0\]/,
          }),
          ...await tellUnwritten(guarded, { from: written }),
        ],
        missing: tellOthers([outcomes.get("allowed")], isPlain),
      });
    },
  },
];

/** Longest time until what happened is written down, and between two looks, in milliseconds. */
const WRITTEN_MS = 3_000;
const LOOK_MS = 50;

/** What of two denials the audit does not say after so many lines, or says too much of. */
async function tellUnwritten(
  { audit, cage }: GuardedCage,
  { from }: { from: number },
): Promise<string[]> {
  for (const deadline = performance.now() + WRITTEN_MS;;) {
    const lines = (await audit()).slice(from).filter(({ decision }) => decision === "deny");
    const has = (path: string, reason: string) =>
      lines.some((line) =>
        line.path === path && line.reason === reason && line.service === cage.service.name
      );
    const problems = [
      ...(has("/path", "no-rule") ? [] : ["the audit has no line of the plain request"]),
      ...(has("/private/x", "block-rule") ? [] : ["the audit has no line of the rule"]),
      ...(JSON.stringify(lines).includes("query=") ? ["the audit has a query"] : []),
    ];
    if (problems.length === 0 || performance.now() > deadline) return problems;
    await pause(LOOK_MS);
  }
}
