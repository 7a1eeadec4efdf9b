import { comparePaths, type TreeEntry } from "../tree/entry.ts";
import { type BaseChange, type Clocks, toBaseEntry } from "./base_entry.ts";
import type { Difference } from "./classify.ts";

/** A time that no stamp trusts: the file was written just now. */
const JUST_NOW = Number.MAX_SAFE_INTEGER;

/** Which way something was carried, and when both sides were looked at. */
export type LearnedOptions = { from: "inner" | "host"; clocks: Clocks };

/**
 * What the base learns about a path that was carried. The side that was written to has times of this
 * very moment: they tell nothing, and its file is read once more. Pure.
 *
 * @param entry As it is where it came from.
 */
export function toLearned(entry: TreeEntry, options: LearnedOptions): BaseChange {
  const fresh = { ...entry, ctimeMs: JUST_NOW };
  return options.from === "inner"
    ? toBaseEntry({ inner: entry, host: fresh }, options.clocks)
    : toBaseEntry({ host: entry, inner: fresh }, options.clocks);
}

/** What the base learns about modes that were carried alone. Pure. */
export function learnModes(
  modes: readonly { path: string }[],
  options: LearnedOptions & { differences: readonly Difference[] },
): BaseChange[] {
  const paths = new Set(modes.map(({ path }) => path));
  return options.differences.flatMap(({ path, base, ...sides }) => {
    const entry = paths.has(path) ? sides[options.from] : undefined;
    if (entry === undefined) return [];
    const sha256 = entry.sha256 ?? base?.sha256;
    return [toLearned(sha256 === undefined ? entry : { ...entry, sha256 }, options)];
  });
}

/**
 * Lists in `comparePaths` order as one; of a path that is in both, what the second list says counts.
 * Pure.
 */
export function mergeLearned(
  earlier: readonly BaseChange[],
  later: readonly BaseChange[],
): BaseChange[] {
  const merged: BaseChange[] = [];
  let next = 0;
  for (const change of later) {
    for (; next < earlier.length; next++) {
      const order = comparePaths(earlier[next]!.path, change.path);
      if (order > 0) break;
      if (order < 0) merged.push(earlier[next]!);
    }
    merged.push(change);
  }
  for (; next < earlier.length; next++) merged.push(earlier[next]!);
  return merged;
}

/** Changes in `comparePaths` order, of each path the last one. Pure. */
export function sortLearned(changes: readonly BaseChange[]): BaseChange[] {
  const sorted = changes.toSorted((a, b) => comparePaths(a.path, b.path));
  return sorted.filter(({ path }, at) => sorted[at + 1]?.path !== path);
}
