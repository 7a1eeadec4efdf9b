import type { CaseResult } from "../case.ts";

/**
 * A run as JUnit XML: a test suite for each suite, a test case for each case. Pure.
 *
 * @see {@link https://github.com/testmoapp/junitxml}
 */
export function formatJunit(results: readonly CaseResult[]): string {
  const suites = Map.groupBy(results, ({ case: { suite } }) => suite);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="sandcage verify" ${countAttributes(results)}>`,
    ...[...suites].flatMap(([name, list]) => [
      `  <testsuite name="${escapeXml(name)}" ${countAttributes(list)}>`,
      ...list.flatMap(formatCase),
      "  </testsuite>",
    ]),
    "</testsuites>",
  ].join("\n");
}

function countAttributes(results: readonly CaseResult[]): string {
  const count = (verdict: CaseResult["verdict"]) =>
    results.filter((result) => result.verdict === verdict).length;
  const seconds = results.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1_000;
  return `tests="${results.length}" failures="${count("fail")}" errors="${
    count("inconclusive")
  }" skipped="${count("not-applicable")}" time="${seconds.toFixed(3)}"`;
}

function formatCase({ case: each, verdict, seen, evidence, durationMs }: CaseResult): string[] {
  const name = escapeXml(`${each.id} ${each.title}`);
  const open = `    <testcase classname="${each.suite}" name="${name}" time="${
    (durationMs / 1_000).toFixed(3)
  }"`;
  if (verdict === "pass") return [`${open}/>`];
  const tag = { fail: "failure", inconclusive: "error", "not-applicable": "skipped" }[verdict];
  const text = escapeXml(evidence.join("\n"));
  return [
    `${open}>`,
    `      <${tag} message="${escapeXml(seen)}"${text === "" ? "/>" : `>${text}</${tag}>`}`,
    "    </testcase>",
  ];
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** XML 1.0 has no way to write most control characters: they become U+FFFD. */
function escapeXml(text: string): string {
  return text
    // deno-lint-ignore no-control-regex
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}
