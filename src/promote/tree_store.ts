import { fromLatin1 } from "./bytes.ts";
import type { Odb } from "./odb.ts";
import { hashObject, type NewObject } from "./pack.ts";
import { formatTree, hexId, parseTree, type RawId, rawId, type Tree } from "./tree.ts";

/** Trees that are known, and those that were made and are not in the repository yet. */
export type TreeStore = {
  /** A tree that was loaded or made; `undefined` says it has to be loaded. */
  get(id: RawId): Tree | undefined;
  /** Makes a tree and tells its id. */
  make(tree: Tree): RawId;
  /** Reads those that are not known. */
  load(ids: Iterable<RawId>): Promise<void>;
  /** Gives away what was made since, to be written. It stays known. */
  takeMade(): NewObject[];
  /** How many were made since the last {@link takeMade}, and their bytes. */
  readonly madeBytes: number;
  /** Forgets what can be read again, if it has become much. */
  trim(): void;
};

/** So many bytes of trees are kept for the next commits. */
const MAX_KEPT = 64 * 1024 * 1024;

/** The tree of nothing; git knows it without having it. */
export const EMPTY_TREE: RawId = rawId("4b825dc642cb6eb9a060e54bf8d69288fbee4904");

/** Opens a store over a repository. Trees of nothing need no reading. */
export function createTreeStore(odb: Pick<Odb, "read">): TreeStore {
  const known = new Map<RawId, Tree>([[EMPTY_TREE, []]]);
  let made = new Map<RawId, NewObject>();
  let keptBytes = 0;
  let madeBytes = 0;
  return {
    get: (id) => known.get(id),
    make(tree) {
      if (tree.length === 0) return EMPTY_TREE;
      const object: NewObject = { type: "tree", bytes: fromLatin1(formatTree(tree)) };
      const id = rawId(hashObject(object));
      if (!known.has(id)) {
        known.set(id, tree);
        made.set(id, object);
        madeBytes += object.bytes.length;
      }
      return id;
    },
    async load(ids) {
      const wanted = [...new Set(ids)].filter((id) => !known.has(id));
      const found = await odb.read(wanted.map(hexId), "tree");
      for (const [index, id] of wanted.entries()) {
        keptBytes += found[index]!.length;
        known.set(id, parseTree(found[index]!));
      }
    },
    takeMade() {
      const objects = [...made.values()];
      keptBytes += madeBytes;
      [made, madeBytes] = [new Map(), 0];
      return objects;
    },
    get madeBytes() {
      return madeBytes;
    },
    trim() {
      if (keptBytes <= MAX_KEPT) return;
      for (const id of known.keys()) if (id !== EMPTY_TREE && !made.has(id)) known.delete(id);
      keptBytes = 0;
    },
  };
}
