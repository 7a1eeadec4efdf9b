import type { CaseResult, Verdict } from "../case.ts";
import type { Proved } from "./subject.ts";

const LEVELS: Readonly<Record<Verdict, { kind: string; level: string }>> = {
  pass: { kind: "pass", level: "none" },
  fail: { kind: "fail", level: "error" },
  inconclusive: { kind: "open", level: "none" },
  "not-applicable": { kind: "notApplicable", level: "none" },
};

/**
 * A run as SARIF 2.1.0, for code scanning pages. Pure.
 *
 * @see {@link https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html}
 */
export function formatSarif(results: readonly CaseResult[], subject: Proved): string {
  return JSON.stringify(
    {
      $schema: "https://json.schemastore.org/sarif-2.1.0.json",
      version: "2.1.0",
      runs: [{
        tool: {
          driver: {
            name: "sandcage verify",
            version: subject.version,
            rules: results.map(({ case: each }) => ({
              id: each.id,
              shortDescription: { text: each.title },
              fullDescription: { text: each.threat },
              help: { text: each.expectation },
              properties: {
                tags: ["security", each.suite],
                source: each.source,
                brokenBy: each.brokenBy,
              },
            })),
          },
        },
        properties: subject,
        results: results.map((result, index) => ({
          ruleId: result.case.id,
          ruleIndex: index,
          ...LEVELS[result.verdict],
          message: { text: [result.seen, ...result.evidence].join("\n") },
          // A result without a place is not shown; the cage is what the finding is about.
          locations: [{
            logicalLocations: [{ name: subject.cage, kind: "resource" }],
          }],
        })),
      }],
    },
    null,
    2,
  );
}
