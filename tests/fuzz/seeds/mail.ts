import { bytesOf } from "../bytes.ts";
import { jsonMaterial, type JsonStock, makeJson } from "../json_change.ts";
import { type Material, mutate } from "../mutate.ts";
import type { Random } from "../random.ts";

const ENVELOPE = {
  id: "msg-20260131T081500-0f3a9c1d2b4e5f60",
  timestamp: "2026-01-31T08:15:00.123Z",
  version: 1,
};

const MESSAGES = [
  { ...ENVELOPE, type: "task_complete", payload: { summary: "done", exit_code: 0 } },
  { ...ENVELOPE, type: "progress_update", payload: { status: "a", detail: "b" } },
  {
    ...ENVELOPE,
    type: "info_request",
    payload: { request_id: "1", description: "x", paths: ["a", "b"] },
  },
  {
    ...ENVELOPE,
    type: "error",
    payload: { error_type: "a", message: "b\nc", recoverable: true },
  },
  { ...ENVELOPE, type: "going_idle", payload: { reason: "x", waited_seconds: 1 } },
];
const TEXTS = MESSAGES.map((message) => JSON.stringify(message));

const SAID = [
  [
    { kind: "hello", protocol: 1 },
    ...TEXTS.map((text, index) => ({ kind: "message", name: `${index}.json`, text })),
    { kind: "idle" },
  ],
  [{ kind: "bad", name: "x", why: "it is a link" }, { kind: "delivered", seq: 1 }],
  [{ kind: "failed", why: "no space left" }],
].map((said) => said.map((one) => `${JSON.stringify(one)}\n`).join(""));

const TOKENS = [
  ...["{", "}", "[", "]", '"', ",", ":", "\\u0000", "\\u001b[2J", "\\ud800", "null", "-1", "1e999"],
  ...['"type":"ack"', '"type":"__proto__"', '"id":"msg-../x"', '"version":2', '"payload":[]'],
  ...['"__proto__":{}', '"exit_code":1.5', '"paths":[1]', "\n", "\xff", "\0", "[".repeat(500)],
  ...['"kind":"message"', '"kind":"delivered"', '"seq":2', '"seq":1e300', '"name":"../../x"'],
];

/** What the far end of a mailbox says: lines, with messages in some of them. */
export const MAIL_MATERIAL: Material = {
  seeds: [...SAID, ...TEXTS].map(bytesOf),
  tokens: TOKENS.map(bytesOf),
};

/** Messages alone. */
const MESSAGE_STOCK: JsonStock = {
  documents: MESSAGES,
  values: ["ack", "error", "msg-1", "msg-../x", 2, ["a"], "2026-01-31T08:15:00Z", { summary: "x" }],
};

/** The same as bytes. */
export const MESSAGE_MATERIAL: Material = jsonMaterial(MESSAGE_STOCK, TOKENS);

/** Makes a message, or nearly one. */
export const makeMailMessage: (random: Random) => Uint8Array<ArrayBuffer> = makeJson(
  MESSAGE_STOCK,
  MESSAGE_MATERIAL,
);

const SAID_STOCK: JsonStock = {
  documents: [
    { kind: "hello", protocol: 1 },
    { kind: "message", name: "1.json", text: TEXTS[0] },
    { kind: "bad", name: "x", why: "it is a link" },
    { kind: "delivered", seq: 1 },
    { kind: "idle" },
    { kind: "failed", why: "no space left" },
  ],
  values: ["message", "bad", "delivered", "n".repeat(256), -1, ...TEXTS],
  end: "\n",
};
const makeOneSaid = makeJson(SAID_STOCK, jsonMaterial(SAID_STOCK, TOKENS));

/** A few lines of a far end, or nearly so. */
export function makeSaid(random: Random): Uint8Array<ArrayBuffer> {
  if (random.oneIn(4)) return mutate(random, MAIL_MATERIAL);
  const lines = Array.from({ length: 1 + random.integer(3) }, () => makeOneSaid(random));
  const bytes = new Uint8Array(lines.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const line of lines) {
    bytes.set(line, at);
    at += line.length;
  }
  return bytes;
}

const ROWS = [1, 2, 3].map((seq) => `${JSON.stringify({ id: `msg-${seq}`, seq })}\n`);

/** Rows as they lie on a disk. */
export const ROWS_MATERIAL: Material = {
  seeds: [bytesOf(ROWS.join("")), bytesOf(ROWS[0]!), bytesOf(`${ROWS[0]}{"id":"msg-2","se`)],
  tokens: [...ROWS, "\n", '"seq":2', '{"seq":4}\n', "null\n", "\0".repeat(40), "\xff"].map(bytesOf),
};

/** A log, whole or as a crash has left it. */
export function drawLog(random: Random): Uint8Array<ArrayBuffer> {
  const count = random.integer(6);
  const rows = Array.from(
    { length: count },
    (_, index) => JSON.stringify({ id: random.pick(["a", "b\u2028", "é"]), seq: index + 1 }) + "\n",
  );
  const bytes = new TextEncoder().encode(rows.join(""));
  if (random.oneIn(3)) return bytes;
  if (random.oneIn(2)) return bytes.slice(0, random.integer(bytes.length + 1));
  return mutate(random, { ...ROWS_MATERIAL, seeds: [bytes] });
}
