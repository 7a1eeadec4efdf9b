import { join } from "node:path";
import type { MailFs } from "./mail_fs.ts";

/** A row as it is on record: rows are numbered from 1, without gaps. */
export type Numbered<Row> = Row & { seq: number };

/** After which row reading goes on, and where that is: no other row has to be looked at. */
export type Place = { seq: number; segment: string; offset: number };

/** The place before every row. */
export const START: Place = { seq: 0, segment: "", offset: 0 };

/** One row, and the place after it. */
export type Read<Row> = { row: Numbered<Row>; place: Place };

/**
 * Rows on a disk, added at the end of files of a bounded size. Whoever adds holds a lock for it;
 * reading needs none. What is cut in the middle of a row is as if it had not been added.
 */
export type MailLog<Row> = {
  /** Adds rows; when it returns they last. @throws If the disk refuses; none was added then. */
  add(rows: readonly Row[]): Numbered<Row>[];
  /** Rows after a place, as they are now. */
  read(after: Place): Generator<Read<Row>>;
  /** Number of the last row; 0 for none. */
  last(): number;
  /** Bytes of all rows. */
  bytes(): number;
  /** Removes the oldest files whose rows all have numbers up to this one. */
  forget(upTo: number): void;
};

/** A file that is as long is not added to any more, in bytes. */
const SEGMENT_BYTES = 4_194_304;

/** Bytes read at once. */
const CHUNK = 262_144;

const NEWLINE = 0x0a;
const SUFFIX = ".jsonl";

/** Opens a log in a directory of its own. */
export function openLog<Row extends object>(
  dir: string,
  options: { fs: MailFs; segmentBytes?: number },
): MailLog<Row> {
  const { fs } = options;
  const segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
  /** The last file as this process knows it: where its last whole row ends, and its number. */
  let tail: { segment: string; size: number; seq: number } | undefined;

  const list = () => fs.list(dir).filter((name) => /^\d{12}\.jsonl$/.test(name));

  /** Looks again where others may have added since. */
  function findTail(): { segment: string; size: number; seq: number } | undefined {
    const segment = list().at(-1);
    if (segment === undefined) return tail = undefined;
    const known = tail?.segment === segment && tail.size <= (fs.size(join(dir, segment)) ?? 0)
      ? tail
      : { segment, size: 0, seq: firstOf(segment) - 1 };
    let { size, seq } = known;
    for (const { row, place } of readSegment<Row>(segment, { from: size, after: seq })) {
      size = place.offset;
      seq = row.seq;
    }
    return tail = { segment, size, seq };
  }

  function* readSegment<Of extends Row>(
    segment: string,
    { from, after }: { from: number; after: number },
  ): Generator<Read<Of>> {
    const path = join(dir, segment);
    let offset = from;
    let seq = after;
    let rest: Uint8Array = new Uint8Array(0);
    for (let at = from;;) {
      const chunk = readChunk(path, at);
      if (chunk.length === 0) return;
      at += chunk.length;
      const bytes = rest.length === 0 ? chunk : concat(rest, chunk);
      let start = 0;
      for (let end; (end = bytes.indexOf(NEWLINE, start)) >= 0; start = end + 1) {
        const row = parseRow<Of>(bytes.subarray(start, end), seq + 1);
        if (row === undefined) return;
        offset += end + 1 - start;
        seq = row.seq;
        yield { row, place: { seq, segment, offset } };
      }
      rest = bytes.subarray(start);
    }
  }

  function readChunk(path: string, from: number): Uint8Array {
    try {
      return fs.read(path, { from, to: from + CHUNK });
    } catch (error) {
      // Forgotten meanwhile: its rows have been seen.
      if (error instanceof Deno.errors.NotFound) return new Uint8Array(0);
      throw error;
    }
  }

  return {
    add(rows) {
      if (rows.length === 0) return [];
      fs.makeDir(dir);
      const end = findTail();
      const isFull = end === undefined || end.size >= segmentBytes;
      const first = (end?.seq ?? 0) + 1;
      const segment = isFull ? nameOf(first) : end.segment;
      const path = join(dir, segment);
      const whole = isFull ? 0 : end.size;
      // What somebody who was killed has left of a row.
      if ((fs.size(path) ?? 0) > whole) fs.truncate(path, whole);
      const numbered = rows.map((row, index) => ({ ...row, seq: first + index }));
      const bytes = new TextEncoder().encode(
        numbered.map((row) => JSON.stringify(row) + "\n").join(""),
      );
      fs.append(path, bytes);
      tail = { segment, size: whole + bytes.length, seq: first + rows.length - 1 };
      return numbered;
    },
    *read(after) {
      const segments = list();
      const begin = segments.findLastIndex((segment) => firstOf(segment) <= after.seq + 1);
      for (const segment of segments.slice(Math.max(0, begin))) {
        const isPlace = segment === after.segment && isRowEnd(join(dir, segment), after.offset);
        const from = isPlace
          ? { from: after.offset, after: after.seq }
          : { from: 0, after: firstOf(segment) - 1 };
        for (const read of readSegment<Row>(segment, from)) {
          if (read.row.seq > after.seq) yield read;
        }
      }
    },
    last: () => findTail()?.seq ?? 0,
    bytes: () => list().reduce((sum, segment) => sum + (fs.size(join(dir, segment)) ?? 0), 0),
    forget(upTo) {
      const segments = list();
      // The last one stays: the next row takes its number from it.
      for (const [index, segment] of segments.slice(0, -1).entries()) {
        if (firstOf(segments[index + 1]!) - 1 > upTo) return;
        fs.remove(join(dir, segment));
      }
    },
  };

  /** A place on record may be older than what became of the file in a power cut. */
  function isRowEnd(path: string, offset: number): boolean {
    if (offset <= 0) return offset === 0;
    return fs.read(path, { from: offset - 1, to: offset })[0] === NEWLINE;
  }
}

function nameOf(first: number): string {
  return `${String(first).padStart(12, "0")}${SUFFIX}`;
}

function firstOf(segment: string): number {
  return Number(segment.slice(0, -SUFFIX.length));
}

function concat(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** A row, if these bytes are the one with this number. */
function parseRow<Row>(bytes: Uint8Array, seq: number): Numbered<Row> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const isRow = typeof value === "object" && value !== null && "seq" in value &&
      value.seq === seq;
    return isRow ? value as Numbered<Row> : undefined;
  } catch {
    return undefined;
  }
}
