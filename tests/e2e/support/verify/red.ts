import assert from "node:assert/strict";
import type { CaseResult, Verdict } from "../../../../src/verify/case.ts";

/** How a case ended, as `verify --json` tells it. */
export type Told = { id: string } & Pick<CaseResult, "verdict" | "seen" | "evidence">;

/** The same of what a run in this process gives. */
export function toTold(results: readonly CaseResult[]): Told[] {
  return results.map(({ case: { id }, verdict, seen, evidence }) => ({
    id,
    verdict,
    seen,
    evidence,
  }));
}

/**
 * Asserts that exactly some cases failed, and that all others passed: one that nobody could tell of
 * is neither.
 */
export function assertRed(results: readonly Told[], red: readonly string[]): void {
  const wanted = results.map(({ id }): [string, Verdict] => [
    id,
    red.includes(id) ? "fail" : "pass",
  ]);
  const told = results.filter(({ verdict }) => verdict !== "pass")
    .map(({ id, verdict, seen, evidence }) => [id, verdict, seen, ...evidence].join("; "));
  assert.deepEqual(results.map(({ id, verdict }) => [id, verdict]), wanted, told.join("\n"));
  assert.deepEqual(red.filter((id) => !results.some((each) => each.id === id)), []);
}
