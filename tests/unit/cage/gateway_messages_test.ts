import assert from "node:assert/strict";
import fc from "fast-check";
import { parseGatewayMessage } from "../../../src/cage/gateway_messages.ts";

const ROWS: { name: string; line: unknown; message: unknown }[] = [
  { name: "ready", line: { type: "ready", version: 1 }, message: { type: "ready", version: 1 } },
  {
    name: "ready with an authority",
    line: { type: "ready", version: 1, ca: { certificate: "C", key: "K", extra: 1 } },
    message: { type: "ready", version: 1, ca: { certificate: "C", key: "K" } },
  },
  {
    name: "a version that is no number",
    line: { type: "ready", version: "1" },
    message: undefined,
  },
  {
    name: "rejected",
    line: { type: "rejected", version: 2, problems: ["a", 7] },
    message: { type: "rejected", version: 2, problems: ["a", "7"] },
  },
  {
    name: "events, without those that are none",
    line: {
      type: "audit",
      sequence: 3,
      events: [
        { time: "t", kind: "dns", decision: "deny", reason: "no-rule", host: "x.test", port: -1 },
        { kind: "dns", decision: "perhaps", reason: "no-rule" },
        { kind: "dns", decision: "deny", reason: "because" },
        null,
      ],
    },
    message: {
      type: "audit",
      sequence: 3,
      events: [{ time: "t", kind: "dns", decision: "deny", reason: "no-rule", host: "x.test" }],
    },
  },
  { name: "an unknown type", line: { type: "exec", command: "rm" }, message: undefined },
  { name: "a list", line: [], message: undefined },
];
for (const { name, line, message } of ROWS) {
  Deno.test(`parseGatewayMessage(): ${name}`, () => {
    assert.deepEqual(parseGatewayMessage(JSON.stringify(line)), message);
  });
}

Deno.test("texts of an event are cut", () => {
  const long = "x".repeat(10_000);
  const event = { time: "t", kind: "request", decision: "deny", reason: "path", path: long };
  const message = parseGatewayMessage(
    JSON.stringify({ type: "audit", sequence: 1, events: [event] }),
  );
  assert.ok(message?.type === "audit");
  assert.equal(message.events[0]!.path!.length, 512);
});

Deno.test("parseGatewayMessage() takes any line without throwing", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
    parseGatewayMessage(line);
  }));
});
