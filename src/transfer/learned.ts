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
 * Two lists in `comparePaths` order as one; of a path that is in both, what the later one says
 * counts. Pure, and nothing is kept of what was given.
 */
export function* mergeLearned(
  earlier: Iterable<BaseChange>,
  later: Iterable<BaseChange>,
): Generator<BaseChange> {
  const iterator = earlier[Symbol.iterator]();
  let next = iterator.next();
  for (const change of later) {
    for (; next.done !== true; next = iterator.next()) {
      const order = comparePaths(next.value.path, change.path);
      if (order > 0) break;
      if (order < 0) yield next.value;
    }
    yield change;
  }
  for (; next.done !== true; next = iterator.next()) yield next.value;
}

/** What the base learns about paths that are gone from both sides. Pure. */
export function learnRemoves(removes: readonly string[]): BaseChange[] {
  return removes.toSorted(comparePaths).map((path) => ({ path, gone: true }));
}
