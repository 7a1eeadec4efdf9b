import type { Finding } from "../case.ts";
import type { Outcome, Probe } from "../internet/probe/types.ts";
import { textOf } from "../internet/evidence.ts";
import { type SecretCase, type SecretsGiven, SITE } from "./given.ts";
import { ask, BEARER, shell } from "./asking.ts";
import { listArrivals, listPlaceholdersIn, listValuesIn } from "./seen.ts";

const SUITE = "secrets";
const VERSIONS = ["--http2", "--http1.1"];

/** Forms of an answer in which the echo says what it was told. */
const FORMS = [
  ...["chunked", "split", "header", "sse", "status/404"],
  ...["gzip", "br", "deflate", "zstd"].map((encoding) => `encoded/${encoding}`),
];

/** Asks for the value in a message, with the platform's own client. */
const WEBSOCKET = `
const socket = new WebSocket("wss://${SITE.own}/", {
  headers: { authorization: "Bearer " + process.env.PROBE_KEY },
});
socket.onopen = () => socket.send("auth");
socket.onmessage = ({ data }) => { console.log(data); socket.close(); };
socket.onerror = ({ error }) => { console.log(error); process.exit(1); };
`;

/** Longest part of what a client said that is told, in characters. */
const LONGEST = 120;

/** What came back of some probes: no value, and the placeholder in its place. */
async function judgeAnswers(
  { guarded, secrets }: SecretsGiven,
  probes: readonly Probe[],
): Promise<Finding> {
  const outcomes = await guarded.probe(probes);
  const said = listValuesIn(textOf(await guarded.internet.events()), secrets);
  const textOfOutcome = ({ data, stderr = "" }: Outcome) => `${data}\n${stderr}`;
  const evidence = outcomes.all.flatMap((outcome) =>
    listValuesIn(textOfOutcome(outcome), secrets).map((what) => `${outcome.id}: ${what}, came back`)
  );
  const unclear = outcomes.all.filter(({ data }) => listPlaceholdersIn(data, secrets).length === 0);
  return {
    held: evidence.length === 0,
    control: said.length > 0 && unclear.length === 0,
    seen: unclear.length === 0
      ? `${probes.length} answers, ${evidence.length} values, a placeholder in each`
      : `no placeholder in ${unclear.length} of ${probes.length} answers`,
    evidence: evidence.length > 0
      ? evidence
      : unclear.map(({ id, code, stderr = "" }) =>
        `${id}: exit code ${code}, ${JSON.stringify(stderr.slice(0, LONGEST))}`
      ),
  };
}

function checkForms(given: SecretsGiven): Promise<Finding> {
  const probes = [
    ...VERSIONS.flatMap((version) =>
      FORMS.map((form) =>
        ask(
          `${form} ${version}`,
          `${version} -i --suppress-connect-headers --compressed ${BEARER} ` +
            `https://${SITE.own}/${form}`,
        )
      )
    ),
    ask("what was sent", `-d "$PROBE_BODY_KEY and $PROBE_BODY_KEY" https://${SITE.own}/raw`),
    shell("a WebSocket", `node -e '${WEBSOCKET}'`),
  ];
  return judgeAnswers(given, probes);
}

function checkReflected(given: SecretsGiven): Promise<Finding> {
  const ways = [
    BEARER,
    // What stands for it in base64 is as long as the value: cut off.
    '-u "user:$PROBE_KEY" -H "x-key: $PROBE_KEY"',
    '-b "session=$PROBE_KEY"',
    '-H "x-key: $PROBE_KEY" -H "x-key: again $PROBE_BODY_KEY"',
    '-G -d "key=$PROBE_KEY"',
  ];
  const probes = VERSIONS.flatMap((version) =>
    ways.map((way) =>
      ask(`${version} ${way}`, `${version} --compressed ${way} https://${SITE.own}/reflected`)
    )
  );
  return judgeAnswers(given, probes);
}

async function checkRedirect({ guarded, secrets }: SecretsGiven): Promise<Finding> {
  const { internet } = guarded;
  const follow = (id: string, to: string) =>
    ask(
      id,
      `-i -L --location-trusted --suppress-connect-headers ${BEARER} ` +
        `"https://${SITE.own}/redirect?to=${to}"`,
    );
  const away = [
    `https://${SITE.opened}/?key=$PROBE_KEY`,
    `http://${SITE.closed}/?key=$PROBE_KEY`,
    `https://${SITE.other}/$PROBE_KEY`,
    `http://${SITE.own}/`,
    `https://${SITE.evil}/?key=$PROBE_KEY`,
  ];
  const outcomes = await guarded.probe([
    ...away.map((to) => follow(to, to)),
    follow("control", `https://${SITE.own}/landed?key=$PROBE_KEY`),
  ]);
  const arrivals = listArrivals(await internet.events());
  const landed = arrivals.find(({ path }) => path === "/landed");
  const evidence = [
    ...arrivals.filter(({ sni, scheme }) => sni !== SITE.own || scheme !== "https")
      .flatMap((arrival) =>
        listValuesIn(JSON.stringify(arrival), secrets)
          .map((what) => `${what} went along to ${arrival.host}`)
      ),
    ...outcomes.all.flatMap(({ id, data }) =>
      listValuesIn(data, secrets).map((what) => `${what} came back on the way to ${id}`)
    ),
  ];
  return {
    held: evidence.length === 0,
    control: landed?.target === `/landed?key=${secrets.key.value}` &&
      arrivals.filter(({ path }) => path === "/redirect").length > away.length,
    seen: `${away.length} redirects elsewhere, ${evidence.length} values; one to itself carried it`,
    evidence,
  };
}

/** What comes back of a secret. */
export const COMING_BACK_CASES: readonly SecretCase[] = [
  {
    id: "S03",
    suite: SUITE,
    title: "a value that comes back is a placeholder again, in whatever form",
    threat: "a host that says what it was told, as many do in errors, hands the key to the agent",
    expectation:
      "headers, bodies, pieces, four compressions, events and WebSocket messages without the value; the host did say it",
    source: "agentcage",
    brokenBy: "what comes back is not searched",
    quick: false,
    check: checkForms,
  },
  {
    id: "S05",
    suite: SUITE,
    title: "a host that tells every header back tells the agent nothing",
    threat: "one request to an echo of the provider's, and the agent has the key",
    expectation: "the value in no answer over either HTTP; it is in what the host saw",
    source: "tjor",
    brokenBy: "what comes back is not searched",
    quick: false,
    check: checkReflected,
  },
  {
    id: "S15",
    suite: SUITE,
    title: "a redirect takes no value along",
    threat: "the secret's host, or whoever may write there, sends the client on with the key",
    expectation:
      "no value at the next host, none in the address the agent sees; one to itself works",
    source: "sandcage",
    brokenBy: "what comes back is not searched",
    quick: false,
    check: checkRedirect,
  },
];
