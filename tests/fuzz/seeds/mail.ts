import { bytesOf } from "../bytes.ts";
import type { Material } from "../mutate.ts";

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
].map((message) => JSON.stringify(message));

const SAID = [
  [
    { kind: "hello", protocol: 1 },
    ...MESSAGES.map((text, index) => ({ kind: "message", name: `${index}.json`, text })),
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
  seeds: [...SAID, ...MESSAGES].map(bytesOf),
  tokens: TOKENS.map(bytesOf),
};
