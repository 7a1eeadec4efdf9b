/**
 * Finds many short byte patterns in one pass. Two bytes are read at a time; each pattern is known by
 * one pair of its bytes at an even distance from its start and one at an odd distance, so that one of
 * them is met whatever the alignment. The rarest pairs of a pattern are taken.
 */

/** For each position the bytes it may be; at least three positions. */
export type Anchor = readonly (readonly number[])[];

/** A compiled set of patterns. */
export type PairIndex<T> = {
  /** Calls for each pattern that starts in `[from, to)` and ends inside `data`, in no order. */
  find(
    data: Uint8Array,
    range: { from: number; to: number },
    visit: (value: T, at: number) => void,
  ): void;
};

/** Pairs are looked for among these first positions: how far past `to` is read. */
const PAIR_REACH = 16;

type Entry<T> = { value: T; anchor: Anchor; offset: number };

/** Compiles patterns, each with the value that is told when it is found. */
export function compilePairIndex<T>(
  patterns: readonly { anchor: Anchor; value: T }[],
): PairIndex<T> {
  const table = new Uint16Array(0x10000);
  const buckets: Entry<T>[][] = [[]];
  for (const { anchor, value } of patterns) {
    for (const parity of [0, 1]) {
      const offset = chooseOffset(anchor, { parity, table, buckets });
      for (const first of anchor[offset]!) {
        for (const second of anchor[offset + 1]!) {
          const pair = first << 8 | second;
          if (table[pair] === 0) table[pair] = buckets.push([]) - 1;
          buckets[table[pair]!]!.push({ value, anchor, offset });
        }
      }
    }
  }
  return { find: (data, range, visit) => findAll({ table, buckets }, { data, ...range, visit }) };
}

/** The anchor of a text or of bytes that must be there exactly. */
export function toAnchor(bytes: Iterable<number>): Anchor {
  return Array.from(bytes, (byte) => [byte]);
}

function findAll<T>(
  { table, buckets }: { table: Uint16Array; buckets: Entry<T>[][] },
  search: {
    data: Uint8Array;
    from: number;
    to: number;
    visit: (value: T, at: number) => void;
  },
): void {
  const { data, from, to, visit } = search;
  const stop = Math.min(data.length - 1, to + PAIR_REACH);
  for (let i = from; i < stop; i += 2) {
    const bucket = table[data[i]! << 8 | data[i + 1]!]!;
    if (bucket === 0) continue;
    for (const entry of buckets[bucket]!) {
      const at = i - entry.offset;
      if (at >= from && at < to && isThere(entry.anchor, { data, at })) visit(entry.value, at);
    }
  }
}

function isThere(anchor: Anchor, place: { data: Uint8Array; at: number }): boolean {
  const { data, at } = place;
  if (at + anchor.length > data.length) return false;
  for (let k = 0; k < anchor.length; k++) {
    const allowed = anchor[k]!;
    const byte = data[at + k]!;
    if (allowed[0] !== byte && (allowed.length === 1 || !allowed.includes(byte))) return false;
  }
  return true;
}

function chooseOffset<T>(
  anchor: Anchor,
  options: { parity: number; table: Uint16Array; buckets: Entry<T>[][] },
): number {
  let best = options.parity;
  let least = Infinity;
  for (let offset = options.parity; offset < Math.min(anchor.length, PAIR_REACH) - 1; offset += 2) {
    let cost = 0;
    for (const first of anchor[offset]!) {
      for (const second of anchor[offset + 1]!) {
        const crowd = options.buckets[options.table[first << 8 | second]!]!.length;
        cost += commonness(first) * commonness(second) * (1 + crowd);
      }
    }
    if (cost < least) [best, least] = [offset, cost];
  }
  return best;
}

/** How often a byte is met in JSON, source code and base64, roughly. */
function commonness(byte: number): number {
  if (byte === 0x20) return 20;
  if (byte >= 0x61 && byte <= 0x7a) return 10;
  if (byte >= 0x30 && byte <= 0x39) return 6;
  if (byte >= 0x41 && byte <= 0x5a) return 4;
  return byte > 0x20 && byte < 0x7f ? 3 : 1;
}
