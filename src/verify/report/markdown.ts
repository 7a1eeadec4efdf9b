import type { CaseResult, Verdict } from "../case.ts";
import { type SuiteName, SUITES } from "../case.ts";

const WORDS: Readonly<Record<Verdict, string>> = {
  pass: "held",
  fail: "**not held**",
  inconclusive: "**not proved**",
  "not-applicable": "does not apply",
};

const TITLES: Readonly<Record<SuiteName, string>> = {
  network: "Network",
  secrets: "Secrets",
  container: "Container",
  workspace: "Workspace",
  promotion: "Promotion",
  acp: "Editors (ACP)",
  config: "Configuration",
};

/**
 * A run as tables for a page, a suite each. Nothing in it differs from run to run while the walls
 * stay as they are: no times, no names of this machine. Pure.
 */
export function formatMarkdown(results: readonly CaseResult[]): string {
  return SUITES.flatMap((suite) => {
    const list = results.filter((result) => result.case.suite === suite);
    if (list.length === 0) return [];
    return [[
      `## ${TITLES[suite]}`,
      "",
      "| case | threat | must be seen | turns red when | verdict | from |",
      "| ---- | ------ | ------------ | -------------- | ------- | ---- |",
      ...list.map(({ case: each, verdict }) =>
        `| ${
          [each.id, each.threat, each.expectation, each.brokenBy, WORDS[verdict], each.source]
            .map(escapeCell).join(" | ")
        } |`
      ),
    ].join("\n")];
  }).join("\n\n");
}

function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
