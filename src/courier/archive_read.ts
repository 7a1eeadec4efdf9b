import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { BLOCK_BYTES, countPadding } from "../tree/tar_header.ts";
import { type ArchiveEntry, parseArchiveBlock } from "./archive_header.ts";
import { toSeconds } from "./node_fs.ts";
import { type RawPath, toNode } from "./raw_fs.ts";
import { Refusal } from "./refusal.ts";

/** Bytes that are read at once. */
const CHUNK = 1_048_576;
/** Longest path of Linux, twice. */
const MOST_NAME = 8_192;

/** Bits that a `umask` or an open leaves out. */
const SPECIAL_BITS = 0o7000;

/**
 * Writes what is in an archive below a directory that is new and empty.
 *
 * @param options.sha256 Of all its bytes, hex, where that is known: what is there by then is not to be
 * used if they are others.
 * @throws {Refusal} If the archive is damaged.
 */
export function readArchive(root: RawPath, options: { fd: number; sha256?: string }): void {
  const hash = options.sha256 === undefined ? undefined : createHash("sha256");
  const source = createSource(options.fd, (bytes) => hash?.update(bytes));
  const dirs: ArchiveEntry[] = [];
  let long: { path?: RawPath; target?: RawPath } = {};
  for (;;) {
    const block = parseArchiveBlock(source.take(BLOCK_BYTES));
    if (block.type === "end") break;
    if (block.type !== "entry") {
      if (block.size > MOST_NAME) {
        throw new Refusal("The checkpoint is damaged: a name is too long");
      }
      const text = source.take(block.size).toString("latin1").slice(0, -1);
      source.take(countPadding(block.size));
      if (block.type === "longPath") long.path = text;
      else long.target = text;
      continue;
    }
    const entry = { ...block.entry, ...long };
    long = {};
    if (entry.path.endsWith("/")) entry.path = entry.path.slice(0, -1);
    checkPath(entry.path);
    writeEntry(root, entry, source);
    if (entry.kind === "dir") dirs.push(entry);
  }
  source.drain();
  if (hash !== undefined && hash.digest("hex") !== options.sha256) {
    throw new Refusal("The checkpoint is damaged: it is not what was written");
  }
  // From the deepest up: what is written into a directory changes its time, and may not be allowed.
  for (const { path, mode, mtimeMs } of dirs.reverse()) {
    fs.chmodSync(toNode(`${root}/${path}`), mode);
    fs.utimesSync(toNode(`${root}/${path}`), toSeconds(mtimeMs), toSeconds(mtimeMs));
  }
}

function writeEntry(root: RawPath, entry: ArchiveEntry, source: Source): void {
  const place = toNode(`${root}/${entry.path}`);
  const seconds = toSeconds(entry.mtimeMs);
  switch (entry.kind) {
    case "dir":
      return fs.mkdirSync(place, 0o700) as undefined;
    case "link":
      fs.symlinkSync(toNode(entry.target), place);
      return fs.lutimesSync(place, seconds, seconds);
    case "hardLink":
      checkPath(entry.target);
      return fs.linkSync(toNode(`${root}/${entry.target}`), place);
    case "file":
      return writeFile(place, entry, source);
    default:
      entry.kind satisfies never;
  }
}

function writeFile(place: string | Buffer, entry: ArchiveEntry, source: Source): void {
  const fd = fs.openSync(place, "wx", entry.mode & 0o777);
  try {
    for (let left = entry.size; left > 0;) {
      const bytes = source.takeSome(left);
      for (let at = 0; at < bytes.length;) at += fs.writeSync(fd, bytes, at);
      left -= bytes.length;
    }
    if ((entry.mode & SPECIAL_BITS) !== 0) fs.fchmodSync(fd, entry.mode);
    fs.futimesSync(fd, toSeconds(entry.mtimeMs), toSeconds(entry.mtimeMs));
  } finally {
    fs.closeSync(fd);
  }
  source.take(countPadding(entry.size));
}

/** The file is ours; but what is written never leaves its place, whatever it says. */
function checkPath(path: RawPath): void {
  if (path.split("/").every((part) => !["", ".", ".."].includes(part))) return;
  throw new Refusal("The checkpoint is damaged: a path leads out of it");
}

type Source = {
  /** So many bytes, valid until the next call. */
  take(bytes: number): Buffer;
  /** One byte at least, and as many as are there. */
  takeSome(most: number): Buffer;
  /** All that is left. */
  drain(): void;
};

function createSource(fd: number, onBytes: (bytes: Buffer) => void): Source {
  const buffer = Buffer.allocUnsafe(CHUNK);
  let [from, to] = [0, 0];
  const fill = (wanted: number) => {
    if (to - from >= wanted) return;
    buffer.copyWithin(0, from, to);
    [from, to] = [0, to - from];
    while (to < wanted) {
      const count = read(to);
      if (count === 0) throw new Refusal("The checkpoint is damaged: it ends early");
      to += count;
    }
  };
  const read = (at: number) => {
    const count = fs.readSync(fd, buffer, at, CHUNK - at, null);
    onBytes(buffer.subarray(at, at + count));
    return count;
  };
  const cut = (bytes: number) => {
    from += bytes;
    return buffer.subarray(from - bytes, from);
  };
  return {
    take(bytes) {
      fill(bytes);
      return cut(bytes);
    },
    takeSome(most) {
      fill(1);
      return cut(Math.min(most, to - from));
    },
    drain() {
      while (read(0) > 0);
    },
  };
}
