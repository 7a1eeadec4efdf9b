import assert from "node:assert/strict";
import fc from "fast-check";
import { parseFacts } from "../../../../src/verify/container/facts.ts";
import { VIEWS } from "./facts.ts";

Deno.test("what was printed is read", () => {
  assert.deepEqual(parseFacts(JSON.stringify(VIEWS.agent)), VIEWS.agent);
});

Deno.test("whatever else is printed is refused with a word, never taken for proof", () => {
  const facts: Record<string, unknown> = { ...VIEWS.agent };
  for (const name of Object.keys(facts)) {
    const { [name]: _, ...rest } = facts;
    assert.throws(() => parseFacts(JSON.stringify(rest)), /left something out/, name);
    assert.throws(
      () => parseFacts(JSON.stringify({ ...facts, [name]: name === "processes" ? "3" : 3 })),
      /./,
      name,
    );
  }
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    assert.throws(() => parseFacts(text), /looked around inside/);
  }));
});
