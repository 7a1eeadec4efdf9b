import { textOf } from "./bytes.ts";
import type { Outcome } from "./campaign.ts";
import type { LiveOutcome } from "./live/campaign.ts";
import { countRefused, findOneSided } from "./tally.ts";
import type { Finding, Target } from "./target.ts";

/** Findings of one kind that are shown; the rest is counted. */
const MOST_SHOWN = 10;
/** As much of an input as is shown, in characters. */
const MOST_INPUT = 2000;
/** Fewer cases say nothing about how many are refused. */
const FEW_CASES = 1000;

/** What became of the cases of one target, on one line. Pure. */
export function formatOutcome(
  target: Target,
  outcome: Outcome,
  { seconds }: { seconds: number },
): string {
  const { cases, tally, findings } = outcome;
  return `${target.name}: ${cases} cases, ${tally.accepted} accepted, ${countRefused(tally)} ` +
    `refused for ${Object.keys(tally.refused).length} reasons, ${findings.length} found, ` +
    `${seconds.toFixed(1)} s`;
}

/** What is wrong with a campaign as a whole: cases that all meet the same end prove nothing. Pure. */
export function judgeOutcome(target: Target, outcome: Outcome): Finding[] {
  const oneSided = target.takesAll === true || outcome.cases < FEW_CASES
    ? undefined
    : findOneSided(outcome.tally);
  return oneSided === undefined ? [] : [{ target: target.name, index: -1, problem: oneSided }];
}

/** Findings, each with what it takes to see it again, and to keep it. Pure. */
export function formatFindings(
  findings: readonly Finding[],
  options: { seed: number },
): string {
  const shown = findings.slice(0, MOST_SHOWN).map((finding) => formatFinding(finding, options));
  const more = findings.length - shown.length;
  return [...shown, ...(more > 0 ? [`  and ${more} more`] : [])].join("\n");
}

function formatFinding(finding: Finding, { seed }: { seed: number }): string {
  const { target, index, problem, input, draw, times = 1 } = finding;
  if (index < 0) return `  ${target}: ${problem.slice(0, MOST_INPUT)}`;
  const lines = [
    `  ${target}, seed ${seed}, case ${index}${times === 1 ? "" : `, ${times} times`}:`,
    ...problem.slice(0, MOST_INPUT).split("\n").map((line) => `    ${line}`),
    `    again: deno task fuzz --target '${target}' --seed ${seed} --case ${index}`,
  ];
  if (input === undefined) return lines.join("\n");
  const text = JSON.stringify(textOf(input));
  const shown = text.length > MOST_INPUT ? `${text.slice(0, MOST_INPUT)}… (cut)` : text;
  return [
    ...lines,
    `    shortest input, ${input.length} bytes: ${shown}`,
    `    keep it: { target: "${target}", was: "…", draw: ${draw}, input: … } in seeds/kept.ts`,
  ].join("\n");
}

/** What a live campaign did, decided and held. Pure. */
export function formatLive(outcome: LiveOutcome, options: { seed: number }): string {
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
    ...(outcome.findings.length === 0 ? [] : [formatFindings(outcome.findings, options)]),
  ].join("\n");
}
