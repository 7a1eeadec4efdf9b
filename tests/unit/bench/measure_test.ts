import assert from "node:assert/strict";
import { judge, measure, median } from "../../bench/measure.ts";

for (const [values, want] of [[[3, 1, 2], 2], [[4, 1, 3, 2], 2.5], [[7], 7]] as const) {
  Deno.test(`median() of ${values} is ${want}`, () => assert.equal(median(values), want));
}

Deno.test("measure() interleaves the subjects and drops the first round", async () => {
  const order: string[] = [];
  const subject = (name: string) => ({ name, run: () => Promise.resolve(void order.push(name)) });
  const timings = await measure([subject("a"), subject("b")], 2);
  assert.deepEqual(order, ["a", "b", "a", "b", "a", "b"]);
  assert.deepEqual(timings.map((timing) => timing.samplesMs.length), [2, 2]);
});

Deno.test("judge() compares medians with a ratio and with a time", () => {
  const timings = [{ name: "a", samplesMs: [300, 900, 310] }, { name: "b", samplesMs: [100] }];
  assert.deepEqual(
    judge(timings, [
      { subject: "a", limit: { times: "b", of: 3 } },
      { subject: "a", limit: { ms: 310 } },
    ]),
    [
      { target: "a ≤ 3 × b", measured: "3.10 ×", held: false },
      { target: "a ≤ 310 ms", measured: "310 ms", held: true },
    ],
  );
});
