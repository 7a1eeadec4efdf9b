import { visibleText } from "../transfer/visible.ts";
import { formatPending } from "./copy_words.ts";
import type { Diagnosis } from "./diagnosis.ts";
import { formatCount } from "./output.ts";

/** How an agent is, for people. Pure. */
export function formatDiagnosis(found: Diagnosis): string {
  const { agent, run, outbox, inbox, work } = found;
  const rows: [string, string][] = [
    ["cage", `${found.cage}, ${found.service}`],
    ["agent", "pid" in agent ? `${agent.state}: ${agent.command}` : agent.state],
    ["run", run === undefined ? "none yet" : formatRun(run)],
    ["outbox", formatOutbox(outbox)],
    ["inbox", inbox.waiting === 0 ? "nothing waits" : `${inbox.waiting} waiting for the agent`],
    ...(work === undefined ? [] : [["work", formatWork(work)] as [string, string]]),
  ];
  const lines = [
    ...rows.map(([name, text]) => `${name.padEnd(8)}${visibleText(text)}`),
    ...found.problems.map((problem) => `unknown ${visibleText(problem)}`),
    ...(found.log.length === 0 ? [] : ["log", ...found.log.map((line) => `  ${line}`)]),
    `next    ${found.suggestion}`,
  ];
  return lines.join("\n") + "\n";
}

function formatRun({ id, state, exit, reason, events }: NonNullable<Diagnosis["run"]>): string {
  const code = exit === undefined ? "" : `, exit code ${exit}`;
  const why = reason === undefined ? "" : `: ${reason}`;
  return `${state}${code}${why} (${id}, ${formatCount(events, "event")})`;
}

function formatOutbox({ unseen, all, malformed, last }: Diagnosis["outbox"]): string {
  if (all === 0 && malformed === 0) return "empty";
  return [
    `${formatCount(all, "message")}, ${unseen} not seen`,
    ...(last === undefined ? [] : [`the last is ${last.type} of ${last.at}`]),
    ...(malformed === 0 ? [] : [`${malformed} malformed`]),
  ].join("; ");
}

function formatWork({ dirs, commits, branch }: NonNullable<Diagnosis["work"]>): string {
  return [
    ...dirs.map(({ name, pending }) =>
      `${name}: ${pending === undefined ? "unknown" : formatPending(pending)}`
    ),
    ...(commits === undefined ? [] : [
      `${formatCount(commits, "commit")} not here yet${
        branch === undefined ? "" : `, on ${branch}`
      }`,
    ]),
  ].join("; ");
}
