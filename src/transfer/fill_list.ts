import type { TreeEntry } from "../tree/entry.ts";

/**
 * Entries of a whole tree, in a tenth of the room that objects take: a hundred thousand files are in
 * memory while they go in.
 */
export type FillList = {
  readonly length: number;
  add(entry: TreeEntry): void;
  path(at: number): string;
  size(at: number): number;
  kind(at: number): TreeEntry["kind"];
  /** As it was added, with the hash that is known by now. */
  entry(at: number): TreeEntry;
  setHash(at: number, sha256: string): void;
  hasHash(at: number): boolean;
  /** Times of the file inside, in milliseconds. */
  setInner(at: number, times: { mtimeMs: number; ctimeMs: number }): void;
  /** `undefined` when they are not known. */
  inner(at: number): { mtimeMs: number; ctimeMs: number } | undefined;
};

const KINDS = ["file", "dir", "link"] as const;
const HASH_BYTES = 32;
/** Numbers of one entry: mode, size, both times, both times inside. */
const NUMBERS = 6;

/** Makes an empty list. */
export function createFillList(): FillList {
  const paths: string[] = [];
  const targets = new Map<number, string>();
  let kinds = new Uint8Array(1024);
  let numbers = new Float64Array(1024 * NUMBERS);
  let hashes = new Uint8Array(1024 * HASH_BYTES);
  let hashed = new Uint8Array(1024);
  const grow = () => {
    const wider = <List extends Uint8Array | Float64Array>(list: List, to: List): List => {
      to.set(list);
      return to;
    };
    kinds = wider(kinds, new Uint8Array(kinds.length * 2));
    numbers = wider(numbers, new Float64Array(numbers.length * 2));
    hashes = wider(hashes, new Uint8Array(hashes.length * 2));
    hashed = wider(hashed, new Uint8Array(hashed.length * 2));
  };
  const number = (at: number, which: number) => numbers[at * NUMBERS + which]!;
  const kind = (at: number) => KINDS[kinds[at]!]!;
  return {
    get length() {
      return paths.length;
    },
    add(entry) {
      const at = paths.length;
      if (at === kinds.length) grow();
      paths.push(entry.path);
      kinds[at] = KINDS.indexOf(entry.kind);
      const { mode, size, mtimeMs, ctimeMs } = entry;
      numbers.set([mode, size, mtimeMs, ctimeMs, NaN, NaN], at * NUMBERS);
      if (entry.target !== undefined) targets.set(at, entry.target);
    },
    path: (at) => paths[at]!,
    size: (at) => number(at, 1),
    kind,
    entry(at) {
      const target = targets.get(at);
      const hash = hashed[at] === 1
        ? hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES).toHex()
        : undefined;
      return {
        path: paths[at]!,
        kind: kind(at),
        mode: number(at, 0),
        size: number(at, 1),
        mtimeMs: number(at, 2),
        ctimeMs: number(at, 3),
        ...(target === undefined ? {} : { target }),
        ...(hash === undefined ? {} : { sha256: hash }),
      };
    },
    setHash(at, sha256) {
      hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES).setFromHex(sha256);
      hashed[at] = 1;
    },
    hasHash: (at) => hashed[at] === 1,
    setInner: (at, { mtimeMs, ctimeMs }) => numbers.set([mtimeMs, ctimeMs], at * NUMBERS + 4),
    inner(at) {
      const [mtimeMs, ctimeMs] = [number(at, 4), number(at, 5)];
      return Number.isNaN(mtimeMs) ? undefined : { mtimeMs, ctimeMs };
    },
  };
}
