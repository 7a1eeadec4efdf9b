/** What a tree of files is made of, as it crosses between host and cage: nothing else crosses. */
export type EntryKind = "file" | "dir" | "link";

/** One file, directory or symlink below a root. */
export type TreeEntry = {
  /** Relative to the root, parts joined by `/`, valid UTF-8. */
  path: string;
  kind: EntryKind;
  /** Permission bits, 0–0o777. Of a file only "executable by its owner" crosses. */
  mode: number;
  /** Bytes of a file; 0 for everything else. */
  size: number;
  /** Whole milliseconds since 1970; the change time is what no program can set. */
  mtimeMs: number;
  ctimeMs: number;
  /** Where a symlink points, as written. */
  target?: string;
  /** SHA-256 of a file's bytes, hex; only where it was asked for or is known. */
  sha256?: string;
};

/** Something that is there and does not cross, with the reason. */
export type TreeProblem = {
  /** As in {@link TreeEntry.path}, with what is no UTF-8 written as `\xff`. */
  path: string;
  problem:
    | "unreadable"
    | "not UTF-8"
    | "special file"
    | "unsafe name"
    | "unsafe link"
    | "changed while read";
};

/** What looking at a tree gives, in {@link comparePaths} order. */
export type TreeItem = TreeEntry | TreeProblem;

/** Whether an item is one that does not cross. */
export function isProblem(item: TreeItem): item is TreeProblem {
  return "problem" in item;
}

/** Whether a file is executable: all of a mode that crosses. */
export function isExecutable({ kind, mode }: Pick<TreeEntry, "kind" | "mode">): boolean {
  return kind === "file" && (mode & 0o100) !== 0;
}

/** A mode with every executable bit of those who may read, or without any. */
export function withExecutable(mode: number, isExecutable: boolean): number {
  const plain = mode & 0o666;
  return isExecutable ? plain | 0o100 | ((plain & 0o444) >> 2) : plain;
}

/**
 * Order of paths in every list and stream: that of a walk which visits the names of a directory by
 * UTF-16 code units, and a directory before what is in it.
 */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left === right) continue;
    if (left === SLASH) return -1;
    if (right === SLASH) return 1;
    return left - right;
  }
  return a.length - b.length;
}

const SLASH = 0x2f;
