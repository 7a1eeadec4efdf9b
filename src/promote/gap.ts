import { type Change, isModule } from "./changes.ts";
import type { IndexEntry, Seen } from "./index_file.ts";
import type { PastLanding } from "./journal.ts";
import { isEntry } from "./preconditions.ts";

/**
 * How long a git may sleep between what it read before a landing and what it writes after it.
 * Milliseconds. What takes a landing back later is the user's will.
 */
export const GAP_MS = 3_000;

/** What became of a landing in the index. */
export type GapVerdict =
  /** The index has what landed. */
  | { kind: "current" }
  /** The user changed it, and it stays as they have it. */
  | { kind: "users" }
  /**
   * Another git took it back without anybody's will: it had read the branch or the index before the
   * landing, and locked the index after it.
   */
  | {
    kind: "gap";
    /** Paths at which it may have written files, too. */
    rewritten: ReadonlySet<string>;
  };

/** An index as it is now. */
export type IndexNow = {
  entries: ReadonlyMap<string, IndexEntry>;
  /** When it was written. */
  mtimeMs: number;
};

/**
 * Decides whether another git took a landing back. It did where the index has all of the older
 * side again, and none of it can be the user's doing: each entry is that of a file which is gone since
 * the landing, or of one that was written in its moment. Pure.
 */
export function decideGap({ changes, seen, atMs }: PastLanding, now: IndexNow): GapVerdict {
  const isAll = (side: "old" | "new") =>
    changes.every((change) => isEntry(now.entries.get(change.path), change[side]));
  if (isAll("new")) return { kind: "current" };
  if (!isAll("old")) return { kind: "users" };
  const signs = changes.map((change, at) =>
    readSign(change, { entry: now.entries.get(change.path), seen: seen[at] ?? undefined, atMs })
  );
  if (signs.includes("later")) return { kind: "users" };
  const isWritten = signs.includes("written");
  if (!isWritten && !signs.includes("older") && !isInGap(now.mtimeMs, atMs)) {
    return { kind: "users" };
  }
  // An index that is older says nothing of files: they are as the landing left them.
  const isOlder = signs.includes("older") && !isWritten;
  const rewritten = changes.filter((_, at) => !isOlder && signs[at] !== "older");
  return { kind: "gap", rewritten: new Set(rewritten.map(({ path }) => path)) };
}

/** Whether it is too late for a gap. */
export function isPastGap(atMs: number, nowMs: number): boolean {
  return nowMs - atMs > GAP_MS;
}

/** When the file of an entry was written; nothing tells it where there is no file. */
type Sign = "older" | "written" | "later" | "none";

function readSign(
  change: Change,
  { entry, seen, atMs }: { entry: IndexEntry | undefined; seen: Seen | undefined; atMs: number },
): Sign {
  if (entry === undefined || isModule(change.old)) return "none";
  const { stat } = entry;
  const isNoted = (one: Seen) => one.ino !== 0 || one.mtimeMs !== 0;
  if (!isNoted(stat)) return seen !== undefined && isNoted(seen) ? "later" : "none";
  if (seen !== undefined && isSameSeen(stat, seen)) return "older";
  return isInGap(stat.mtimeMs, atMs) ? "written" : "later";
}

function isSameSeen(one: Seen, other: Seen): boolean {
  return one.ino === other.ino && one.mtimeMs === other.mtimeMs && one.size === other.size;
}

/** Some builds of git note whole seconds. */
function isInGap(ms: number, atMs: number): boolean {
  return ms >= atMs - 1_000 && ms <= atMs + GAP_MS;
}
