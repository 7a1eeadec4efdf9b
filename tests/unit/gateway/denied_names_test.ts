import assert from "node:assert/strict";
import { createDeniedNames } from "../../../src/gateway/denied_names.ts";

Deno.test("a denied name is news once a minute", () => {
  let now = 0;
  const names = createDeniedNames(() => now);
  assert.deepEqual([names.isNews("a"), names.isNews("a"), names.isNews("b")], [true, false, true]);
  now = 59_999;
  assert.equal(names.isNews("a"), false);
  now = 60_000;
  assert.equal(names.isNews("a"), true);
});

Deno.test("invented names stop being news", () => {
  const names = createDeniedNames(() => 0);
  let news = 0;
  for (let index = 0; index < 10_000; index++) if (names.isNews(`n${index}`)) news += 1;
  assert.equal(news, 256);
});
