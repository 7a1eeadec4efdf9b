import type { Case, CaseResult, Verdict } from "../../../src/verify/case.ts";

/** A case of the container suite that says nothing. */
export function makeCase(id: string, change: Partial<Case> = {}): Case {
  return {
    id,
    suite: "container",
    title: `way ${id}`,
    threat: "somebody gets out",
    expectation: "nobody does",
    source: "here",
    brokenBy: "a hole",
    quick: false,
    ...change,
  };
}

/** A result of a case. */
export function makeResult(
  id: string,
  verdict: Verdict,
  options: Partial<CaseResult> = {},
): CaseResult {
  return {
    case: makeCase(id),
    verdict,
    seen: "0 seen",
    evidence: [],
    durationMs: 1_500,
    ...options,
  };
}
