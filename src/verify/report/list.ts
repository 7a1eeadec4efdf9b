import type { Case } from "../case.ts";

/** Cases as a list for people: a line each. Pure. */
export function formatCaseLines(cases: readonly Case[]): string {
  const width = Math.max(...cases.map(({ suite }) => suite.length));
  return cases.map(({ id, suite, title }) => `${id}  ${suite.padEnd(width)}  ${title}`).join("\n");
}

/** Everything that is known of cases before they run, for programs. Pure. */
export function formatCaseJson(cases: readonly Case[]): string {
  return JSON.stringify({ schema: 1, cases: cases.map((each) => ({ ...each })) }, null, 2);
}
