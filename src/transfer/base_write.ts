import { dirname, join } from "node:path";
import { ensurePrivateDir, removeIfPresent } from "../files.ts";
import { formatPath } from "../project/root.ts";
import { comparePaths } from "../tree/entry.ts";
import type { BaseEntry } from "./base_entry.ts";
import type { BaseFile } from "./base_file.ts";
import {
  createDirDigests,
  type DirRow,
  formatDirRow,
  formatHeader,
  formatOffset,
  formatRow,
  INDEX_AT,
} from "./base_rows.ts";

/** Bytes written at a time. */
const WRITE_BYTES = 64 * 1024;

/**
 * Characters of a directory that are held until they go there. Few, as they are made of many small
 * pieces, which make the heap grow the more the longer they live.
 */
const HELD_CHARS = 4 * 1024;

/** Bytes of the longest character. */
const MOST_UTF8 = 4;

/** Where the directories of a new base go. */
export type Writer = {
  /** Begins a directory; several may be open at once. */
  dir(dir: string): DirWriter;
  /** Takes a directory over from another base. */
  copy(row: DirRow, from: BaseFile): void;
};

/** Where the entries of one directory go, in order. */
export type DirWriter = {
  dir: string;
  add(entry: BaseEntry): void;
  end(): void;
};

/**
 * Writes a base whole: a reader sees the old one or the new one, also after a crash.
 *
 * @param base.entries In `comparePaths` order.
 */
export function writeBase(
  path: string,
  base: { ignoreFiles: readonly string[]; entries: Iterable<BaseEntry> },
): Promise<void> {
  const { ignoreFiles, entries } = base;
  return replaceBase(path, { ignoreFiles, write: (writer) => writeEntries(writer, entries) });
}

/** Writes a base directory by directory, as {@link writeBase} does. */
export async function replaceBase(
  path: string,
  base: { ignoreFiles: readonly string[]; write(writer: Writer): void },
): Promise<void> {
  await ensurePrivateDir(dirname(path));
  const temporary = join(dirname(path), `.${crypto.randomUUID()}.tmp`);
  try {
    writeFile(temporary, base);
    await Deno.rename(temporary, path);
  } catch (error) {
    await removeIfPresent(temporary);
    throw error;
  }
}

function writeFile(
  path: string,
  { ignoreFiles, write }: { ignoreFiles: readonly string[]; write(writer: Writer): void },
): void {
  using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  const out = createOutput(file);
  out.text(formatHeader(ignoreFiles));
  const dirs: DirRow[] = [];
  write({
    dir: (dir) => openDir(dir, { out, onEnd: (row) => dirs.push(row) }),
    copy(row, from) {
      const offset = out.bytes();
      for (const bytes of from.bytes(row)) out.raw(bytes);
      dirs.push({ ...row, pieces: [offset, out.bytes() - offset] });
    },
  });
  const indexAt = out.bytes();
  dirs.sort((a, b) => comparePaths(a.dir, b.dir));
  for (const row of dirs) out.text(formatDirRow(row));
  out.flush();
  file.seekSync(INDEX_AT, Deno.SeekMode.Start);
  out.text(formatOffset(indexAt));
  out.flush();
  file.syncSync();
}

function writeEntries(writer: Writer, entries: Iterable<BaseEntry>): void {
  const open = [writer.dir("")];
  let last: string | undefined;
  for (const entry of entries) {
    const { path } = entry;
    if (last !== undefined && comparePaths(last, path) >= 0) {
      throw new Error(`Entries of a base are not in order: ${formatPath(path)}`);
    }
    last = path;
    const dir = parentOf(path);
    for (let top = open.at(-1)!; !isSameOrBelow(dir, top.dir); top = open.at(-1)!) {
      top.end();
      open.pop();
    }
    if (open.at(-1)!.dir !== dir) open.push(writer.dir(dir));
    open.at(-1)!.add(entry);
  }
  while (open.length > 0) open.pop()!.end();
}

function openDir(
  dir: string,
  options: { out: Output; onEnd(row: DirRow): void },
): DirWriter {
  const { out, onEnd } = options;
  const digests = createDirDigests();
  const pieces: number[] = [];
  let text = "";
  let isEmpty = true;
  const put = () => {
    const offset = out.bytes();
    out.text(text);
    text = "";
    const length = out.bytes() - offset;
    const last = pieces.length - 2;
    // Where no other directory came in between, it goes on.
    if (last >= 0 && pieces[last]! + pieces[last + 1]! === offset) pieces[last + 1]! += length;
    else pieces.push(offset, length);
  };
  return {
    dir,
    add(entry) {
      digests.add(entry);
      text += formatRow(entry);
      isEmpty = false;
      if (text.length > HELD_CHARS) put();
    },
    end() {
      if (text !== "") put();
      // What nobody knows anything about is not there; the root always is.
      if (!isEmpty || dir === "") onEnd({ dir, digests: digests.end(), pieces });
    },
  };
}

/** Bytes on their way to a file. */
type Output = {
  text(text: string): void;
  raw(bytes: Uint8Array): void;
  /** How many there were by now. */
  bytes(): number;
  flush(): void;
};

function createOutput(file: Deno.FsFile): Output {
  const encoder = new TextEncoder();
  const buffer = new Uint8Array(WRITE_BYTES);
  let [filled, written] = [0, 0];
  const flush = () => {
    for (let at = 0; at < filled;) at += file.writeSync(buffer.subarray(at, filled));
    written += filled;
    filled = 0;
  };
  const raw = (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + buffer.length - filled);
      buffer.set(piece, filled);
      filled += piece.length;
      at += piece.length;
      if (filled === buffer.length) flush();
    }
  };
  return {
    raw,
    text(text) {
      // Into the buffer itself: bytes of their own would stay until the next collection.
      for (let rest = text; rest !== "";) {
        if (buffer.length - filled < MOST_UTF8) flush();
        const { read, written } = encoder.encodeInto(rest, buffer.subarray(filled));
        filled += written;
        rest = rest.slice(read);
      }
    },
    bytes: () => written + filled,
    flush,
  };
}

/** Path of the directory that a path is in; empty for the root. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function isSameOrBelow(dir: string, above: string): boolean {
  return above === "" || dir === above || dir.startsWith(`${above}/`);
}
