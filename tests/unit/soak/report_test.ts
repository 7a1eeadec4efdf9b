import assert from "node:assert/strict";
import { formatJsonReport, formatReport, type SoakReport, summarize } from "../../soak/report.ts";

const MIB = 2 ** 20;

const REPORT: SoakReport = {
  seed: 7,
  minutes: 60.04,
  interrupted: false,
  played: [
    { name: "kill", ms: 1_000 },
    { name: "copy", ms: 12_000 },
    { name: "kill", ms: 3_000 },
  ],
  growth: [
    {
      name: "gateway",
      samples: 700,
      memory: { first: 40 * MIB, last: 41.5 * MIB },
      files: { first: 20, last: 21 },
      course: [39.4 * MIB, 41.5 * MIB],
      judged: true,
    },
    {
      name: "relay",
      samples: 9,
      memory: { first: NaN, last: NaN },
      files: { first: NaN, last: NaN },
      course: [],
      judged: false,
    },
  ],
  failures: [{ kind: "leak", where: "kill 1", what: "container x" }],
  made: { containers: 51, networks: 9, images: ["a:1"] },
};

Deno.test("summarize() has counts and times of each, the 95th the last of a few", () => {
  assert.deepEqual(summarize(REPORT.played), [
    { name: "kill", count: 2, p50: 2_000, p95: 3_000, longest: 3_000 },
    { name: "copy", count: 1, p50: 12_000, p95: 12_000, longest: 12_000 },
  ]);
  const hundred = Array.from({ length: 100 }, (_, at) => ({ name: "a", ms: at + 1 }));
  assert.equal(summarize(hundred)[0]!.p95, 95);
  assert.deepEqual(summarize([]), []);
});

Deno.test("formatReport() says plays, residents, what was made and what failed", () => {
  assert.equal(
    formatReport(REPORT),
    `Seed 7, 60.0 minutes

activity  plays  p50     p95     longest
kill      2      2.0 s   3.0 s   3.0 s
copy      1      12.0 s  12.0 s  12.0 s

resident  samples  memory               files                      MiB in tenths of the time
gateway   700      40.0 MiB → 41.5 MiB  20 → 21  held              39 42
relay     9                                      too short to say

51 containers and 9 networks were made, of 1 images

leak kill 1: container x

3 plays, 1 failures`,
  );
});

Deno.test("formatReport() says that it was interrupted, and what grew", () => {
  const [gateway] = REPORT.growth;
  const growth = [{ ...gateway!, problem: "memory grew" }];
  const text = formatReport({ ...REPORT, interrupted: true, growth, failures: [] });
  assert.match(text, /^Seed 7, 60\.0 minutes \(interrupted\)$/m);
  assert.match(text, /^gateway .* grew +39 42$/m);
  assert.match(text, /3 plays, 0 failures$/);
});

Deno.test("formatJsonReport() has times in place of plays", () => {
  const { activities, played, failures } = JSON.parse(formatJsonReport(REPORT));
  assert.deepEqual([activities[1].name, played, failures.length], ["copy", undefined, 1]);
});
