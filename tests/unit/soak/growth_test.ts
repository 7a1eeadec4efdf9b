import assert from "node:assert/strict";
import { judgeGrowth, type Sample } from "../../soak/growth.ts";

const MIB = 2 ** 20;
/** An hour, one sample every five seconds. */
const COUNT = 720;

function series(at: (n: number) => Partial<Sample>): Sample[] {
  return Array.from({ length: COUNT }, (_, n) => ({
    atMs: n * 5_000,
    memory: 60 * MIB,
    files: 20,
    ...at(n),
  }));
}

for (
  const [what, at] of [
    ["one that stands still", () => ({})],
    ["a heap that fills while it warms up", (n: number) => ({
      memory: (n < 90 ? 30 + n : 120) * MIB,
    })],
    ["the teeth of a collector", (n: number) => ({ memory: (60 + (n % 40)) * MIB })],
    ["a burst at the end", (n: number) => ({ memory: (n > 660 ? 400 : 60) * MIB })],
    ["a connection now and then", (n: number) => ({ files: 20 + (n % 3 === 0 ? 6 : 0) })],
    ["ten MiB more", (n: number) => ({ memory: (60 + n / COUNT * 10) * MIB })],
    ["a share of a large one", (n: number) => ({ memory: (400 + n / COUNT * 40) * MIB })],
    ["one that shrinks", (n: number) => ({ memory: (200 - n / 6) * MIB, files: 800 - n })],
  ] as const
) {
  Deno.test(`judgeGrowth() lets pass ${what}`, () => {
    const growth = judgeGrowth("x", series(at));
    assert.deepEqual([growth.judged, growth.problem], [true, undefined]);
  });
}

for (
  const [what, at, problem] of [
    [
      "40 MiB in an hour",
      (n: number) => ({ memory: (60 + n / COUNT * 40) * MIB }),
      /memory grew from [\d.]+ MiB to [\d.]+ MiB, more than 12\.0 MiB/,
    ],
    [
      "40 MiB in an hour below the teeth of a collector",
      (n: number) => ({ memory: (60 + n / COUNT * 40 + (n % 40)) * MIB }),
      /memory grew/,
    ],
    [
      "a step of 20 MiB",
      (n: number) => ({ memory: (n > 400 ? 80 : 60) * MIB }),
      /memory grew from 60\.0 MiB to 80\.0 MiB/,
    ],
    [
      "a descriptor in ten minutes",
      (n: number) => ({ files: 20 + Math.floor(n / 120) }),
      /open files grew from 21 to 25, more than 2/,
    ],
  ] as const
) {
  Deno.test(`judgeGrowth() refuses ${what}`, () => {
    assert.match(judgeGrowth("x", series(at)).problem ?? "", problem);
  });
}

Deno.test("judgeGrowth() tells the course in ten parts", () => {
  const { course } = judgeGrowth("x", series((n) => ({ memory: Math.floor(n / 72.1) })));
  assert.deepEqual(course, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

Deno.test("judgeGrowth() says nothing of a process it hardly saw", () => {
  for (const count of [0, 1, 60]) {
    const growth = judgeGrowth("x", series((n) => ({ memory: n * 1_000 * MIB })).slice(0, count));
    assert.deepEqual([growth.judged, growth.problem, growth.samples], [false, undefined, count]);
  }
});
