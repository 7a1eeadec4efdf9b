import assert from "node:assert/strict";
import { formatFigures, judgePromises, note, type Series } from "../../../bench/gateway/figures.ts";

function makeSeries(): Series {
  const series: Series = new Map();
  note(series, { fast: 100, slow: 10, "ready ms": 650 });
  note(series, { fast: 60, slow: 20, "ready ms": 710 });
  note(series, { fast: 90, slow: 30, "ready ms": 690 });
  return series;
}

Deno.test("judgePromises() compares what was taken in one round, then takes the median", () => {
  const held = judgePromises(makeSeries(), [
    { title: "ratio", figure: "fast", of: "slow", atLeast: 3 },
    { title: "too much", figure: "fast", of: "slow", atLeast: 3.1 },
    { title: "added", figure: "fast", minus: "slow", atMost: 60, unit: "ms" },
    { title: "alone", figure: "ready ms", atMost: 689, unit: "ms" },
    { title: "speed", figure: "fast", above: 90, unit: "MB/s" },
  ]);
  assert.deepEqual(held, [
    { title: "ratio", wanted: "≥ 3 ×", measured: "3.00 ×", held: true },
    { title: "too much", wanted: "≥ 3.1 ×", measured: "3.00 ×", held: false },
    { title: "added", wanted: "≤ 60 ms", measured: "60.0 ms", held: true },
    { title: "alone", wanted: "≤ 689 ms", measured: "690 ms", held: false },
    { title: "speed", wanted: "≥ 90 MB/s", measured: "90.0 MB/s", held: true },
  ]);
});

Deno.test("judgePromises() does not take a figure that is missing for a promise that held", () => {
  assert.throws(
    () => judgePromises(makeSeries(), [{ title: "x", figure: "y", atMost: 1, unit: "ms" }]),
    /Nothing was measured as y/,
  );
});

Deno.test("formatFigures() shows every figure with its spread, then every promise", () => {
  const series = makeSeries();
  const held = judgePromises(series, [{ title: "r", figure: "fast", of: "slow", atLeast: 4 }]);
  assert.equal(
    formatFigures(series, held),
    [
      "figure    median  range",
      "fast      90.0    60.0–100",
      "slow      20.0    10.0–30.0",
      "ready ms  690     650–710",
      "",
      "promise  wanted  measured",
      "r        ≥ 4 ×   3.00 ×    missed",
    ].join("\n"),
  );
});
