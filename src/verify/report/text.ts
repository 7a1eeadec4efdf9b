import { visibleText } from "../../transfer/visible.ts";
import type { CaseResult, Verdict } from "../case.ts";

/** How verdicts are spelt for people. */
const TAGS: Readonly<Record<Verdict, string>> = {
  pass: "PASS",
  fail: "FAIL",
  inconclusive: "????",
  "not-applicable": "n/a ",
};

const COLORS: Readonly<Record<Verdict, number>> = {
  pass: 32,
  fail: 31,
  inconclusive: 33,
  "not-applicable": 2,
};

/**
 * One line for people, `[PASS] N05 … (0 queries seen)`, with what led to any other verdict. What
 * strangers said is among it: nothing in it acts on a terminal. Pure.
 */
export function formatResult(result: CaseResult, options: { color: boolean }): string {
  const { verdict, seen, evidence } = result;
  const tag = options.color ? `\x1b[${COLORS[verdict]}m${TAGS[verdict]}\x1b[0m` : TAGS[verdict];
  const line = `[${tag}] ${result.case.id} ${result.case.title} (${visibleText(seen)})`;
  return [line, ...evidence.map((text) => `         ${visibleText(text)}`)].join("\n");
}

/** The last word for people. Pure. */
export function formatTotal(results: readonly CaseResult[], options: { wallMs: number }): string {
  const count = (verdict: Verdict) => results.filter((each) => each.verdict === verdict).length;
  const parts = [`${count("pass")} held`];
  if (count("fail") > 0) parts.push(`${count("fail")} did not`);
  if (count("inconclusive") > 0) parts.push(`${count("inconclusive")} not proved`);
  if (count("not-applicable") > 0) parts.push(`${count("not-applicable")} do not apply here`);
  return `${parts.join(", ")} (${(options.wallMs / 1_000).toFixed(1)} s)`;
}
