import { dirname, join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import { ensurePrivateDir, removeIfPresent } from "../files.ts";
import { sha256Hex } from "../hash.ts";
import { formatPath } from "../project/root.ts";
import { createTreeDigest } from "../tree/dir_digest.ts";
import { comparePaths } from "../tree/entry.ts";
import type { BaseChange, BaseEntry, Stamp } from "./base_entry.ts";
import type { CageRoot } from "./types.ts";

/** What both sides of a root were when they were last equal, as it is on the disk; open. */
export type Base = Disposable & {
  /** Directories of the host that had a `.gitignore`, so that a walk need not be awaited for them. */
  ignoreFiles: readonly string[];
  /** What directories inside are known by while nothing directly in them is changed. */
  digests(): [dir: string, digest: string][];
  /** In `comparePaths` order; read as they are asked for, and only once. */
  entries: Iterable<BaseEntry>;
};

/**
 * Bytes read at a time. Few: what is parsed of them lives until it was compared, and the longer
 * things live, the more memory the program takes (measured at 100,000 files: 140 MB with 256 KiB,
 * 105 MB with 16 KiB).
 */
const READ_BYTES = 16 * 1024;

/** Characters written at a time. */
const WRITE_CHARS = 64 * 1024;

/**
 * Where the base of a root is kept.
 *
 * @param target Host directory that is compared with the root: its own, or that of `--output-dir`.
 */
export function baseFile(cageDir: string, options: { root: CageRoot; target?: string }): string {
  const { root, target = root.hostPath } = options;
  const suffix = target === root.hostPath ? "" : `-${sha256Hex(target).slice(0, 12)}`;
  return join(cageDir, "base", `${root.name}${suffix}.jsonl`);
}

/**
 * Opens a base; `undefined` when there is none.
 *
 * @throws {UserError} When it cannot be read; so does the reading of its entries.
 */
export function findBase(path: string): Base | undefined {
  let lines: Generator<string>;
  let header: unknown;
  try {
    lines = readLines(path);
    const first = lines.next();
    if (first.done === true) throw new SyntaxError("it is empty");
    header = JSON.parse(first.value);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw broken(path, error);
  }
  if (!isHeader(header)) throw broken(path, new SyntaxError("it has another format"));
  const { ignoreFiles, digestsAt } = header;
  return {
    ignoreFiles,
    digests: () => digestsAt === undefined ? [] : readDigests(path, Number(digestsAt)),
    entries: readEntries(path, lines),
    [Symbol.dispose]: () => void lines.return(undefined),
  };
}

/** Writes a base whole: a reader sees the old one or the new one, also after a crash. */
export async function writeBase(
  path: string,
  base: { ignoreFiles: readonly string[]; entries: Iterable<BaseEntry> },
): Promise<void> {
  await ensurePrivateDir(dirname(path));
  const temporary = join(dirname(path), `.${crypto.randomUUID()}.tmp`);
  try {
    writeEntries(temporary, base);
    await Deno.rename(temporary, path);
  } catch (error) {
    await removeIfPresent(temporary);
    throw error;
  }
}

function writeEntries(
  path: string,
  base: { ignoreFiles: readonly string[]; entries: Iterable<BaseEntry> },
): void {
  using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  const encoder = new TextEncoder();
  const { ignoreFiles } = base;
  let text = `${JSON.stringify({ schema: SCHEMA, digestsAt: formatOffset(0), ignoreFiles })}\n`;
  let written = 0;
  const flush = () => {
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    written += bytes.length;
    text = "";
  };
  const tree = createTreeDigest();
  let last: string | undefined;
  for (const entry of base.entries) {
    if (last !== undefined && comparePaths(last, entry.path) >= 0) {
      throw new Error(`Entries of a base are not in order: ${formatPath(entry.path)}`);
    }
    text += `${formatRow(entry, last ?? "")}\n`;
    last = entry.path;
    tree.add(entry);
    if (text.length > WRITE_CHARS) flush();
  }
  flush();
  const digestsAt = written;
  for (const digest of tree.end()) {
    text += `${JSON.stringify(digest)}\n`;
    if (text.length > WRITE_CHARS) flush();
  }
  flush();
  file.seekSync(DIGESTS_AT, Deno.SeekMode.Start);
  text = formatOffset(digestsAt);
  flush();
  file.syncSync();
}

/**
 * Takes what was learned into a base, or makes one.
 *
 * @param learned.changes In `comparePaths` order, each path once.
 */
export async function updateBase(
  path: string,
  learned: { ignoreFiles: readonly string[]; changes: Iterable<BaseChange> },
): Promise<void> {
  using base = findBase(path);
  const { ignoreFiles, changes } = learned;
  const isKnown = base !== undefined && Array.isArray(changes) && changes.length === 0 &&
    JSON.stringify(base.ignoreFiles) === JSON.stringify(ignoreFiles);
  if (isKnown) return;
  await writeBase(path, { ignoreFiles, entries: mergeBase(base?.entries ?? [], changes) });
}

/** The entries of a base with what was learned. Pure; both in `comparePaths` order. */
export function* mergeBase(
  entries: Iterable<BaseEntry>,
  changes: Iterable<BaseChange>,
): Generator<BaseEntry> {
  const iterator = changes[Symbol.iterator]();
  let next = iterator.next();
  for (const entry of entries) {
    for (; next.done !== true; next = iterator.next()) {
      if (comparePaths(next.value.path, entry.path) >= 0) break;
      if (!("gone" in next.value)) yield next.value;
    }
    if (next.done === true || next.value.path !== entry.path) yield entry;
    // What replaces an entry is yielded before the next one.
    else if ("gone" in next.value) next = iterator.next();
  }
  for (; next.done !== true; next = iterator.next()) {
    if (!("gone" in next.value)) yield next.value;
  }
}

const SCHEMA = 1;

/** Where in a file it says where its digests begin, and how many digits that has. */
const DIGESTS_AT = JSON.stringify({ schema: SCHEMA, digestsAt: "" }).length - 2;
const OFFSET_DIGITS = 12;

function formatOffset(bytes: number): string {
  return String(bytes).padStart(OFFSET_DIGITS, "0");
}

/** Reads the digests at the end of a file; none when they are not as they were written. */
function readDigests(path: string, from: number): [dir: string, digest: string][] {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(Math.max(0, file.statSync().size - from));
  file.seekSync(from, Deno.SeekMode.Start);
  for (let at = 0; at < bytes.length;) {
    const count = file.readSync(bytes.subarray(at));
    if (count === null) return [];
    at += count;
  }
  try {
    const lines = new TextDecoder().decode(bytes).trimEnd().replaceAll("\n", ",");
    return JSON.parse(`[${lines}]`);
  } catch {
    // Everything inside is compared one by one then.
    return [];
  }
}

/**
 * One line: how many characters the path shares with the one before, the rest of it, and what is
 * there. Times follow each other as differences: those of a copy are nearly the same.
 */
type Row =
  | [shared: number, rest: string, kind: "d"]
  | [shared: number, rest: string, kind: "l", target: string]
  | [
    shared: number,
    rest: string,
    kind: "f" | "x",
    size: number,
    sha256: string | 0,
    host: [number, number] | 0,
    inner: [number, number] | 0,
  ];

function formatRow(entry: BaseEntry, last: string): string {
  const { path, kind } = entry;
  let shared = 0;
  while (shared < last.length && last.charCodeAt(shared) === path.charCodeAt(shared)) shared++;
  // Half of a surrogate pair would not survive.
  if (shared > 0 && (path.charCodeAt(shared - 1) & 0xfc00) === 0xd800) shared--;
  const rest = path.slice(shared);
  const row: Row = kind === "dir"
    ? [shared, rest, "d"]
    : kind === "link"
    ? [shared, rest, "l", entry.target ?? ""]
    : [
      shared,
      rest,
      entry.executable ? "x" : "f",
      entry.size,
      entry.sha256 ?? 0,
      formatStamp(entry.host),
      formatStamp(entry.inner),
    ];
  return JSON.stringify(row);
}

function formatStamp(stamp: Stamp | undefined): [number, number] | 0 {
  return stamp === undefined ? 0 : [stamp.mtimeMs, stamp.ctimeMs - stamp.mtimeMs];
}

function* readEntries(path: string, lines: Generator<string>): Generator<BaseEntry> {
  let last = "";
  try {
    for (const text of lines) {
      // All lines of a piece at once: half the time of one after the other.
      const rows: Row[] = JSON.parse(`[${text.replaceAll("\n", ",")}]`);
      for (const row of rows) {
        // Here begin the digests.
        if (typeof row[0] === "string") return;
        const entry = parseRow(row, last);
        last = entry.path;
        yield entry;
      }
    }
  } catch (error) {
    throw error instanceof SyntaxError || error instanceof TypeError ? broken(path, error) : error;
  }
}

function parseRow(row: Row, last: string): BaseEntry {
  const path = last.slice(0, row[0]) + row[1];
  switch (row[2]) {
    case "d":
      return { path, kind: "dir", executable: false, size: 0 };
    case "l":
      return { path, kind: "link", executable: false, size: 0, target: row[3] };
    case "f":
    case "x": {
      const [, , kind, size, sha256, host, inner] = row;
      const entry: BaseEntry = { path, kind: "file", executable: kind === "x", size };
      if (sha256 !== 0) entry.sha256 = sha256;
      if (host !== 0) entry.host = { mtimeMs: host[0], ctimeMs: host[0] + host[1] };
      if (inner !== 0) entry.inner = { mtimeMs: inner[0], ctimeMs: inner[0] + inner[1] };
      return entry;
    }
    default:
      throw new SyntaxError("it has an entry of an unknown kind");
  }
}

/** The first line, then pieces of many lines without the newline at their end. */
function* readLines(path: string): Generator<string> {
  using file = Deno.openSync(path);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const buffer = new Uint8Array(READ_BYTES);
  let text = "";
  let isFirst = true;
  for (;;) {
    const count = file.readSync(buffer);
    if (count === null) break;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
    if (isFirst) {
      const end = text.indexOf("\n");
      if (end < 0) continue;
      yield text.slice(0, end);
      text = text.slice(end + 1);
      isFirst = false;
    }
    const end = text.lastIndexOf("\n");
    if (end < 0) continue;
    yield text.slice(0, end);
    text = text.slice(end + 1);
  }
  if (text !== "") throw new SyntaxError("it ends within a line");
}

type Header = { schema: number; ignoreFiles: string[]; digestsAt?: string };

function isHeader(value: unknown): value is Header {
  return typeof value === "object" && value !== null && "schema" in value &&
    value.schema === SCHEMA && "ignoreFiles" in value && Array.isArray(value.ignoreFiles) &&
    value.ignoreFiles.every((item) => typeof item === "string") &&
    (!("digestsAt" in value) || typeof value.digestsAt === "string");
}

function broken(path: string, cause: unknown): UserError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new UserError(`Cannot read ${formatPath(path)}, what both sides had in common: ${why}`, {
    hint: "Remove the file: nothing is lost, but what differs on both sides is a conflict then",
    exit: EXIT.failed,
    cause,
  });
}
