import assert from "node:assert/strict";
import fc from "fast-check";
import { compileRate } from "../../../../src/gateway/content/rate.ts";

Deno.test("without a rate every request passes", () => {
  const take = compileRate(null);
  assert(Array.from({ length: 1000 }, () => take("a.test", 0)).every(Boolean));
});

Deno.test("a burst passes, then as many as come in a second", () => {
  const take = compileRate({ perSecond: 2, burst: 3 });
  const at = (nowMs: number) => take("a.test", nowMs);
  assert.deepEqual([at(0), at(0), at(0), at(0)], [true, true, true, false]);
  assert.deepEqual([at(499), at(500), at(501)], [false, true, false]);
  // Never more than the burst, however long it was quiet.
  assert.deepEqual([at(60_000), at(60_000), at(60_000), at(60_000)], [true, true, true, false]);
});

Deno.test("each host has its own bucket", () => {
  const take = compileRate({ perSecond: 1, burst: 1 });
  assert.deepEqual([take("a", 0), take("b", 0), take("a", 0), take("b", 0)], [
    true,
    true,
    false,
    false,
  ]);
});

Deno.test("a clock that is set back gives nothing and takes nothing", () => {
  const take = compileRate({ perSecond: 1, burst: 1 });
  assert.deepEqual([take("a", 10_000), take("a", 0), take("a", 1000)], [true, false, true]);
});

Deno.test("a host that is asked does not lose its bucket to many others", () => {
  const take = compileRate({ perSecond: 0.001, burst: 1 });
  assert.equal(take("a", 0), true);
  for (let index = 0; index < 20_000; index++) {
    take(`host-${index}`, 0);
    if (index % 1000 === 0) assert.equal(take("a", 0), false);
  }
});

Deno.test("what is remembered is bounded: a host not asked for long starts anew", () => {
  const take = compileRate({ perSecond: 0.001, burst: 1 });
  assert.deepEqual([take("a", 0), take("a", 0)], [true, false]);
  for (let index = 0; index < 5000; index++) take(`host-${index}`, 0);
  assert.equal(take("a", 0), true);
});

Deno.test("in any time no more pass than the burst and what came in", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 50 }),
    fc.array(fc.nat(500), { maxLength: 200 }),
    (perSecond, burst, waitsMs) => {
      const take = compileRate({ perSecond, burst });
      let [nowMs, passed] = [0, 0];
      for (const waitMs of waitsMs) {
        nowMs += waitMs;
        if (take("a", nowMs)) passed += 1;
      }
      assert(passed <= burst + nowMs / 1000 * perSecond + 1e-6);
    },
  ));
});
