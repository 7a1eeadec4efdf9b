import {
  comparePaths,
  isExecutable,
  isProblem,
  type TreeEntry,
  type TreeItem,
  type TreeProblem,
} from "../tree/entry.ts";
import { isSameDir, type KnownItem } from "../tree/dir_digest.ts";
import { type BaseEntry, isUnchanged, toEntry } from "./base_entry.ts";

/** Given instead of an item by a side that has to wait for its next one. */
export const WAIT = Symbol("wait");

/** The three sides, each in `comparePaths` order. */
export type ThreeTrees = {
  base: Iterable<BaseEntry>;
  /** A mark stands for all that the base has directly in its directory, here and inside. */
  host: Iterable<KnownItem | typeof WAIT>;
  inner: Iterable<KnownItem | typeof WAIT>;
};

/** A path on which the sides may differ: only reading files can tell. At least one has it. */
export type Candidate = {
  path: string;
  base?: BaseEntry;
  host?: TreeEntry;
  inner?: TreeEntry;
};

/** Something that does not cross; what is at the path and below it is not compared. */
export type SideProblem = TreeProblem & { side: "host" | "inner" };

/** How trees are compared. */
export type CompareOptions = {
  /** False where files of the host have no executable bit: Windows. Defaults to true. */
  hostModes?: boolean;
  /** Hears of directories that are as the base has them on both sides: it need not give what is in them. */
  onSame?(dir: string): void;
};

/**
 * Merges three trees and yields where they may differ, in `comparePaths` order. Pure; holds one item
 * of each side. `WAIT` is passed on: ask again when the side that gave it has more.
 *
 * @throws {RangeError} When a side is not in order.
 */
export function* compareTrees(
  trees: ThreeTrees,
  options: CompareOptions = {},
): Generator<Candidate | SideProblem | typeof WAIT> {
  using base = createFeed<BaseEntry>(trees.base);
  using host = createFeed<KnownItem>(trees.host);
  using inner = createFeed<KnownItem>(trees.inner);
  // What a problem of either side stands for; the last one, as all below it come right after.
  let blocked: string | undefined;
  const same = createSameDirs();
  for (;;) {
    // Marks first: the base may have nothing to give then.
    for (const [side, feed] of [["host", host], ["inner", inner]] as const) {
      for (;;) {
        while (!feed.fill()) yield WAIT;
        const { item } = feed;
        if (item === undefined || !isSameDir(item)) break;
        feed.take(item.path);
        if (same.add(item.path, side)) options.onSame?.(item.path);
      }
    }
    while (!base.fill()) yield WAIT;
    const path = leastPath(base.item?.path, host.item?.path, inner.item?.path);
    if (path === undefined) return;
    const dir = same.find(path);
    const was = base.take(path);
    const known = (side: "host" | "inner") =>
      was !== undefined && dir[side] ? toEntry(was, side) : undefined;
    const ours = (host.take(path) ?? known("host")) as TreeItem | undefined;
    const theirs = (inner.take(path) ?? known("inner")) as TreeItem | undefined;
    if (ours !== undefined && isProblem(ours)) yield { ...ours, side: "host" };
    if (theirs !== undefined && isProblem(theirs)) yield { ...theirs, side: "inner" };
    if (blocked !== undefined && isSameOrBelow(path, blocked)) continue;
    if ((ours !== undefined && isProblem(ours)) || (theirs !== undefined && isProblem(theirs))) {
      blocked = path;
      continue;
    }
    // Links come all the same, and the base may have been silent about them.
    if (dir.host && dir.inner) continue;
    const here = options.hostModes === false ? withMode(ours, was, theirs) : ours;
    const isSame = was !== undefined && here !== undefined && theirs !== undefined &&
      isUnchanged(was, here, { side: "host" }) && isUnchanged(was, theirs, { side: "inner" });
    if (isSame) continue;
    // The usual ones of a hundred thousand, in as little memory as there is.
    if (was === undefined && here === undefined) {
      yield { path, inner: theirs! };
      continue;
    }
    yield {
      path,
      ...(was === undefined ? {} : { base: was }),
      ...(here === undefined ? {} : { host: here }),
      ...(theirs === undefined ? {} : { inner: theirs }),
    };
  }
}

type Feed<Item extends { path: string }> = Disposable & {
  item: Item | undefined;
  /** Makes the next item stand in `item`, if there is one; false when it is not there yet. */
  fill(): boolean;
  /** The item of this path, which is then done. */
  take(path: string): Item | undefined;
};

function createFeed<Item extends { path: string }>(
  items: Iterable<Item | typeof WAIT>,
): Feed<Item> {
  const iterator = items[Symbol.iterator]();
  let last: string | undefined;
  let wasMark = false;
  let ended = false;
  const feed: Feed<Item> = {
    item: undefined,
    fill() {
      if (feed.item !== undefined || ended) return true;
      const next = iterator.next();
      if (next.done === true) {
        ended = true;
        return true;
      }
      if (next.value === WAIT) return false;
      const order = last === undefined ? -1 : comparePaths(last, next.value.path);
      // Two names that are no UTF-8 may be written in the same way; a mark comes before its directory.
      if (order > 0 || (order === 0 && !("problem" in next.value) && !wasMark)) {
        throw new RangeError(`Not in order: ${JSON.stringify(next.value.path)}`);
      }
      last = next.value.path;
      wasMark = isSameDir(next.value);
      feed.item = next.value;
      return true;
    },
    take(path) {
      if (feed.item?.path !== path) return undefined;
      const { item } = feed;
      feed.item = undefined;
      return item;
    },
    [Symbol.dispose]: () => void iterator.return?.(),
  };
  return feed;
}

/** Directories that have what the base has directly in them, by side. */
type SameDirs = {
  /** Answers whether the directory is so on both sides by now. */
  add(dir: string, side: "host" | "inner"): boolean;
  /** Of the directory that a path is in. */
  find(path: string): { readonly host: boolean; readonly inner: boolean };
};

function createSameDirs(): SameDirs {
  const dirs = { host: new Set<string>(), inner: new Set<string>() };
  let prefix = "/";
  let last = { host: false, inner: false };
  return {
    add(dir, side) {
      dirs[side].add(dir);
      return dirs.host.has(dir) && dirs.inner.has(dir);
    },
    find(path) {
      const length = path.lastIndexOf("/") + 1;
      // Nearly all paths are in the directory of the one before; its marks came before what is in it.
      if (length !== prefix.length || !path.startsWith(prefix)) {
        prefix = path.slice(0, length);
        const dir = path.slice(0, Math.max(0, length - 1));
        last = { host: dirs.host.has(dir), inner: dirs.inner.has(dir) };
      }
      return last;
    },
  };
}

function leastPath(...paths: (string | undefined)[]): string | undefined {
  let least = paths[0];
  for (const path of paths) {
    if (path === undefined || path === least) continue;
    if (least === undefined || comparePaths(path, least) < 0) least = path;
  }
  return least;
}

/** Whether a path is another one, or in it; all are in the empty one. */
export function isSameOrBelow(path: string, dir: string): boolean {
  return dir === "" || path === dir || path.startsWith(`${dir}/`);
}

/** A file of a host without executable bits has the one that it would have. */
function withMode(
  host: TreeEntry | undefined,
  base: BaseEntry | undefined,
  inner: TreeEntry | undefined,
): TreeEntry | undefined {
  if (host?.kind !== "file") return host;
  const executable = base?.kind === "file"
    ? base.executable
    : inner !== undefined && isExecutable(inner);
  return { ...host, mode: executable ? 0o755 : 0o644 };
}
