import assert from "node:assert/strict";
import fc from "fast-check";
import { formatVerifyJson } from "../../../../src/verify/report/json.ts";
import { formatJunit } from "../../../../src/verify/report/junit.ts";
import { formatCaseJson, formatCaseLines } from "../../../../src/verify/report/list.ts";
import { formatMarkdown } from "../../../../src/verify/report/markdown.ts";
import { formatSarif } from "../../../../src/verify/report/sarif.ts";
import type { Proved } from "../../../../src/verify/report/subject.ts";
import { formatResult, formatTotal } from "../../../../src/verify/report/text.ts";
import { makeCase, makeResult } from "../support.ts";

const RESULTS = [
  makeResult("C01", "pass"),
  makeResult("C02", "fail", { seen: '<1> & "2"', evidence: ["a door is open", "and another"] }),
  makeResult("C03", "inconclusive"),
  makeResult("N02", "not-applicable", {
    case: makeCase("N02", { suite: "network", threat: "a | b" }),
    seen: "no IPv6 here",
  }),
];
const SUBJECT: Proved = {
  version: "1.2.3",
  cage: "api",
  service: "shell",
  engine: {
    title: "the default engine",
    flavor: "docker",
    version: "20.10.24",
    kernel: "6.1",
    cgroups: "v1",
  },
};

Deno.test("people get a line a case, and why where it did not pass", () => {
  assert.equal(
    RESULTS.map((result) => formatResult(result, { color: false })).join("\n"),
    [
      "[PASS] C01 way C01 (0 seen)",
      '[FAIL] C02 way C02 (<1> & "2")',
      "         a door is open",
      "         and another",
      "[????] C03 way C03 (0 seen)",
      "[n/a ] N02 way N02 (no IPv6 here)",
    ].join("\n"),
  );
  const colored = formatResult(RESULTS[0]!, { color: true });
  assert.ok(colored.startsWith("[\x1b[32mPASS\x1b[0m] "), colored);
  assert.equal(
    formatTotal(RESULTS, { wallMs: 2_340 }),
    "1 held, 1 did not, 1 not proved, 1 do not apply here (2.3 s)",
  );
});

Deno.test("what strangers said does not act on a terminal", () => {
  const given = { seen: "\x9b2J", evidence: ["bytes: \u202e\x1b[0m"] };
  assert.equal(
    formatResult(makeResult("N12", "fail", given), { color: false }),
    "[FAIL] N12 way N12 (<U+009B>2J)\n         bytes: <U+202E>^[[0m",
  );
});

Deno.test("JSON tells everything of a case, and whether all is proved", () => {
  const told = JSON.parse(formatVerifyJson(RESULTS, SUBJECT));
  assert.equal(told.proved, false);
  assert.equal(told.engine.version, "20.10.24");
  assert.deepEqual(Object.keys(told.cases[1]), [
    ...["id", "suite", "title", "threat", "expectation", "source", "brokenBy"],
    ...["verdict", "seen", "evidence", "durationMs"],
  ]);
});

Deno.test("JUnit counts what failed, what could not be told and what was left out", () => {
  const xml = formatJunit(RESULTS);
  assert.match(
    xml,
    /<testsuites name="sandcage verify" tests="4" failures="1" errors="1" skipped="1"/,
  );
  assert.match(
    xml,
    /<failure message="&lt;1&gt; &amp; &quot;2&quot;">a door is open\nand another</,
  );
  assert.match(xml, /<testcase classname="container" name="C01 way C01" time="1.500"\/>/);
});

Deno.test("JUnit stays XML whatever was seen inside", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 40 }), (seen) => {
    const xml = formatJunit([makeResult("C01", "fail", { seen, evidence: [seen] })]);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(xml, /[\x00-\x08\x0b\x0c\x0e-\x1f]/);
    assert.equal(xml.match(/<(?!\/?(testsuites?|testcase|failure)\b|\?xml)/g), null);
    assert.equal(xml.match(/&(?!(amp|lt|gt|quot);)/g), null);
  }));
});

Deno.test("SARIF has a rule and a result for each case, failures as errors", () => {
  const [run] = JSON.parse(formatSarif(RESULTS, SUBJECT)).runs;
  assert.deepEqual(
    run.results.map((result: { ruleId: string; kind: string; level: string }) =>
      `${result.ruleId} ${result.kind} ${result.level}`
    ),
    ["C01 pass none", "C02 fail error", "C03 open none", "N02 notApplicable none"],
  );
  assert.equal(run.tool.driver.rules.length, RESULTS.length);
});

Deno.test("a page has a table for each suite, and nothing that differs from run to run", () => {
  const page = formatMarkdown(RESULTS);
  assert.match(
    page,
    /^## Network\n\n\| case .*\n.*\n\| N02 \| a \\\| b \| nobody does \| a hole \| does not apply \|/,
  );
  assert.match(page, /\| C02 \| .* \| \*\*not held\*\* \|/);
  const later = RESULTS.map((result) => ({ ...result, durationMs: 9, seen: "1", evidence: [] }));
  assert.equal(formatMarkdown(later), page);
});

Deno.test("a list says what would be tried, and JSON all that is known of it", () => {
  const cases = [makeCase("C01"), makeCase("N02", { suite: "network" })];
  assert.equal(formatCaseLines(cases), "C01  container  way C01\nN02  network    way N02");
  assert.deepEqual(JSON.parse(formatCaseJson(cases)).cases[1], cases[1]);
});
