import { findEntry, isSame, isTree, type RawId } from "./tree.ts";
import type { TreeStore } from "./tree_store.ts";

/** Directories at which two sides differ, by name: only there a replay looks inside. */
export type DirtyDirs = ReadonlyMap<string, DirtyDirs>;

type Mutable = Map<string, Mutable>;

/**
 * The directories in which the user's side differs from the side inside, over several pairs; all
 * trees on the way are loaded. `undefined` if no pair differs.
 */
export async function findDirtyDirs(
  pairs: readonly { inner: RawId; outer: RawId }[],
  trees: Pick<TreeStore, "get" | "load">,
): Promise<DirtyDirs | undefined> {
  const root: Mutable = new Map();
  const seen = new Set<string>();
  let level = pairs.filter(({ inner, outer }) => inner !== outer).map((pair) => ({
    ...pair,
    node: root,
    path: "",
  }));
  if (level.length === 0) return undefined;
  while (level.length > 0) {
    level = level.filter(({ inner, outer, path }) => {
      const key = `${inner}${outer}${path}`;
      return !seen.has(key) && seen.add(key);
    });
    await trees.load(level.flatMap(({ inner, outer }) => [inner, outer]));
    const next: typeof level = [];
    for (const { inner, outer, node, path } of level) {
      const other = trees.get(outer)!;
      for (const entry of trees.get(inner)!) {
        if (!isTree(entry)) continue;
        const there = findEntry(other, entry.name);
        if (there === undefined || !isTree(there) || isSame(entry, there)) continue;
        let child = node.get(entry.name);
        if (child === undefined) node.set(entry.name, child = new Map());
        next.push({
          inner: entry.id,
          outer: there.id,
          node: child,
          path: `${path}${entry.name}/`,
        });
      }
    }
    level = next;
  }
  return root;
}

/** Loads those directories of many trees, all of one depth at once. */
export async function loadAlong(
  along: { dirty: DirtyDirs; roots: Iterable<RawId> },
  trees: Pick<TreeStore, "get" | "load">,
): Promise<void> {
  let level = [{ node: along.dirty, ids: new Set(along.roots) }];
  while (level.length > 0) {
    await trees.load(level.flatMap(({ ids }) => [...ids]));
    level = level.flatMap(({ node, ids }) =>
      [...node].map(([name, child]) => ({ node: child, ids: childIds(ids, { name, trees }) }))
    );
  }
}

function childIds(
  ids: ReadonlySet<RawId>,
  { name, trees }: { name: string; trees: Pick<TreeStore, "get"> },
): Set<RawId> {
  const children = new Set<RawId>();
  for (const id of ids) {
    const entry = findEntry(trees.get(id)!, name);
    if (entry !== undefined && isTree(entry)) children.add(entry.id);
  }
  return children;
}
