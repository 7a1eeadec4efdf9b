import { Buffer } from "node:buffer";
import { BLOCK_BYTES, countPadding, FIELD, MAGIC, TYPE } from "../tree/tar_header.ts";
import type { RawPath } from "./raw_fs.ts";
import { Refusal } from "./refusal.ts";

/** One entry of a checkpoint: more than crosses to a host, as it only ever goes back to its agent. */
export type ArchiveEntry = {
  path: RawPath;
  kind: "file" | "dir" | "link" | "hardLink";
  /** With set-user-ID and its kin. */
  mode: number;
  size: number;
  mtimeMs: number;
  /** Of a symlink as written, of a hard link the path of the same file. */
  target: RawPath;
};

/**
 * Milliseconds of a time, in bytes that GNU tar leaves alone: its own form knows whole seconds. So
 * `tar -x` reads a checkpoint too.
 */
const MILLISECONDS = [500, 3] as const;
/** Largest number of eleven octal digits. */
const MOST_OCTAL = 8 ** 11 - 1;
/** The first byte of a number that is written as itself. */
const BINARY = 0x80;
const LONG_NAME = "././@LongLink";

const TYPES: Readonly<Record<ArchiveEntry["kind"], string>> = {
  file: TYPE.file,
  dir: TYPE.dir,
  link: TYPE.link,
  hardLink: TYPE.hardLink,
};

/** The header blocks of an entry, in GNU tar's form: names are bytes there, of any length. */
export function formatArchiveHeader(entry: ArchiveEntry): Buffer {
  const blocks: Buffer[] = [];
  const path = entry.kind === "dir" ? `${entry.path}/` : entry.path;
  if (path.length > FIELD.name[1]) blocks.push(formatLong(TYPE.gnuPath, path));
  if (entry.target.length > FIELD.link[1]) blocks.push(formatLong(TYPE.gnuLink, entry.target));
  blocks.push(formatBlock({ ...entry, path, type: TYPES[entry.kind] }));
  return blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks);
}

function formatLong(type: string, text: RawPath): Buffer {
  const size = text.length + 1;
  const block = formatBlock({ path: LONG_NAME, type, mode: 0, size, mtimeMs: 0, target: "" });
  const body = Buffer.alloc(size + countPadding(size));
  body.write(text, "latin1");
  return Buffer.concat([block, body]);
}

function formatBlock(entry: Omit<ArchiveEntry, "kind"> & { type: string }): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const text = ([at, length]: readonly [number, number], value: string) =>
    block.write(value.slice(0, length), at, "latin1");
  text(FIELD.name, entry.path);
  text(FIELD.link, entry.target);
  text(FIELD.type, entry.type);
  text(FIELD.magic, MAGIC.gnu);
  writeNumber(block, FIELD.mode, entry.mode);
  writeNumber(block, FIELD.uid, 0);
  writeNumber(block, FIELD.gid, 0);
  writeNumber(block, FIELD.size, entry.size);
  const seconds = Math.floor(entry.mtimeMs / 1000);
  writeNumber(block, FIELD.mtime, Math.max(0, seconds));
  const milliseconds = Math.floor(entry.mtimeMs) - seconds * 1000;
  text(MILLISECONDS, String(milliseconds).padStart(MILLISECONDS[1], "0"));
  text(FIELD.checksum, `${sumOf(block).toString(8).padStart(6, "0")}\0 `);
  return block;
}

function writeNumber(block: Buffer, [at, length]: readonly [number, number], value: number): void {
  if (value <= Math.min(8 ** (length - 1) - 1, MOST_OCTAL)) {
    block.write(value.toString(8).padStart(length - 1, "0"), at, "latin1");
    return;
  }
  block[at] = BINARY;
  block.writeBigUInt64BE(BigInt(value), at + length - 8);
}

/** The sum counts its own field as spaces. */
function sumOf(block: Buffer): number {
  const [at, length] = FIELD.checksum;
  let sum = length * 0x20;
  for (let index = 0; index < BLOCK_BYTES; index++) {
    if (index < at || index >= at + length) sum += block[index]!;
  }
  return sum;
}

/** What one block says: an entry, a long name for the next one, or the end. */
export type ArchiveBlock =
  | { type: "end" }
  | { type: "longPath" | "longTarget"; size: number }
  | { type: "entry"; entry: ArchiveEntry };

/**
 * Reads a block that {@link formatArchiveHeader} wrote.
 *
 * @throws {Refusal} For any other.
 */
export function parseArchiveBlock(block: Buffer): ArchiveBlock {
  if (block.every((byte) => byte === 0)) return { type: "end" };
  const sum = Number.parseInt(readText(block, FIELD.checksum), 8);
  if (sum !== sumOf(block)) throw new Refusal("The checkpoint is damaged: a sum is wrong");
  const type = readText(block, FIELD.type);
  const size = readNumber(block, FIELD.size);
  if (type === TYPE.gnuPath) return { type: "longPath", size };
  if (type === TYPE.gnuLink) return { type: "longTarget", size };
  const kind = KINDS[type];
  if (kind === undefined) throw new Refusal("The checkpoint is damaged: it has what is none of it");
  const path = readText(block, FIELD.name);
  const milliseconds = Number(readText(block, MILLISECONDS));
  if (!Number.isFinite(milliseconds)) {
    throw new Refusal("The checkpoint is damaged: a time is none");
  }
  return {
    type: "entry",
    entry: {
      path,
      kind,
      mode: readNumber(block, FIELD.mode) & 0o7777,
      size,
      mtimeMs: readNumber(block, FIELD.mtime) * 1000 + milliseconds,
      target: readText(block, FIELD.link),
    },
  };
}

const KINDS: Readonly<Record<string, ArchiveEntry["kind"]>> = Object.fromEntries(
  Object.entries(TYPES).map(([kind, type]) => [type, kind as ArchiveEntry["kind"]]),
);

function readText(block: Buffer, [at, length]: readonly [number, number]): string {
  const text = block.toString("latin1", at, at + length);
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

function readNumber(block: Buffer, field: readonly [number, number]): number {
  const [at, length] = field;
  if (block[at] === BINARY) return Number(block.readBigUInt64BE(at + length - 8));
  const number = Number.parseInt(readText(block, field), 8) || 0;
  if (number < 0) throw new Refusal("The checkpoint is damaged: a number is below 0");
  return number;
}
