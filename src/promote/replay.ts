import {
  diffTrees,
  findEntry,
  isSame,
  isTree,
  type RawId,
  type Tree,
  type TreeChange,
  type TreeEntry,
  treeEntry,
  withEntry,
} from "./tree.ts";
import { IGNORE_FILE, type OwnLines } from "./own_lines.ts";
import { EMPTY_TREE, type TreeStore } from "./tree_store.ts";

/** A change inside, from one tree to the next, and the user's tree it is put onto. */
export type TreeStep = { from: RawId; to: RawId; onto: RawId };

/** What came of it. Paths are bytes, one in each character. */
export type Replayed =
  | { kind: "tree"; id: RawId }
  /** What stands at these paths on the user's side is not what the change began with. */
  | { kind: "collision"; paths: string[] }
  /** These trees, and files of own lines, have to be loaded first. */
  | { kind: "missing"; ids: RawId[]; files: RawId[] };

type Draft = {
  trees: Pick<TreeStore, "get" | "make">;
  ownLines: Pick<OwnLines, "settle"> | undefined;
  missing: RawId[];
  files: RawId[];
  collisions: string[];
};

/**
 * Puts a change onto the user's tree: exact paths, no merging of texts. A path is changed only where
 * the user's tree has what the change began with, or already what it ends with; all other paths stay
 * what the user has. A directory that is the same on both sides is taken over without a look inside.
 * Pure but for what it makes.
 *
 * @param options.ownLines Lines of ignore files that only the user has. None by default.
 */
export function replayTree(
  step: TreeStep,
  trees: Pick<TreeStore, "get" | "make">,
  options: { ownLines?: Pick<OwnLines, "settle"> } = {},
): Replayed {
  const { ownLines } = options;
  const draft: Draft = { trees, ownLines, missing: [], files: [], collisions: [] };
  const id = replay(step, "", draft);
  if (isLacking(draft)) return { kind: "missing", ids: draft.missing, files: draft.files };
  if (draft.collisions.length > 0) return { kind: "collision", paths: draft.collisions };
  return { kind: "tree", id: id ?? EMPTY_TREE };
}

/** One side of a directory; absent is one without entries. */
type Side = RawId | undefined;

/** The id of the directory that comes out; `undefined` if nothing is left of it. */
function replay(
  { from, to, onto }: { from: Side; to: Side; onto: Side },
  path: string,
  draft: Draft,
): Side {
  if (onto === from) return to;
  if (to === from || to === onto) return onto;
  const sides = [from, to, onto].map((id) => load(id, draft));
  const [was, is, have] = sides;
  if (was === undefined || is === undefined || have === undefined) return onto;
  let tree: Tree = have;
  for (const change of diffTrees(was, is)) {
    const there = findEntry(tree, change.name);
    const entry = replayEntry(change, there, { path: path + change.name, draft });
    if (!isSame(entry, there)) tree = withEntry(tree, { name: change.name, entry });
  }
  // What is about to be loaded or refused needs no tree.
  if (isLacking(draft) || draft.collisions.length > 0) return onto;
  return tree.length === 0 ? undefined : draft.trees.make(tree);
}

/** What stands at the name afterwards. */
function replayEntry(
  { name, was, is }: TreeChange,
  have: TreeEntry | undefined,
  at: { path: string; draft: Draft },
): TreeEntry | undefined {
  if (isSame(have, was)) return is;
  if (isSame(have, is)) return have;
  if (isDirectory(have) && isDirectory(was)) {
    // A directory on all sides: its files decide. What only the user has stays.
    const to = isDirectory(is) ? is?.id : undefined;
    const id = replay({ from: was?.id, to, onto: have?.id }, `${at.path}/`, at.draft);
    if (isDirectory(is)) return id === undefined ? undefined : treeEntry(name, id);
    // A file takes the directory's place once nothing is left in it.
    if (id === undefined) return is;
  }
  const settled = name === IGNORE_FILE ? at.draft.ownLines?.settle({ was, is, have }) : undefined;
  if (settled?.kind === "entry") return settled.entry;
  if (settled?.kind === "missing") at.draft.files.push(...settled.ids);
  else at.draft.collisions.push(at.path);
  return have;
}

function isLacking({ missing, files }: Draft): boolean {
  return missing.length > 0 || files.length > 0;
}

function isDirectory(entry: TreeEntry | undefined): boolean {
  return entry === undefined || isTree(entry);
}

function load(id: Side, draft: Draft): Tree | undefined {
  if (id === undefined) return [];
  const tree = draft.trees.get(id);
  if (tree === undefined) draft.missing.push(id);
  return tree;
}
