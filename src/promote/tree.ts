/** Twenty bytes of an object's id, as text of one byte in each character. */
export type RawId = string;

/** One entry of a tree. The name is bytes, one in each character. */
export type TreeEntry = { mode: string; name: string; id: RawId };

/** A tree's entries in git's order. */
export type Tree = readonly TreeEntry[];

/** Bytes of an id in a tree. */
const ID_BYTES = 20;
const MODE_TREE = "40000";

/**
 * Reads the bytes of a tree object, one in each character.
 *
 * @throws {Error} If an entry has no end. git's own checker refuses such an object before we see it.
 */
export function parseTree(text: string): Tree {
  const entries: TreeEntry[] = [];
  for (let at = 0; at < text.length;) {
    const blank = text.indexOf(" ", at);
    const end = text.indexOf("\0", blank);
    const next = end + 1 + ID_BYTES;
    if (blank < 0 || end < 0 || next > text.length) throw new Error("The object is no tree");
    entries.push({
      mode: text.slice(at, blank),
      name: text.slice(blank + 1, end),
      id: text.slice(end + 1, next),
    });
    at = next;
  }
  return entries;
}

/** The bytes of a tree object, one in each character. */
export function formatTree(tree: Tree): string {
  let text = "";
  for (const { mode, name, id } of tree) text += `${mode} ${name}\0${id}`;
  return text;
}

/** Is it a directory? Old trees write its mode with a zero in front. */
export function isTree(entry: TreeEntry): boolean {
  return entry.mode === MODE_TREE || entry.mode === `0${MODE_TREE}`;
}

/** An entry for a directory. */
export function treeEntry(name: string, id: RawId): TreeEntry {
  return { mode: MODE_TREE, name, id };
}

/** Are they the same thing? Absent is the same as absent. */
export function isSame(a: TreeEntry | undefined, b: TreeEntry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.id === b.id && a.mode === b.mode;
}

/** What stands at one name before and after. */
export type TreeChange = {
  name: string;
  was: TreeEntry | undefined;
  is: TreeEntry | undefined;
};

/** The names at which two trees differ. */
export function diffTrees(from: Tree, to: Tree): TreeChange[] {
  const changes = new Map<string, TreeChange>();
  const add = (was: TreeEntry | undefined, is: TreeEntry | undefined) => {
    const name = (was ?? is)!.name;
    // A file that became a directory has another place in the order.
    const known = changes.get(name);
    changes.set(name, { name, was: was ?? known?.was, is: is ?? known?.is });
  };
  let [a, b] = [0, 0];
  while (a < from.length || b < to.length) {
    const [was, is] = [from[a], to[b]];
    const order = was === undefined ? 1 : is === undefined ? -1 : compareEntries(was, is);
    if (order < 0) add(was, undefined);
    else if (order > 0) add(undefined, is);
    else if (!isSame(was, is)) add(was, is);
    if (order <= 0) a++;
    if (order >= 0) b++;
  }
  return [...changes.values()];
}

/** The entry of a name. */
export function findEntry(tree: Tree, name: string): TreeEntry | undefined {
  for (const kind of ["", "/"]) {
    const at = findPlace(tree, name + kind);
    if (tree[at]?.name === name) return tree[at];
  }
  return undefined;
}

/** A tree with one name set to something else, or taken out. */
export function withEntry(
  tree: Tree,
  { name, entry }: { name: string; entry: TreeEntry | undefined },
): Tree {
  const kept = tree.filter((other) => other.name !== name);
  if (entry !== undefined) kept.splice(findPlace(kept, keyOf(entry)), 0, entry);
  return kept;
}

/** git's order: bytes, a directory as if its name ended in a slash. */
export function compareEntries(a: TreeEntry, b: TreeEntry): number {
  const isPlain = a.name !== b.name && !isTree(a) && !isTree(b);
  const [left, right] = isPlain ? [a.name, b.name] : [keyOf(a), keyOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The first place whose entry does not come before the key. */
function findPlace(tree: Tree, key: string): number {
  let [low, high] = [0, tree.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keyOf(tree[middle]!) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function keyOf(entry: TreeEntry): string {
  return isTree(entry) ? `${entry.name}/` : entry.name;
}

/** Each byte by its two hex digits. */
const BYTES = new Map(
  Array.from({ length: 256 }, (_, byte) => [
    byte.toString(16).padStart(2, "0"),
    String.fromCharCode(byte),
  ]),
);

/** An id in hex as bytes. */
export function rawId(hex: string): RawId {
  let raw = "";
  for (let at = 0; at < hex.length; at += 2) raw += BYTES.get(hex.slice(at, at + 2));
  return raw;
}

/** Bytes of an id in hex. */
export function hexId(raw: RawId): string {
  let hex = "";
  for (let at = 0; at < raw.length; at++) hex += raw.charCodeAt(at).toString(16).padStart(2, "0");
  return hex;
}
