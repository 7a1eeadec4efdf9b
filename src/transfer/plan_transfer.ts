import { comparePaths, isExecutable, type TreeEntry } from "../tree/entry.ts";
import type { Change, Difference } from "./classify.ts";
import type { SideProblem } from "./compare.ts";
import type { Expected } from "./types.ts";

/** A path that is made or replaced. */
export type PlannedWrite = {
  path: string;
  /** `added` also for a directory that only has to be there for what is written into it. */
  change: Exclude<Change, "deleted" | "mode">;
  /** As it is where it comes from; files have a hash where it is known. */
  entry: TreeEntry;
  /** What is replaced. */
  replaced?: TreeEntry;
};

/** A file whose bytes stay. */
export type PlannedMode = { path: string; executable: boolean };

/** Why a path stays as it is on both sides. */
export type ConflictReason =
  /** Both sides changed it, each in another way. */
  | "both changed"
  /** The rules of the host keep something out of sight at this place. */
  | "in the way"
  /** It is in a directory that cannot be made. */
  | "parent in conflict"
  /** A directory would have to go that holds what must stay. */
  | "not empty";

/** A path that only people can decide about. */
export type Conflict = {
  path: string;
  reason: ConflictReason;
  inner?: Change;
  host?: Change;
};

/** What carries the changes of one side to the other. */
export type TransferPlan = {
  /** Removed before anything is written, what is in a directory before the directory. */
  removes: readonly string[];
  /** In `comparePaths` order: parents first. */
  writes: readonly PlannedWrite[];
  modes: readonly PlannedMode[];
  conflicts: readonly Conflict[];
  /** Deleted on the side that is carried, and kept on the other because nobody asked to delete. */
  kept: readonly string[];
  /**
   * What must still be so where the change is made. A file or link that is added is not listed: then
   * nothing may be at its place.
   */
  expected: readonly Expected[];
  problems: readonly SideProblem[];
};

/** Which way changes go. */
export type TransferOptions = {
  from: "inner" | "host";
  /** Removes what the other side removed and this one did not touch. */
  delete: boolean;
};

/**
 * Plans how the changes of one side get to the other. Pure. What the other side changed stays as it
 * is; what both changed is a conflict; nothing is removed unless asked for, and then only what both
 * sides had and the other one did not change.
 *
 * @param found Differences in `comparePaths` order.
 */
export function planTransfer(
  found: { differences: readonly Difference[]; problems: readonly SideProblem[] },
  options: TransferOptions,
): TransferPlan {
  const state = observe(found, options);
  planRemoves(state);
  planWrites(state);
  const { conflicts, kept, removes, writes, modes } = state;
  const order = (a: { path: string }, b: { path: string }) => comparePaths(a.path, b.path);
  return {
    removes,
    writes: writes.toSorted(order),
    modes,
    conflicts: conflicts.toSorted(order),
    kept: kept.toSorted(comparePaths),
    expected: findExpected(state),
    problems: found.problems,
  };
}

type State = {
  options: TransferOptions;
  differences: readonly Difference[];
  /** Those that are a directory on any side, by path. */
  dirs: ReadonlyMap<string, Difference>;
  /** Directories that hold what stays. */
  full: Set<string>;
  conflicts: Conflict[];
  refused: Set<string>;
  kept: string[];
  removes: string[];
  writes: PlannedWrite[];
  writtenDirs: Set<string>;
  modes: PlannedMode[];
};

function observe(
  { differences, problems }: {
    differences: readonly Difference[];
    problems: readonly SideProblem[];
  },
  options: TransferOptions,
): State {
  const full = new Set<string>();
  for (const { path } of problems) keepParents(path, full);
  return {
    options,
    differences,
    dirs: new Map(
      differences.filter(({ inner, host, base }) =>
        [inner, host, base].some((entry) => entry?.kind === "dir")
      ).map((difference) => [difference.path, difference]),
    ),
    full,
    conflicts: [],
    refused: new Set(),
    kept: [],
    removes: [],
    writes: [],
    writtenDirs: new Set(),
    modes: [],
  };
}

