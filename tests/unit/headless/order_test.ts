import assert from "node:assert/strict";
import { parseOrder, parseWord } from "../../../src/headless/order.ts";

Deno.test("an order that was not given to its end is none: the launch was killed", () => {
  const order = JSON.stringify({ runId: "a", cageId: "b" });
  for (const text of ["", order, order.slice(0, 5)]) assert.equal(parseOrder(text), undefined);
  assert.deepEqual(parseOrder(`${order}\n`), { runId: "a", cageId: "b" });
});

Deno.test("what a holder says besides its words is said to people", () => {
  assert.deepEqual(parseWord('{"ready":{"container":"c"}}'), { ready: { container: "c" } });
  assert.deepEqual(parseWord("panic: out of memory"), { said: "panic: out of memory" });
});
