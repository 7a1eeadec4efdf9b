import assert from "node:assert/strict";
import { planPhantomUser } from "../../../src/cage/phantom.ts";

const ROWS: [string, Parameters<typeof planPhantomUser>[0], number][] = [
  ["nobody has the first", { taken: [0, 1000], ranges: [] }, 64_000],
  ["somebody has the first", { taken: [64_000, 64_001], ranges: [] }, 64_002],
  [
    "a subordinate range covers the first hundred",
    { taken: [], ranges: [{ start: 64_000, count: 100 }] },
    64_100,
  ],
  [
    "ranges that end before it do not count",
    { taken: [], ranges: [{ start: 100_000, count: 65_536 }, { start: 60_000, count: 4_000 }] },
    64_000,
  ],
  ["all are taken", { taken: [], ranges: [{ start: 1, count: 200_000 }] }, 64_999],
];

for (const [name, facts, id] of ROWS) {
  Deno.test(`planPhantomUser(): ${name}`, () => {
    assert.deepEqual(planPhantomUser(facts), { uid: id, gid: id });
  });
}
