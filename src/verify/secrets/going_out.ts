import { Buffer } from "node:buffer";
import type { Finding } from "../case.ts";
import { ask, BEARER, isBearer, OWN, tellStray } from "./asking.ts";
import { type SecretCase, type SecretsGiven, SITE, type TriedSecrets } from "./given.ts";
import {
  type Arrival,
  isDenied,
  listArrivals,
  listHeader,
  listPlaceholdersIn,
  listValuesIn,
  openAudit,
} from "./seen.ts";

const SUITE = "secrets";

/** A way to use a placeholder where it is meant to be used, and what its host must be told. */
type Use = readonly [
  what: string,
  args: string,
  isRight: (arrival: Arrival, secrets: TriedSecrets) => boolean,
];

const USES: readonly Use[] = [
  ["a bearer token", `${BEARER} ${OWN}/0`, isBearer],
  ["HTTP/1.1", `--http1.1 ${BEARER} ${OWN}/1`, isBearer],
  [
    "a header of its own",
    `-H "x-api-key: $PROBE_KEY" ${OWN}/2`,
    (arrival, { key }) => listHeader(arrival, "x-api-key").join() === key.value,
  ],
  [
    "basic authentication",
    `-u "user:$PROBE_KEY" ${OWN}/3`,
    (arrival, { key }) =>
      listHeader(arrival, "authorization").join() ===
        `Basic ${Buffer.from(`user:${key.value}`).toString("base64")}`,
  ],
  [
    "a query",
    `"${OWN}/4?key=$PROBE_KEY&more=1"`,
    ({ target }, { key }) => target === `/4?key=${key.value}&more=1`,
  ],
  [
    "a JSON body",
    `--json "{\\"key\\":\\"$PROBE_BODY_KEY\\"}" ${OWN}/5`,
    ({ body: text }, { body }) => text === JSON.stringify({ key: body.value }),
  ],
  [
    "a form",
    `-d "key=$PROBE_BODY_KEY" ${OWN}/6`,
    ({ body: text }, { body }) => text === `key=${encodeURIComponent(body.value)}`,
  ],
  [
    "a client without a proxy",
    `--noproxy "*" ${BEARER} ${OWN}/7`,
    isBearer,
  ],
  [
    "a login of the agent's beside it",
    `-H "x-api-key: $PROBE_KEY" -H "authorization: Bearer agents-own" ${OWN}/8`,
    (arrival, { key }) =>
      listHeader(arrival, "x-api-key").join() === key.value &&
      listHeader(arrival, "authorization").length === 0,
  ],
];

const FOREIGN: readonly (readonly [what: string, args: string])[] = [
  ["a header", `${BEARER} https://${SITE.opened}/`],
  ["a header without TLS", `${BEARER} http://${SITE.closed}/`],
  ["its own host without TLS", `${BEARER} http://${SITE.own}/`],
  ["basic authentication", `-u "user:$PROBE_KEY" http://${SITE.closed}/`],
  ["a query", `"https://${SITE.opened}/?key=$PROBE_KEY"`],
  ["a path", `"https://${SITE.opened}/$PROBE_KEY/x"`],
  ["a body", `-d "key=$PROBE_KEY" https://${SITE.opened}/body`],
];

async function checkDestination({ guarded, secrets }: SecretsGiven): Promise<Finding> {
  const { internet } = guarded;
  const log = await openAudit(guarded);
  const outcomes = await guarded.probe([
    ...USES.map(([, args], index) => ask(`own ${index}`, args)),
    ask("no body", `-d "key=$PROBE_KEY" ${OWN}/left`),
    ...FOREIGN.map(([what, args]) => ask(what, args)),
  ]);
  const arrivals = listArrivals(await internet.events());
  const own = arrivals.filter(({ sni }) => sni === SITE.own);
  const unsaid = USES.filter(([, , isRight], index) => {
    const arrival = own.find(({ path }) => path === `/${index}`);
    return arrival === undefined || !isRight(arrival, secrets);
  });
  const elsewhere = arrivals.filter(({ sni }) => sni !== SITE.own);
  const denied = await log.wait(
    ({ decision, reason }) => decision === "deny" && reason === "secret-foreign",
    FOREIGN.length,
  );
  const evidence = [
    ...elsewhere.flatMap((arrival) => tellHeld(arrival, secrets)),
    ...FOREIGN.filter(([what]) => !isDenied(outcomes.get(what).data, "secret-foreign"))
      .map(([what]) => `${what} to another host was not stopped`),
    ...(denied.length < FOREIGN.length
      ? [`${denied.length} of ${FOREIGN.length} refusals are on record`]
      : []),
    // Not asked for in bodies: there it stays what it is.
    ...own.filter(({ path }) => path === "/left").flatMap(({ body }) =>
      listValuesIn(body, secrets).map((what) => `${what}, in a body that it is not for`)
    ),
    ...own.filter((arrival) => listHeader(arrival, "authorization").includes("Bearer agents-own"))
      .map(() => "the agent's own login went along with a secret"),
  ];
  return {
    held: evidence.length === 0,
    control: unsaid.length === 0,
    seen: unsaid.length === 0
      ? `${USES.length} ways to its host with the exact value, ${FOREIGN.length} elsewhere stopped`
      : `not put in for its own host: ${unsaid.map(([what]) => what).join(", ")}`,
    evidence,
  };
}

