/** What one stream has named so far, to find what cannot stand beside it. */
export type PathTable = {
  /** Takes a path on record; answers with why it cannot be, in words that follow the path. */
  add(path: string, kind: "dir" | "other"): string | undefined;
};

/** Marks of a path: `named` by an entry of its own, a directory or something else. */
const NAMED = 1;
const DIR = 2;
const OTHER = 4;

/** Directories that no entry names come on top of the entries; so many for each entry. */
const MOST_IMPLIED = 16;
/** And so many in any case. */
const SPARE = 4096;

/**
 * Makes a table of paths: none twice, and none below what is no directory. It keeps 64 bits of each
 * path, so that long names cost no memory; two paths that have the same bits, once in 10^10 streams,
 * are refused.
 *
 * @param entries Most entries of the stream.
 */
export function createPathTable(entries: number): PathTable {
  const most = entries * (1 + MOST_IMPLIED) + SPARE;
  const seed = Math.floor(Math.random() * 2 ** 32);
  let slots = createSlots(1024);
  let count = 0;

  /** Finds or makes the slot of the first `length` characters. */
  const slotOf = (path: string, length: number): number => {
    let high = seed;
    let low = ~seed;
    for (let at = 0; at < length; at++) {
      const code = path.charCodeAt(at);
      high = Math.imul(high ^ code, 0x01000193);
      low = Math.imul(low ^ (low >>> 15) ^ code, 0x2c1b3c6d);
    }
    // A slot whose marks are 0 is free, so that no value has to be kept out.
    const slot = findSlot(slots, high, low);
    if (slots.marks[slot] !== 0) return slot;
    if (++count * 2 > slots.marks.length) slots = grow(slots);
    return slotOfNew(slots, high, low);
  };

  return {
    add(path, kind) {
      // Parents from the nearest up: where one is known as a directory, so are those above.
      for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
        const slot = slotOf(path, end);
        const marks = slots.marks[slot]!;
        if ((marks & OTHER) !== 0) return "it is below something that is no directory";
        if ((marks & DIR) !== 0) break;
        slots.marks[slot] = DIR;
        if (count > most) return "the stream has too many directories";
      }
      const slot = slotOf(path, path.length);
      const marks = slots.marks[slot]!;
      if ((marks & NAMED) !== 0) return "it comes twice";
      if (kind === "other" && (marks & DIR) !== 0) return "it was a directory before";
      slots.marks[slot] = NAMED | (kind === "dir" ? DIR : OTHER);
      return undefined;
    },
  };
}

type Slots = { high: Int32Array; low: Int32Array; marks: Uint8Array };

function createSlots(size: number): Slots {
  return { high: new Int32Array(size), low: new Int32Array(size), marks: new Uint8Array(size) };
}

/** The slot of a value, or the free one where it belongs. The size is a power of two. */
function findSlot(slots: Slots, high: number, low: number): number {
  const mask = slots.marks.length - 1;
  let slot = Math.imul(high ^ (low >>> 7), 0x9e3779b1) >>> 7 & mask;
  while (slots.marks[slot] !== 0 && (slots.high[slot] !== high || slots.low[slot] !== low)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

function slotOfNew(slots: Slots, high: number, low: number): number {
  const slot = findSlot(slots, high, low);
  slots.high[slot] = high;
  slots.low[slot] = low;
  return slot;
}

function grow(slots: Slots): Slots {
  const wider = createSlots(slots.marks.length * 2);
  for (let slot = 0; slot < slots.marks.length; slot++) {
    if (slots.marks[slot] === 0) continue;
    const [high, low] = [slots.high[slot]!, slots.low[slot]!];
    wider.marks[slotOfNew(wider, high, low)] = slots.marks[slot]!;
  }
  return wider;
}
