import { comparePaths, type TreeEntry } from "../tree/entry.ts";
import { type BaseChange, type Clocks, toBaseEntry } from "./base_entry.ts";
import type { Difference } from "./classify.ts";

/** A time that no stamp trusts: the file was written just now. */
const JUST_NOW = Number.MAX_SAFE_INTEGER;

/** What a transfer made equal. */
export type Carried = {
  /** As they came, with the hash of their bytes. */
  written: Iterable<TreeEntry>;
  modes: readonly { path: string }[];
  removes: readonly string[];
};

/**
 * What the base learns from a transfer. The side that was written to has times of this very moment:
 * they tell nothing, and its files are read once more. Pure.
 */
export function findLearned(
  carried: Carried,
  options: {
    from: "inner" | "host";
    clocks: Clocks;
    /** What was found, by path. */
    found: ReadonlyMap<string, Difference>;
  },
): BaseChange[] {
  const { from, clocks, found } = options;
  const changes = new Map<string, BaseChange>();
  const learn = (entry: TreeEntry, sha256: string | undefined) => {
    const fresh = { ...entry, ctimeMs: JUST_NOW };
    const sides = from === "inner" ? { inner: entry, host: fresh } : { host: entry, inner: fresh };
    changes.set(entry.path, toBaseEntry({ ...sides, sha256 }, clocks));
  };
  for (const path of carried.removes) changes.set(path, { path, gone: true });
  for (const entry of carried.written) {
    const seen = found.get(entry.path)?.[from];
    // A stream tells no change times: those of the walk count while everything else is as it was.
    const isSame = seen?.mtimeMs === entry.mtimeMs && seen.size === entry.size;
    learn({ ...entry, ctimeMs: isSame ? seen.ctimeMs : JUST_NOW }, entry.sha256);
  }
  for (const { path } of carried.modes) {
    const difference = found.get(path);
    const entry = difference?.[from];
    if (entry !== undefined) learn(entry, entry.sha256 ?? difference?.base?.sha256);
  }
  return [...changes.values()].sort((a, b) => comparePaths(a.path, b.path));
}

/** Two lists in `comparePaths` order as one; of a path that is in both, the later one counts. Pure. */
export function mergeLearned(
  earlier: readonly BaseChange[],
  later: readonly BaseChange[],
): BaseChange[] {
  const changes = new Map([...earlier, ...later].map((change) => [change.path, change]));
  return [...changes.values()].sort((a, b) => comparePaths(a.path, b.path));
}