function tellHeld(arrival: Arrival, secrets: TriedSecrets): string[] {
  const text = JSON.stringify(arrival);
  return [...listValuesIn(text, secrets), ...listPlaceholdersIn(text, secrets)]
    .map((what) => `${what} arrived at ${arrival.host}`);
}

/** A placeholder in the right form that stands for nothing. */
const UNKNOWN = `withheld_ph_${"0".repeat(40)}`;

const MISPLACED: readonly (readonly [what: string, args: string])[] = [
  ["another host's secret in a header", `-H "x-key: $PROBE_OTHER_KEY" ${OWN}/0`],
  ["another host's secret in a query", `"${OWN}/1?key=$PROBE_OTHER_KEY"`],
  ["another host's secret in a body", `-d "key=$PROBE_OTHER_KEY" ${OWN}/2`],
  ["the other way round", `${BEARER} https://${SITE.other}/3`],
  ["the other way round in a body", `-d "key=$PROBE_BODY_KEY" https://${SITE.other}/4`],
  ["a placeholder of nobody's", `-H "x-key: ${UNKNOWN}" ${OWN}/5`],
];

async function checkEach({ guarded, secrets }: SecretsGiven): Promise<Finding> {
  const outcomes = await guarded.probe([
    ...MISPLACED.map(([what, args]) => ask(what, args)),
    ask("own", `${BEARER} ${OWN}/own`),
    ask("other", `-H "x-key: $PROBE_OTHER_KEY" https://${SITE.other}/own`),
  ]);
  const arrivals = listArrivals(await guarded.internet.events());
  const controls = arrivals.filter(({ path }) => path === "/own");
  // In bodies to a host that has a secret a placeholder is told and let through: it is worth nothing.
  const stopped = MISPLACED.filter(([, args]) => !args.startsWith("-d"));
  const evidence = [
    ...tellStray(arrivals, secrets),
    ...stopped.filter(([what]) => !isDenied(outcomes.get(what).data, "secret-foreign"))
      .map(([what]) => `${what} was not stopped`),
  ];
  const isExact = (site: string, secret: keyof TriedSecrets) =>
    controls.some((arrival) =>
      arrival.sni === site && JSON.stringify(arrival.headers).includes(secrets[secret].value)
    );
  return {
    held: evidence.length === 0,
    control: isExact(SITE.own, "key") && isExact(SITE.other, "other"),
    seen:
      `${MISPLACED.length} to a host of another secret, ${evidence.length} values; each at its own`,
    evidence,
  };
}

/** What goes out with a secret in it. */
export const GOING_OUT_CASES: readonly SecretCase[] = [
  {
    id: "S02",
    suite: SUITE,
    title: "a placeholder becomes the value toward its host, and nowhere else",
    threat: "an agent sends its key to a host of its own and reads it there",
    expectation:
      "the exact value at its host in every form, the agent's own login left out; elsewhere stopped and on record",
    source: "tjor, agentcage",
    brokenBy: "a placeholder is replaced for every host",
    quick: false,
    check: checkDestination,
  },
  {
    id: "S14",
    suite: SUITE,
    title: "each secret goes to its own hosts, also where others are allowed to",
    threat: "one key is sent to the owner of another, or a guessed placeholder is worth something",
    expectation: "no value of one secret at the host of another; both arrive at their own",
    source: "sandcage",
    brokenBy: "a placeholder is replaced for every host",
    quick: false,
    check: checkEach,
  },
];
