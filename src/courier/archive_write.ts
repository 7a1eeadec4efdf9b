import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { BLOCK_BYTES, countPadding } from "../tree/tar_header.ts";
import { type ArchiveEntry, formatArchiveHeader } from "./archive_header.ts";
import { listRaw, lstatRaw, openRaw, type RawPath, toNode, withinRaw } from "./raw_fs.ts";
import { findErrorCode } from "./refusal.ts";

/** Bytes that are written at once. */
const CHUNK = 1_048_576;

/** What an archive came to. */
export type Archived = { entries: number; bytes: number };

/** The same of a file, with the SHA-256 of its bytes, hex. */
export type ArchivedFile = Archived & { sha256: string };

/** An archive that grows; `add` takes a path below its root with all that is below it. */
export type Archive = { add(path: RawPath): void; end(): Archived };

/**
 * Writes all that is below a root into a file, as {@link openArchive} does.
 *
 * @param options.skip Names at the top that are left out.
 */
export function writeArchive(
  root: RawPath,
  options: { fd: number; skip(name: string): boolean },
): ArchivedFile {
  const { fd, skip } = options;
  const hash = createHash("sha256");
  const archive = openArchive(root, (bytes) => {
    hash.update(bytes);
    for (let at = 0; at < bytes.length;) at += fs.writeSync(fd, bytes, at, bytes.length - at);
  });
  for (const name of listRaw(root)) {
    if (!skip(name)) archive.add(name);
  }
  const { entries, bytes } = archive.end();
  return { entries, bytes, sha256: hash.digest("hex") };
}

/**
 * Begins an archive of files, directories, symlinks and hard links, with names, modes and times as
 * they are. Pipes, sockets and devices hold no work and are left out. A file that shrinks meanwhile
 * ends in zeros.
 *
 * @param write Takes the bytes; what it gets is valid during the call.
 */
export function openArchive(root: RawPath, write: (bytes: Uint8Array) => void): Archive {
  const sink = createSink(write);
  /** Where a file with several names was met first, by device and inode. */
  const known = new Map<string, RawPath>();
  let entries = 0;

  const add = (path: RawPath) => {
    const place = `${root}/${path}`;
    const stat = lstatRaw(place);
    if (stat === undefined) return;
    const entry = planEntry(path, { place, stat, known });
    if (entry === undefined) return;
    if (entry.kind === "file") {
      if (!addFile(sink, entry, place)) return;
    } else sink.add(formatArchiveHeader(entry));
    entries++;
    if (entry.kind !== "dir") return;
    withinRaw(place, {
      mode: entry.mode,
      act: () => listRaw(place).forEach((name) => add(`${path}/${name}`)),
    });
  };
  return {
    add,
    end() {
      sink.add(Buffer.alloc(2 * BLOCK_BYTES));
      return { entries, bytes: sink.end() };
    },
  };
}

function planEntry(
  path: RawPath,
  options: { place: RawPath; stat: fs.Stats; known: Map<string, RawPath> },
): ArchiveEntry | undefined {
  const { place, stat, known } = options;
  const base = { path, mode: stat.mode & 0o7777, size: 0, mtimeMs: stat.mtimeMs, target: "" };
  if (stat.isDirectory()) return { ...base, kind: "dir" };
  if (stat.isSymbolicLink()) {
    return { ...base, kind: "link", target: fs.readlinkSync(toNode(place), "latin1") };
  }
  if (!stat.isFile()) return undefined;
  if (stat.nlink > 1) {
    const identity = `${stat.dev}:${stat.ino}`;
    const first = known.get(identity);
    if (first !== undefined) return { ...base, kind: "hardLink", target: first };
    known.set(identity, path);
  }
  return { ...base, kind: "file", size: stat.size };
}

type Sink = {
  add(bytes: Uint8Array): void;
  /** Room for up to so many bytes, and how many of it were used. */
  room(bytes: number): Buffer;
  used(bytes: number): void;
  /** Writes what is left, and answers how much there was in all. */
  end(): number;
};

function createSink(write: (bytes: Uint8Array) => void): Sink {
  const buffer = Buffer.allocUnsafe(CHUNK);
  let filled = 0;
  let total = 0;
  const flush = () => {
    write(buffer.subarray(0, filled));
    total += filled;
    filled = 0;
  };
  return {
    add(bytes) {
      for (let at = 0; at < bytes.length;) {
        if (filled === CHUNK) flush();
        const count = Math.min(bytes.length - at, CHUNK - filled);
        buffer.set(bytes.subarray(at, at + count), filled);
        filled += count;
        at += count;
      }
    },
    room(bytes) {
      if (filled === CHUNK) flush();
      return buffer.subarray(filled, Math.min(filled + bytes, CHUNK));
    },
    used: (bytes) => void (filled += bytes),
    end() {
      flush();
      return total;
    },
  };
}

/** Answers whether the file was still there. */
function addFile(sink: Sink, entry: ArchiveEntry, place: RawPath): boolean {
  let fd: number;
  try {
    fd = openRaw(place);
  } catch (error) {
    // Gone since it was looked at, or a symlink by now: an agent may be at work.
    if (["ENOENT", "ELOOP", "ENOTDIR"].includes(findErrorCode(error) ?? "")) return false;
    throw error;
  }
  try {
    sink.add(formatArchiveHeader(entry));
    for (let left = entry.size; left > 0;) {
      const room = sink.room(left);
      const count = fs.readSync(fd, room);
      if (count === 0) room.fill(0);
      sink.used(count || room.length);
      left -= count || room.length;
    }
    sink.add(PADDING.subarray(0, countPadding(entry.size)));
    return true;
  } finally {
    fs.closeSync(fd);
  }
}

const PADDING = Buffer.alloc(BLOCK_BYTES);
