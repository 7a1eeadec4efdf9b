import type { Change } from "../transfer/classify.ts";
import type { SideProblem } from "../transfer/compare.ts";
import type { ConflictReason, TransferPlan } from "../transfer/plan_transfer.ts";
import { quotePath } from "../tree/visible.ts";
import { visibleText } from "../transfer/visible.ts";
import { formatCount } from "./output.ts";

/** One path of a transfer, as it is listed. */
export type FileRow = {
  path: string;
  change: "added" | "modified" | "deleted" | "mode" | "kind" | "conflict";
  kind?: "file" | "dir" | "link";
  /** Bytes that come. */
  size?: number;
  binary?: true;
  /** Of a file that becomes executable, or stops being it. */
  executable?: boolean;
  /** Of a deleted path: false when it stays on the other side, as nobody asked to delete. */
  carried?: boolean;
  /** Of a conflict. */
  reason?: ConflictReason;
  inner?: Change;
  host?: Change;
};

/** Lists what a plan does and what it leaves, by path. Pure. */
export function toRows(plan: TransferPlan, binary: ReadonlySet<string> = new Set()): FileRow[] {
  const written = new Set(plan.writes.map(({ path }) => path));
  const rows: FileRow[] = [
    ...plan.writes.map(({ path, change, entry }): FileRow => ({
      path,
      change,
      kind: entry.kind,
      ...(entry.kind === "file" ? { size: entry.size } : {}),
      ...(binary.has(path) ? { binary: true } : {}),
    })),
    ...plan.modes.map(({ path, executable }): FileRow => ({ path, change: "mode", executable })),
    ...plan.removes.filter((path) => !written.has(path))
      .map((path): FileRow => ({ path, change: "deleted", carried: true })),
    ...plan.kept.map((path): FileRow => ({ path, change: "deleted", carried: false })),
    ...plan.conflicts.map(({ path, reason, inner, host }): FileRow => ({
      path,
      change: "conflict",
      reason,
      ...(inner === undefined ? {} : { inner }),
      ...(host === undefined ? {} : { host }),
    })),
  ];
  return rows.sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
}

/** Cells of a row for people: what happened, the path, and what else there is to know. Pure. */
export function formatRow(row: FileRow): [string, string, string] {
  const path = visibleText(row.kind === "dir" ? `${row.path}/` : row.path);
  return [row.change === "kind" ? "replaced" : row.change, path, formatNote(row)];
}

function formatNote(row: FileRow): string {
  switch (row.change) {
    case "deleted":
      return row.carried === true ? "" : "stays without --delete";
    case "mode":
      return row.executable === true ? "executable" : "not executable";
    case "conflict":
      return formatConflict(row);
    case "added":
    case "modified":
    case "kind":
      return row.kind === "link" ? "symlink" : row.binary === true ? "binary" : "";
    default:
      return row.change satisfies never;
  }
}

function formatConflict({ reason, inner, host }: FileRow): string {
  if (reason !== "both changed") return reason ?? "";
  const say = (change: Change | undefined) => change === "kind" ? "replaced" : change ?? "changed";
  return `${say(inner)} in the cage, ${say(host)} here`;
}

/** Sums for the last line: `2 added, 1 modified, 1 conflict`. Pure. */
export function formatSums(rows: readonly FileRow[]): string {
  const counts = new Map<string, number>();
  for (const { change, carried } of rows) {
    const name = change === "deleted" && carried === false ? "deleted inside only" : change;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const words = ["added", "modified", "kind", "mode", "deleted", "deleted inside only"];
  const parts = words.filter((word) => counts.has(word)).map((word) =>
    `${counts.get(word)} ${word === "kind" ? "replaced" : word === "mode" ? "mode" : word}`
  );
  const conflicts = counts.get("conflict");
  if (conflicts !== undefined) parts.push(formatCount(conflicts, "conflict"));
  return parts.join(", ");
}

/** Lines about what does not cross, a few of many. Pure. */
export function formatProblems(problems: readonly SideProblem[]): string[] {
  const lines = problems.slice(0, MOST_PROBLEMS).map(({ path, problem, side }) =>
    `Not carried: ${quotePath(path)} ${side === "inner" ? "in the cage" : "here"} is ${
      PROBLEM_WORDS[problem] ?? problem
    }`
  );
  const more = problems.length - lines.length;
  return more > 0 ? [...lines, `Not carried: ${more} more`] : lines;
}

const MOST_PROBLEMS = 20;

const PROBLEM_WORDS: Partial<Record<SideProblem["problem"], string>> = {
  "special file": "a pipe, socket or device",
  "unsafe link": "a symlink that leads outside",
  "unsafe name": "a name that is not safe everywhere",
};
