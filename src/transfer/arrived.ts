import { comparePaths, type TreeEntry } from "../tree/entry.ts";

/** What is asked for, in `comparePaths` order. */
export type Wanted = readonly { path: string; entry: TreeEntry }[];

/** Which of what was asked for has come: 33 bytes for each, where a map of hashes takes a hundred. */
export type Arrived = {
  /** How many have come. */
  readonly size: number;
  /** Where a path is among what is wanted; −1 when nobody asked for it. */
  find(path: string): number;
  has(at: number): boolean;
  /** SHA-256 of a file that has come, hex; `undefined` for all else. */
  hash(at: number): string | undefined;
  /** Something has come; a file with its SHA-256, hex. */
  add(at: number, sha256?: string): void;
  /** What had come is not there any more. */
  delete(at: number): void;
};

const HASH_BYTES = 32;

/** Of one that is wanted. */
const [ABSENT, PRESENT, HASHED] = [0, 1, 2];

/** Begins with nothing. */
export function createArrived(wanted: Wanted): Arrived {
  const states = new Uint8Array(wanted.length);
  const hashes = new Uint8Array(wanted.length * HASH_BYTES);
  const hashAt = (at: number) => hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
  let size = 0;
  let next = 0;
  return {
    get size() {
      return size;
    },
    find(path) {
      // Nearly all come in the order in which they were asked for.
      if (wanted[next]?.path !== path) next = search(wanted, path);
      const at = wanted[next]?.path === path ? next : -1;
      next++;
      return at;
    },
    has: (at) => (states[at] ?? ABSENT) !== ABSENT,
    hash: (at) => states[at] === HASHED ? hashAt(at).toHex() : undefined,
    add(at, sha256) {
      if (states[at] === ABSENT) size++;
      states[at] = sha256 === undefined ? PRESENT : HASHED;
      if (sha256 !== undefined) hashAt(at).setFromHex(sha256);
    },
    delete(at) {
      if ((states[at] ?? ABSENT) === ABSENT) return;
      states[at] = ABSENT;
      size--;
    },
  };
}

/** Where a path is, or would be. */
function search(wanted: Wanted, path: string): number {
  let [from, to] = [0, wanted.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (comparePaths(wanted[middle]!.path, path) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
