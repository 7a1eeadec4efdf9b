import type { TreeEntry, TreeProblem } from "./entry.ts";
import type { ReadHandle, TreeFs, TreeStat } from "./fs.ts";
import type { TreeHash } from "./sha256.ts";
import { countPadding } from "./tar_header.ts";
import { countHeaderRoom, createTarWriter, writeHeader } from "./tar_write.ts";

/** Bytes of one piece of a stream: as much as a pipe takes in a few calls. A whole number of blocks. */
const PIECE_BYTES = 128 * 1024;

/** How trees become streams. */
export type PackOptions = {
  fs: TreeFs;
  /** Makes a hash for each file; without it entries have no `sha256`. */
  hash?: () => TreeHash;
  /**
   * An entry is in the stream with all its bytes. Size and times are those of before it was read,
   * and the hash is of the bytes in the stream.
   */
  onEntry?(entry: TreeEntry): void;
  /**
   * Something is wrong with a path. Either it is not in the stream; or its file was changed, or
   * could not be read to its end, while it went there: then `onEntry` is called for it next, and no
   * file may ever have had the bytes that the stream has.
   */
  onProblem?(problem: TreeProblem): void;
};

/**
 * Reads entries below a root and gives them as one tar stream, in the order of the paths. A file
 * that shrinks or grows meanwhile is sent with the size it began with, zeros at its end.
 *
 * A piece is good only until the next one is asked for: its buffer is used again.
 *
 * @throws What the file system throws, if it is not about one path alone.
 */
export function* packEntries(
  root: string,
  paths: Iterable<string>,
  options: PackOptions,
): Generator<Uint8Array> {
  const piece: Piece = { bytes: new Uint8Array(PIECE_BYTES), at: 0 };
  const base = root.endsWith("/") ? root : `${root}/`;
  for (const path of paths) {
    const opened = open(base + path, { path, fs: options.fs });
    if ("problem" in opened) {
      options.onProblem?.(opened);
      continue;
    }
    const { entry, handle } = opened;
    try {
      // A small file goes into one piece with its header, and is read in one call.
      const room = countHeaderRoom(entry) + Math.min(entry.size, PIECE_BYTES / 2);
      if (piece.at + room > PIECE_BYTES) yield takeFilled(piece);
      piece.at = writeHeader(entry, { into: piece.bytes, at: piece.at });
      if (handle !== undefined) yield* packContents(opened, { ...options, piece, handle });
      options.onEntry?.(entry);
    } finally {
      handle?.close();
    }
  }
  if (piece.at > 0) yield takeFilled(piece);
  yield createTarWriter().end();
}

/** A piece of the stream, and how far it is filled. */
type Piece = { bytes: Uint8Array; at: number };

function takeFilled(piece: Piece): Uint8Array {
  const filled = piece.bytes.subarray(0, piece.at);
  piece.at = 0;
  return filled;
}

function* packContents(
  opened: Opened,
  options: PackOptions & { piece: Piece; handle: ReadHandle },
): Generator<Uint8Array> {
  const { entry } = opened;
  const { piece, handle } = options;
  const hash = options.hash?.();
  let problem: TreeProblem["problem"] | undefined;
  for (let left = entry.size; left > 0;) {
    if (piece.at === PIECE_BYTES) yield takeFilled(piece);
    const target = piece.bytes.subarray(piece.at, piece.at + left);
    if (problem === undefined) problem = fill(handle, target);
    else target.fill(0);
    hash?.update(target);
    piece.at += target.length;
    left -= target.length;
  }
  // Contents of whole blocks may have filled the piece; those of others leave room for zeros.
  const end = piece.at + countPadding(entry.size);
  piece.bytes.fill(0, piece.at, end);
  piece.at = end;
  problem ??= findChange(options.fs, opened);
  if (problem !== undefined) options.onProblem?.({ path: entry.path, problem });
  if (hash !== undefined) entry.sha256 = hash.digest("hex");
}

/** An entry with what was seen at its place, and its handle if it is a file. */
type Opened = { entry: TreeEntry; place: string; was: TreeStat; handle?: ReadHandle };

/** Looks at a path, and opens it if it is a file. */
function open(place: string, options: { path: string; fs: TreeFs }): Opened | TreeProblem {
  const { path, fs } = options;
  try {
    const stat = fs.lstat(place);
    if (stat === undefined) return { path, problem: "changed while read" };
    if (stat.kind === "other") return { path, problem: "special file" };
    const { kind, mtimeMs, ctimeMs } = stat;
    const entry: TreeEntry = { path, kind, mode: stat.mode & 0o777, size: 0, mtimeMs, ctimeMs };
    switch (kind) {
      case "file":
        entry.size = stat.size;
        return { entry, place, was: stat, handle: fs.openRead(place) };
      case "link":
        entry.target = fs.readLink(place);
        return { entry, place, was: stat };
      case "dir":
        return { entry, place, was: stat };
      default:
        return kind satisfies never;
    }
  } catch (error) {
    return { path, problem: judgeError(error) };
  }
}

/** Fills a part of the stream from a file; with zeros where nothing more can be had. */
function fill(handle: ReadHandle, target: Uint8Array): TreeProblem["problem"] | undefined {
  let filled = 0;
  try {
    while (filled < target.length) {
      const read = handle.read(filled === 0 ? target : target.subarray(filled));
      if (read === 0) break;
      filled += read;
    }
  } catch (error) {
    target.fill(0, filled);
    return judgeError(error);
  }
  if (filled === target.length) return undefined;
  target.fill(0, filled);
  return "changed while read";
}

/**
 * Whether the path still has what was looked at before it was read. Asked of the path and not of the
 * open file: Deno takes five times as long for that, and another file at the path is a change too.
 */
function findChange(fs: TreeFs, opened: Opened): TreeProblem["problem"] | undefined {
  const { place, was } = opened;
  try {
    const now = fs.lstat(place);
    const isSame = now?.identity === was.identity && now.size === was.size &&
      now.mtimeMs === was.mtimeMs && now.ctimeMs === was.ctimeMs;
    return isSame ? undefined : "changed while read";
  } catch (error) {
    return judgeError(error);
  }
}

/** Codes of errors about what is at a path, rather than about the machine. */
const PROBLEM_OF: Readonly<Record<string, TreeProblem["problem"]>> = {
  EACCES: "unreadable",
  EPERM: "unreadable",
  EIO: "unreadable",
  // Not there any more, or something else by now: a link, a directory, no link.
  ENOENT: "changed while read",
  ENOTDIR: "changed while read",
  ELOOP: "changed while read",
  EISDIR: "changed while read",
  EINVAL: "changed while read",
  ENXIO: "changed while read",
};

function judgeError(error: unknown): TreeProblem["problem"] {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const problem = PROBLEM_OF[code];
  if (problem === undefined) throw error;
  return problem;
}