/** From the last path to the first: a directory goes after all that is in it. */
function planRemoves(state: State): void {
  const { options, full } = state;
  for (let at = state.differences.length - 1; at >= 0; at--) {
    const difference = state.differences[at]!;
    const { path, side, change } = difference;
    const there = difference[to(options)];
    const isOurs = side === options.from;
    const isReplacedDir = change === "kind" && there?.kind === "dir";
    if (side === "both") refuse(difference, "both changed", state);
    else if (isOurs && difference.inTheWay === true) refuse(difference, "in the way", state);
    else if (isOurs && (change === "deleted" || isReplacedDir)) {
      if (!options.delete) state.kept.push(path);
      else if (!full.has(path)) {
        state.removes.push(path);
        continue;
      } else if (isReplacedDir) refuse(difference, "not empty", state);
      // A deleted directory stays without a word: what keeps it is told.
    }
    if (there !== undefined) keepParents(path, full);
  }
}

/** From the first path to the last: what is in a directory depends on it. */
function planWrites(state: State): void {
  const { options, refused, removes } = state;
  const removed = new Set(removes);
  const kept = new Set(state.kept);
  for (const difference of state.differences) {
    const { path, side, change } = difference;
    const entry = difference[options.from];
    if (side !== options.from || entry === undefined || refused.has(path) || kept.has(path)) {
      continue;
    }
    if (!makeParents(path, state)) {
      refuse(difference, "parent in conflict", state);
      continue;
    }
    const there = difference[to(options)];
    if (change === "mode") state.modes.push({ path, executable: isExecutable(entry) });
    else if (change !== "deleted") {
      // What a file or link becomes a directory for goes first, as a rename does not replace it.
      const isInTheWay = change === "kind" && entry.kind === "dir" && !removed.has(path);
      if (isInTheWay) removes.push(path);
      write({ path, change, entry, ...(there === undefined ? {} : { replaced: there }) }, state);
    }
  }
}

/** Sees to it that all directories above a path will be there; false where that cannot be. */
function makeParents(path: string, state: State): boolean {
  const { options, dirs, writtenDirs, refused } = state;
  const missing: PlannedWrite[] = [];
  for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
    const parent = path.slice(0, end);
    const difference = dirs.get(parent);
    if (difference === undefined || writtenDirs.has(parent)) continue;
    const there = difference[to(options)];
    if (there?.kind === "dir") continue;
    const entry = difference[options.from];
    if (there !== undefined || refused.has(parent) || entry?.kind !== "dir") return false;
    missing.push({ path: parent, change: "added", entry });
  }
  for (const parent of missing) write(parent, state);
  return true;
}

function write(planned: PlannedWrite, state: State): void {
  state.writes.push(planned);
  if (planned.entry.kind === "dir") state.writtenDirs.add(planned.path);
}

function refuse(difference: Difference, reason: ConflictReason, state: State): void {
  const { path, side, change, hostChange } = difference;
  const inner = side === "host" ? undefined : change;
  const host = side === "host" ? change : hostChange;
  state.refused.add(path);
  state.conflicts.push({
    path,
    reason,
    ...(inner === undefined ? {} : { inner }),
    ...(host === undefined ? {} : { host }),
  });
}

function keepParents(path: string, full: Set<string>): void {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    const parent = path.slice(0, end);
    if (full.has(parent)) return;
    full.add(parent);
  }
}

function findExpected({ options, differences, removes, writes, modes }: State): Expected[] {
  const touched = new Set(removes);
  for (const { path } of modes) touched.add(path);
  for (const { path, entry, replaced } of writes) {
    if (replaced !== undefined || entry.kind === "dir") touched.add(path);
  }
  const expected: Expected[] = [];
  for (const difference of differences) {
    const { path } = difference;
    if (touched.has(path)) expected.push({ path, was: toWas(difference[to(options)]) });
  }
  return expected;
}

function toWas(there: TreeEntry | undefined): Expected["was"] {
  if (there === undefined) return null;
  const { kind, size, mtimeMs, ctimeMs } = there;
  return { kind, size, mtimeMs, ctimeMs };
}

function to({ from }: TransferOptions): "inner" | "host" {
  return from === "inner" ? "host" : "inner";
}
