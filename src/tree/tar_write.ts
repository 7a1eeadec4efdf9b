import type { TreeEntry } from "./entry.ts";
import { BLOCK_BYTES, countPadding, FIELD, MAGIC, TYPE } from "./tar_header.ts";

/** Largest number of eleven octal digits: a size of 8 GiB, a time in the year 2242. */
const MOST_OCTAL = 8 ** 11 - 1;

/** Writes the parts of a stream between contents. */
export type TarWriter = {
  /** Header blocks of an entry, its records included. @throws If a size or time is no number. */
  header(entry: TreeEntry): Uint8Array;
  /** Zeros after contents of a size. */
  padding(size: number): Uint8Array;
  /** The end of the stream. */
  end(): Uint8Array;
};

/** Blocks of zeros that end a stream. */
const END_BYTES = 2 * BLOCK_BYTES;

/**
 * Makes a writer of tar streams: POSIX ustar, with pax records for what ustar cannot hold. Equal
 * entries give equal bytes; no owner, no name of one, no change time.
 */
export function createTarWriter(): TarWriter {
  return {
    header(entry) {
      const blocks = new Uint8Array(countHeaderRoom(entry));
      return blocks.subarray(0, writeHeader(entry, { into: blocks, at: 0 }));
    },
    padding: (size) => new Uint8Array(countPadding(size)),
    end: () => new Uint8Array(END_BYTES),
  };
}

/** An upper bound for the header blocks of an entry, quick to have. */
export function countHeaderRoom({ path, target = "" }: TreeEntry): number {
  // A UTF-16 unit is three bytes at most. Two headers, their records, and what is around those.
  const records = 3 * (path.length + target.length) + BLOCK_BYTES;
  return 2 * BLOCK_BYTES + records + countPadding(records);
}

/**
 * Writes the header blocks of an entry into a buffer with {@link countHeaderRoom} left.
 *
 * @returns Where the header ends.
 */
export function writeHeader(
  entry: TreeEntry,
  options: { into: Uint8Array; at: number },
): number {
  const { into } = options;
  const { kind, size, mtimeMs } = entry;
  if (!Number.isSafeInteger(size) || size < 0 || !Number.isSafeInteger(mtimeMs)) {
    throw new RangeError(`No entry has a size of ${size} and a time of ${mtimeMs}`);
  }
  const path = kind === "dir" ? `${entry.path}/` : entry.path;
  const target = entry.target ?? "";
  const split = splitPath(path);
  const isPlainTarget = target.length <= FIELD.link[1] && isAscii(target);
  const seconds = Math.floor(mtimeMs / 1000);
  const isPlainTime = seconds * 1000 === mtimeMs && seconds >= 0 && seconds <= MOST_OCTAL;

  let records = "";
  if (split === undefined) records += formatRecord("path", path);
  if (!isPlainTarget) records += formatRecord("linkpath", target);
  if (size > MOST_OCTAL) records += formatRecord("size", String(size));
  if (!isPlainTime) records += formatRecord("mtime", formatSeconds(mtimeMs));

  let at = options.at;
  if (records !== "") at = writeRecords(records, { into, at });
  return writeBlock(into, {
    at,
    // What the records replace is still given, as far as it goes, for whoever looks on.
    name: split?.name ?? toAscii(path),
    prefix: split?.prefix ?? "",
    mode: entry.mode & 0o777,
    size: size > MOST_OCTAL ? 0 : size,
    seconds: Math.min(Math.max(seconds, 0), MOST_OCTAL),
    type: kind === "file" ? TYPE.file : kind === "dir" ? TYPE.dir : TYPE.link,
    link: isPlainTarget ? target : toAscii(target),
  });
}

type Block = {
  at: number;
  name: string;
  prefix: string;
  mode: number;
  size: number;
  seconds: number;
  type: string;
  link: string;
};

