import { createDirDigest, createQuickDigest } from "../tree/dir_digest.ts";
import type { BaseEntry, Stamp } from "./base_entry.ts";

/**
 * How a base lies on the disk: a header, the rows of its directories in pieces, and at the end an index
 * of the directories. What is directly in one directory stands together, so that directories nobody
 * changed are neither parsed nor written anew.
 */

/** Raised with every change of the format. */
export const SCHEMA = 2;

/** First line of a base. */
export type Header = { schema: number; indexAt: string; ignoreFiles: string[] };

/** One directory of a base, as its index has it. */
export type DirRow = {
  /** Path of the directory; empty for the root. */
  dir: string;
  /** What the directory is known by on each side while nothing directly in it is changed. */
  digests: { inner?: string | undefined; host?: string | undefined };
  /** Where its rows are, in bytes: offset, length, offset, length, and so on. */
  pieces: readonly number[];
};

/** What is directly in a directory: a name, a kind, and what that kind has. */
type Row =
  | [name: string, kind: "d"]
  | [name: string, kind: "l", target: string]
  | FileRow;

type FileRow = [
  name: string,
  kind: "f" | "x",
  size: number,
  sha256: string | 0,
  host: [number, number] | 0,
  inner: [number, number] | 0,
];

const OFFSET_DIGITS = 12;

/** Bytes before the place where the header says where the index begins. */
export const INDEX_AT = JSON.stringify({ schema: SCHEMA, indexAt: "" }).length - 2;

/** An offset as the header has it: always of the same length, so that it can be put there later. */
export function formatOffset(bytes: number): string {
  return String(bytes).padStart(OFFSET_DIGITS, "0");
}

/** The header of a base whose index is written later. */
export function formatHeader(ignoreFiles: readonly string[]): string {
  return `${JSON.stringify({ schema: SCHEMA, indexAt: formatOffset(0), ignoreFiles })}\n`;
}

/** Whether a first line is a header of this format. */
export function isHeader(value: unknown): value is Header {
  return typeof value === "object" && value !== null && "schema" in value &&
    value.schema === SCHEMA && "indexAt" in value && typeof value.indexAt === "string" &&
    "ignoreFiles" in value && Array.isArray(value.ignoreFiles) &&
    value.ignoreFiles.every((item) => typeof item === "string");
}

/** A directory as a line of the index. */
export function formatDirRow({ dir, digests, pieces }: DirRow): string {
  return `${JSON.stringify([dir, digests.inner ?? 0, digests.host ?? 0, ...pieces])}\n`;
}

/** @throws {SyntaxError} For what is no line of an index. */
export function parseDirRow(value: unknown): DirRow {
  if (!Array.isArray(value)) throw new SyntaxError("its index is none");
  const [dir, inner, host, ...pieces] = value;
  const isDigest = (digest: unknown) => digest === 0 || typeof digest === "string";
  const isRow = typeof dir === "string" && isDigest(inner) && isDigest(host) &&
    pieces.length % 2 === 0 && pieces.every((piece) => Number.isSafeInteger(piece) && piece >= 0);
  if (!isRow) throw new SyntaxError("its index has another format");
  return { dir, digests: { inner: inner || undefined, host: host || undefined }, pieces };
}

/** An entry as a line of its directory. */
export function formatRow(entry: BaseEntry): string {
  const { path, kind, executable, size, sha256 } = entry;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const row: Row = kind === "dir"
    ? [name, "d"]
    : kind === "link"
    ? [name, "l", entry.target ?? ""]
    : [
      name,
      executable ? "x" : "f",
      size,
      sha256 ?? 0,
      formatStamp(entry.host),
      formatStamp(entry.inner),
    ];
  return `${JSON.stringify(row)}\n`;
}

/** Times are nearly the same in most files. */
function formatStamp(stamp: Stamp | undefined): [number, number] | 0 {
  return stamp === undefined ? 0 : [stamp.mtimeMs, stamp.ctimeMs - stamp.mtimeMs];
}

/**
 * Reads a line of a directory.
 *
 * @param prefix Path of the directory with a `/` behind it; empty for the root.
 * @throws {SyntaxError} For an entry of an unknown kind.
 */
export function parseRow(row: unknown, prefix: string): BaseEntry {
  const [name, kind] = row as Row;
  const path = prefix + name;
  switch (kind) {
    case "d":
      return { path, kind: "dir", executable: false, size: 0 };
    case "l":
      return { path, kind: "link", executable: false, size: 0, target: (row as Row)[2] as string };
    case "f":
    case "x": {
      const [, , size, sha256, host, inner] = row as FileRow;
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

/** Collects what a directory is known by on both sides. */
export function createDirDigests(): {
  add(entry: BaseEntry): void;
  end(): DirRow["digests"];
} {
  const inner = createDirDigest();
  const host = createQuickDigest();
  return {
    add(entry) {
      inner.add({ ...entry, times: entry.inner });
      host.add({ ...entry, times: entry.host });
    },
    end: () => ({ inner: inner.end(), host: host.end() }),
  };
}
