import assert from "node:assert/strict";
import {
  formatSlowest,
  formatTally,
  isGreen,
  tallyJunit,
} from "../../../../tools/testing/junit.ts";

const REPORT = `<?xml version="1.0"?><testsuites><testsuite name="x">
<testcase name="a &lt;ok&gt;" classname="x" time="0.1">
</testcase>
<testcase name="a &lt;ok&gt; &gt; step" classname="x"></testcase>
<testcase name="3 &gt; 2" classname="x"></testcase>
<testcase name="b fails" classname="x"><failure message="no">no</failure></testcase>
<testcase name="c ignored" classname="x"><skipped/></testcase>
</testsuite></testsuites>`;

Deno.test("tallyJunit() counts tests and not their steps, and a skipped test as failed", () => {
  assert.deepEqual(tallyJunit(REPORT, { code: 1, filtered: false }), {
    passed: 2,
    failed: 2,
    failures: ["b fails", "c ignored (skipped)"],
  });
});

Deno.test("tallyJunit() passes over what a filter left out", () => {
  const tally = tallyJunit(REPORT, { code: 1, filtered: true });
  assert.equal(formatTally(tally), "2 passed, 1 failed");
});

Deno.test("tallyJunit() counts a runner that failed without a failing test", () => {
  assert.deepEqual(tallyJunit("", { code: 1, filtered: false }).failures, [
    "the test runner ended with 1",
  ]);
});

Deno.test("isGreen() wants at least one test", () => {
  assert.equal(isGreen({ passed: 0, failed: 0, failures: [] }), false);
  assert.equal(isGreen({ passed: 1, failed: 0, failures: [] }), true);
  assert.equal(isGreen({ passed: 1, failed: 1, failures: ["x"] }), false);
});

Deno.test("formatSlowest() names the slowest files with their seconds, steps counted once", () => {
  const file = (name: string, cases: string) =>
    `<testsuite name="./tests/e2e/${name}_test.ts" tests="1">${cases}</testsuite>`;
  const timed = (name: string, time: string) =>
    `<testcase name="${name}" classname="x" time="${time}"></testcase>`;
  const xml = [
    file("quick", timed("a", "0.2")),
    file("slow", timed("a", "3.4") + timed("a &gt; step", "3.1") + timed("b", "2.0")),
    file("middle", timed("c", "2.0")),
  ].join("");
  assert.equal(formatSlowest(xml, 2), "slow 5 s, middle 2 s");
  assert.equal(formatSlowest(REPORT, 2), "");
});