/** Writes one header and answers where it ends. */
function writeBlock(into: Uint8Array, block: Block): number {
  const { at } = block;
  into.set(TEMPLATE, at);
  // The sum of all bytes is known by what is added to the template.
  let sum = TEMPLATE_SUM;
  const text = (field: readonly [number, number], value: string) => {
    const start = at + field[0];
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      into[start + index] = code;
      sum += code;
    }
  };
  const octal = (field: readonly [number, number], value: number) => {
    let rest = value;
    // The digits stand on zeros, and before a NUL.
    for (let index = at + field[0] + field[1] - 2; rest > 0; index--) {
      const digit = rest % 8;
      into[index] = ZERO + digit;
      sum += digit;
      rest = (rest - digit) / 8;
    }
  };
  text(FIELD.name, block.name);
  text(FIELD.prefix, block.prefix);
  text(FIELD.link, block.link);
  text(FIELD.type, block.type);
  octal(FIELD.mode, block.mode);
  octal(FIELD.size, block.size);
  octal(FIELD.mtime, block.seconds);
  const digits = sum.toString(8).padStart(6, "0");
  text(FIELD.checksum, `${digits}\0 `);
  return at + BLOCK_BYTES;
}

/** Writes a header for records, and the records. */
function writeRecords(records: string, options: { into: Uint8Array; at: number }): number {
  const { into, at } = options;
  const start = at + BLOCK_BYTES;
  const { written } = ENCODER.encodeInto(records, into.subarray(start));
  const end = start + written + countPadding(written);
  into.fill(0, start + written, end);
  writeBlock(into, {
    at,
    name: "PaxHeaders/next",
    prefix: "",
    mode: 0o644,
    size: written,
    seconds: 0,
    type: TYPE.pax,
    link: "",
  });
  return end;
}

/** One record: its own length, in bytes and with the length counted, then key and value. */
function formatRecord(key: string, value: string): string {
  const bytes = (isAscii(value) ? value.length : ENCODER.encode(value).length) + key.length + 3;
  let length = bytes + 1;
  while (bytes + String(length).length !== length) length = bytes + String(length).length;
  return `${length} ${key}=${value}\n`;
}

/** Milliseconds as seconds with a fraction, `-1.5` for -1500. */
function formatSeconds(mtimeMs: number): string {
  const [sign, ms] = mtimeMs < 0 ? ["-", -mtimeMs] : ["", mtimeMs];
  const fraction = ms % 1000;
  const whole = `${sign}${(ms - fraction) / 1000}`;
  return fraction === 0 ? whole : `${whole}.${String(fraction).padStart(3, "0")}`;
}

/** How a path fits into name and prefix; `undefined` if it does not. */
function splitPath(path: string): { name: string; prefix: string } | undefined {
  const [nameBytes, prefixBytes] = [FIELD.name[1], FIELD.prefix[1]];
  if (path.length > nameBytes + 1 + prefixBytes || !isAscii(path)) return undefined;
  if (path.length <= nameBytes) return { name: path, prefix: "" };
  // The slash between them is the first that leaves a name short enough, and not the last byte.
  const slash = path.indexOf("/", path.length - nameBytes - 1);
  if (slash < 1 || slash > prefixBytes || slash === path.length - 1) return undefined;
  return { name: path.slice(slash + 1), prefix: path.slice(0, slash) };
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) > 0x7f) return false;
  }
  return true;
}

function toAscii(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.slice(0, FIELD.name[1]).replace(/[^\x01-\x7f]/g, "_");
}

const ENCODER = new TextEncoder();
const ZERO = 0x30;

/** A header with what is the same in all: zeros as owner, the magic, spaces for its sum. */
const TEMPLATE = (() => {
  const block = new Uint8Array(BLOCK_BYTES);
  for (const [start, length] of [FIELD.mode, FIELD.uid, FIELD.gid, FIELD.size, FIELD.mtime]) {
    block.fill(ZERO, start, start + length - 1);
  }
  ENCODER.encodeInto(MAGIC.posix, block.subarray(FIELD.magic[0]));
  return block;
})();

/** The sum counts its own field as spaces. */
const TEMPLATE_SUM = TEMPLATE.reduce((sum, byte) => sum + byte, FIELD.checksum[1] * 0x20);
