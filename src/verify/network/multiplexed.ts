import { requestsOf } from "../internet/evidence.ts";
import { type GuardedCase, tellLeaks } from "../internet/guarded_suite.ts";
import type { H2Probe } from "../internet/probe/types.ts";
import { count, toFinding } from "./judge.ts";

const OWN = "inject.test";

/** Requests of HTTP/2 that say twice, and differently, whom they are for. */
const FORMS: Readonly<Record<string, Partial<H2Probe["requests"][number]>>> = {
  "another Host": { headers: { host: "evil.test" } },
  "an allowed Host": { headers: { host: "big.test" } },
  "a Host with another port": { headers: { host: `${OWN}:8443` } },
  "another scheme": { headers: { ":scheme": "http" } },
  "a scheme of one's own": { headers: { ":scheme": "https://evil.test/?" } },
  "an absolute path": { path: "https://evil.test/forged" },
  "a path without a slash": { path: "forged" },
  "a user": { authority: `${OWN}@evil.test` },
  "a fragment": { authority: `evil.test#${OWN}` },
  "two ports": { authority: `${OWN}:443:8443` },
  "nobody": { authority: "" },
};

/** Requests of HTTP/2, where a host has two places to stand in. */
export const MULTIPLEXED_CASES: readonly GuardedCase[] = [{
  id: "N43",
  suite: "network",
  title: "a request of HTTP/2 names one host in one form, or is refused",
  threat:
    "what is checked is the authority, and what the host behind goes by is the Host or the path",
  expectation: "none arrives; with the same name in both places it is answered",
  source: "sandcage",
  brokenBy: "an HTTP/2 request's Host is not looked at",
  quick: false,
  async check({ internet, probe }) {
    const forms = Object.entries(FORMS);
    const make = (id: string, requests: H2Probe["requests"]): { id: string } & H2Probe => (
      { id, kind: "h2", host: "@gateway", port: 443, sni: OWN, requests }
    );
    // A connection for each: a broken request may end the one it is on.
    const outcomes = await probe([
      ...forms.map(([id, form]) => make(id, [{ authority: OWN, path: "/forged", ...form }])),
      make("in both", [{ authority: OWN, path: "/named", headers: { host: OWN } }]),
    ]);
    const known = { names: [OWN], echo: true };
    const arrived = requestsOf(await internet.events()).filter(({ target }) => target !== "/named");
    const wasAnswered = (id: string) =>
      outcomes.get(id).answers?.some(({ status }) => status >= 200 && status < 400) === true;
    return toFinding({
      seen: `0 forged requests, ${count(forms.length, "form")} refused`,
      open: [
        ...await tellLeaks(internet, known),
        ...arrived.map(({ target, host }) => `${target} for ${host} arrived`),
        ...forms.flatMap(([id]) => wasAnswered(id) ? [`${id}: answered`] : []),
      ],
      missing: wasAnswered("in both")
        ? []
        : [`in both: ${JSON.stringify(outcomes.get("in both"))}`],
    });
  },
}];
