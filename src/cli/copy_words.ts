import type { FilledRoot } from "../copy/fill.ts";
import { STATE_WORDS } from "../copy/state.ts";
import type { CopyStatus } from "../copy/status.ts";
import { formatBytes } from "../transfer/progress.ts";
import { visibleText } from "../transfer/visible.ts";
import { quotePath } from "../tree/visible.ts";
import { formatAge, formatCount } from "./output.ts";

/** What came into a cage, a line for each directory. Pure. */
export function formatFilled(filled: readonly FilledRoot[]): string {
  return filled.map((root) => {
    const files = formatCount(root.files, "file");
    const line = `${root.name}: ${files}, ${formatBytes(root.bytes)} from ${root.hostPath}`;
    const left = root.leftOut.map((word) => visibleText(word)).join(", ");
    return left === "" ? line : `${line}\n  stays outside: ${left}`;
  }).join("\n");
}

/** Names in one warning. */
const MOST_NAMED = 5;

/** Warns of files that surprise by not travelling. Pure. */
export function formatTracked(paths: readonly string[]): string {
  const shown = paths.slice(0, MOST_NAMED).map(quotePath).join(", ");
  const more = paths.length > MOST_NAMED ? ` and ${paths.length - MOST_NAMED} more` : "";
  return `git tracks what .gitignore names, and it stays where it is: ${shown}${more}`;
}

/** Warnings of what a directory that came in was kept from bringing. Pure. */
export function formatFilledWarnings(filled: readonly FilledRoot[]): string[] {
  const hint = "To have it travel, change the pattern, or take it in by a line of .cageprotect " +
    "that begins with !";
  return filled.filter(({ tracked }) => tracked.length > 0)
    .map(({ tracked }) => `${formatTracked(tracked)}\n${hint}`);
}

/** A cage's status for people. Pure. */
export function formatStatus(status: CopyStatus, options: { nowMs: number }): string {
  const ago = (at: string) => `${formatAge(options.nowMs - Date.parse(at))} ago`;
  const { engine, source, git, checkpoints } = status;
  const rows: [string, string][] = [
    ["cage", `${status.name} (${status.id})`],
    ["state", STATE_WORDS[status.state]],
    ["service", `${status.service}, ${status.authMode}`],
    ["engine", engine.reachable ? engine.title : `${engine.title}, away`],
    ["source", source.kind === "url" ? source.url : status.dirs[0]?.path ?? ""],
    ["made", ago(status.createdAt)],
    ["exported", status.exportedAt === undefined ? "never" : ago(status.exportedAt)],
    ...status.sessions.map((session): [string, string] => [
      "session",
      `${session.service} since ${ago(session.startedAt)} (${session.id})`,
    ]),
    ...status.dirs.map((dir): [string, string] => ["directory", formatDir(dir)]),
    ...git === undefined ? [] : [["git", formatGit(git)] as [string, string]],
    ...checkpoints === undefined || checkpoints.length === 0 ? [] : [
      ["checkpoints", checkpoints.map(({ name }) => visibleText(name)).join(", ")] as [
        string,
        string,
      ],
    ],
    ...status.problems.map((problem): [string, string] => ["problem", visibleText(problem)]),
    ["next", status.next],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => `${label.padEnd(width)}  ${text}\n`).join("");
}

function formatDir({ name, path, pending }: CopyStatus["dirs"][number]): string {
  const place = `/work/${name} <- ${visibleText(path)}`;
  return pending === undefined ? place : `${place}: ${formatPending(pending)}`;
}

/** How a directory differs inside and on this machine, in words. Pure. */
export function formatPending(
  pending: NonNullable<CopyStatus["dirs"][number]["pending"]>,
): string {
  const parts = [
    ...(pending.inner > 0 ? [`${formatCount(pending.inner, "change")} inside`] : []),
    ...(pending.deleted > 0 ? [`${pending.deleted} deleted inside`] : []),
    ...(pending.host > 0 ? [`${formatCount(pending.host, "change")} here`] : []),
    ...(pending.conflicts > 0 ? [`${pending.conflicts} on both sides`] : []),
  ];
  return parts.length === 0 ? "the same on both sides" : parts.join(", ");
}

function formatGit({ branch, head, ahead, stashes, base }: NonNullable<CopyStatus["git"]>): string {
  const at = head === undefined ? "no commit yet" : head.slice(0, 12);
  const where = branch === undefined ? at : `${visibleText(branch)} at ${at}`;
  const parts = [
    ...(ahead === undefined
      ? ["how many commits are new cannot be told"]
      : ahead > 0
      ? [`${formatCount(ahead, "commit")} not taken out`]
      : []),
    ...(stashes > 0 ? [stashes === 1 ? "1 stash" : `${stashes} stashes`] : []),
    ...(base === undefined ? [] : [`began with ${base.slice(0, 12)}`]),
  ];
  return [where, ...parts].join(", ");
}
