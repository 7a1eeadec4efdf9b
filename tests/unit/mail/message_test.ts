import assert from "node:assert/strict";
import fc from "fast-check";
import {
  findProblem,
  listTypes,
  makeMessage,
  parseMessage,
  summarize,
} from "../../../src/mail/message.ts";
import { MAIL_LIMITS, MESSAGE_TYPES, type MessageType } from "../../../src/mail/types.ts";
// @ts-types="./envelope.d.mts"
import * as inside from "../../../images/agent/mail/envelope.mjs";

/** A payload of each type that says all it can. */
const WHOLE: Record<MessageType, Record<string, unknown>> = {
  task_complete: { summary: "done", exit_code: 0 },
  progress_update: { status: "begun", detail: "1 of 3" },
  info_request: { request_id: "r1", description: "which", paths: ["a", "b"] },
  error: { error_type: "tool", message: "none", recoverable: false },
  going_idle: { reason: "nobody", waited_seconds: 3 },
  info_response: { request_id: "r1", content: "this" },
  ack: { acked_id: "msg-1" },
  task_revision: { instructions: "again" },
};

Deno.test("both sides know the same eight types and the same limits", () => {
  assert.deepEqual(inside.TYPES, MESSAGE_TYPES);
  assert.equal(inside.LIMITS.messageBytes, MAIL_LIMITS.messageBytes);
  assert.equal(inside.LIMITS.messages, MAIL_LIMITS.messages);
  assert.equal(listTypes("cage").length + listTypes("outside").length, 8);
});

for (const [type, payload] of Object.entries(WHOLE) as [MessageType, Record<string, unknown>][]) {
  Deno.test(`a ${type} with all its fields is one, and without one it needs it is none`, () => {
    assert.equal(findProblem(type, payload), undefined);
    assert.equal(findProblem(type, { ...payload, more: { any: 1 } }), undefined);
    for (const field of Object.keys(MESSAGE_TYPES[type].needs)) {
      const { [field]: _, ...rest } = payload;
      assert.match(findProblem(type, rest) ?? "", new RegExp(`needs "${field}"`));
      assert.match(findProblem(type, { ...payload, [field]: {} }) ?? "", /must be/);
      assert.match(findProblem(type, { ...payload, [field]: null }) ?? "", /must be/);
    }
    for (const field of Object.keys(MESSAGE_TYPES[type].takes)) {
      const { [field]: _, ...rest } = payload;
      assert.equal(findProblem(type, rest), undefined);
      assert.equal(findProblem(type, { ...payload, [field]: null }), undefined);
      assert.match(findProblem(type, { ...payload, [field]: {} }) ?? "", /must be/);
    }
  });
}

const typeOrNot = fc.oneof(
  fc.constantFrom(...Object.keys(MESSAGE_TYPES), "__proto__", "toString", ""),
  fc.string(),
);
const payloadOrNot = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(...Object.values(WHOLE)).chain((whole) =>
    fc.dictionary(fc.constantFrom(...Object.keys(whole), "__proto__"), fc.jsonValue())
      .map((change) => ({ ...whole, ...change }))
  ),
);

Deno.test("inside and outside agree on every payload there is", () => {
  fc.assert(
    fc.property(typeOrNot, payloadOrNot, (type, payload) => {
      assert.equal(inside.findProblem(type, payload), findProblem(type, payload));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("a message of either side is read by the other as it was made", () => {
  for (const [type, payload] of Object.entries(WHOLE) as [MessageType, Record<string, unknown>][]) {
    const from = MESSAGE_TYPES[type].from;
    for (const made of [makeMessage(type, payload), inside.makeMessage(type, payload)]) {
      assert.deepEqual(parseMessage(JSON.stringify(made), from), { message: made });
      assert.match(made.id, /^msg-\d{8}T\d{6}-[0-9a-f]{16}$/);
      assert.equal(made.id.slice(4, 12), made.timestamp.slice(0, 10).replaceAll("-", ""));
      const other = from === "cage" ? "outside" : "cage";
      assert.ok("problem" in parseMessage(JSON.stringify(made), other));
    }
  }
});

const GOOD = makeMessage("progress_update", { status: "x" });
const BROKEN: [string, string, RegExp][] = [
  ["no JSON", "{", /no JSON/],
  ["a list", "[]", /no JSON object/],
  ["an id that leaves its folder", JSON.stringify({ ...GOOD, id: "msg-../../x" }), /no id/],
  ["an id that acts on a terminal", JSON.stringify({ ...GOOD, id: "msg-\u001b[2J" }), /no id/],
  ["an id without an end", JSON.stringify({ ...GOOD, id: `msg-${"a".repeat(100)}` }), /no id/],
  ["no type", JSON.stringify({ ...GOOD, type: 7 }), /no type/],
  ["another type", JSON.stringify({ ...GOOD, type: "toString" }), /there is no type/],
  ["a local time", JSON.stringify({ ...GOOD, timestamp: "2026-01-01T00:00:00" }), /timestamp/],
  ["another version", JSON.stringify({ ...GOOD, version: 2 }), /version/],
  ["no payload", JSON.stringify({ ...GOOD, payload: undefined }), /payload/],
];
for (const [name, text, why] of BROKEN) {
  Deno.test(`parseMessage() says what is wrong with ${name}`, () => {
    const parsed = parseMessage(text, "cage");
    assert.ok("problem" in parsed);
    assert.match(parsed.problem, why);
  });
}

Deno.test("parseMessage() takes any text, and what it gives is a message", () => {
  fc.assert(fc.property(
    fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((more) => JSON.stringify({ ...GOOD, more })),
    ),
    (text) => {
      const parsed = parseMessage(text, "cage");
      if ("message" in parsed) {
        assert.deepEqual(Object.keys(parsed.message).sort(), Object.keys(GOOD).sort());
        assert.equal(findProblem(parsed.message.type, parsed.message.payload), undefined);
      }
    },
  ));
});

Deno.test("100,000 ids made in a moment are all different", () => {
  const ids = new Set<string>();
  for (let n = 0; n < 100_000; n++) ids.add(makeMessage("ack", {}).id);
  assert.equal(ids.size, 100_000);
});

Deno.test("summarize() begins with what a message is about", () => {
  assert.equal(
    summarize({ type: "task_complete", payload: { exit_code: 1, summary: "no" } }),
    "no  exit_code=1",
  );
  assert.equal(
    summarize({ type: "info_request", payload: WHOLE.info_request }),
    'which  request_id=r1  paths=["a","b"]',
  );
  assert.equal(summarize({ type: "ack", payload: {} }), "");
});
