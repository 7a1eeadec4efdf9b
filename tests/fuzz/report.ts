import type { LiveOutcome } from "./live/campaign.ts";
import type { Finding } from "./target.ts";

/** Findings of one kind that are shown; the rest is counted. */
const MOST_SHOWN = 10;

/** Findings, each with what it takes to see it again. Pure. */
export function formatFindings(findings: readonly Finding[]): string {
  const shown = findings.slice(0, MOST_SHOWN).map(({ target, index, problem }) =>
    `  ${target}${index < 0 ? "" : ` ${index}`}: ${problem.slice(0, 2000)}`
  );
  const more = findings.length - shown.length;
  return [...shown, ...(more > 0 ? [`  and ${more} more`] : [])].join("\n");
}

/** What a live campaign did, decided and held. Pure. */
export function formatLive(outcome: LiveOutcome): string {
  const total = [...outcome.cases.values()].reduce((sum, cases) => sum + cases, 0);
  const { requests, secrets, frames, queries } = outcome.arrivals;
  const decisions = [...outcome.decisions].toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`);
  const resources = outcome.resources
    .map(({ files, bytes }) => `${files} files ${(bytes / 1e6).toFixed(0)} MB`);
  return [
    ...[...outcome.cases].map(([name, cases]) => `${name}: ${cases} cases`),
    `live in all: ${total} cases, ${outcome.findings.length} found`,
    `arrived: ${requests} requests, ${frames} frames, ${secrets} with the secret where it belongs, ` +
    `${queries} DNS queries`,
    `decided: ${decisions.join(", ")}`,
    `held at rest: ${resources.join(", ")}`,
    ...(outcome.findings.length === 0 ? [] : [formatFindings(outcome.findings)]),
  ].join("\n");
}
