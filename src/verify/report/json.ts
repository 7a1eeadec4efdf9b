import { type CaseResult, isProved } from "../case.ts";
import type { Proved } from "./subject.ts";

/** A run for programs: what was proved, of which cage on which engine. Pure. */
export function formatVerifyJson(results: readonly CaseResult[], subject: Proved): string {
  return JSON.stringify(
    {
      schema: 1,
      proved: isProved(results),
      ...subject,
      cases: results.map(({ case: each, verdict, seen, evidence, durationMs }) => ({
        id: each.id,
        suite: each.suite,
        title: each.title,
        threat: each.threat,
        expectation: each.expectation,
        source: each.source,
        brokenBy: each.brokenBy,
        verdict,
        seen,
        evidence,
        durationMs: Math.round(durationMs),
      })),
    },
    null,
    2,
  );
}
