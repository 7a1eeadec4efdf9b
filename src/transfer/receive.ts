import { isExecutable, type TreeEntry, type TreeProblem } from "../tree/entry.ts";
import type { TreeFs } from "../tree/fs.ts";
import { checkEntryPath, checkLinkTarget, type Platform } from "../tree/paths.ts";
import type { FileSink, Stage } from "../tree/stage.ts";
import { createTarReader, type TarLimits } from "../tree/tar_read.ts";
import { TarRefused } from "../tree/tar_refused.ts";
import { createSha256, type TreeHash } from "../tree/sha256.ts";
import { type Arrived, createArrived, type Wanted } from "./arrived.ts";

/** What came. */
export type Received = {
  /** What is staged. */
  arrived: Arrived;
  /** Paths that are not staged, because they changed inside meanwhile, or cannot be read there. */
  missed: string[];
};

/** Into what it goes, and how. */
export type ReceiveOptions = {
  fs: TreeFs;
  stage: Stage;
  wanted: Wanted;
  /** Hashes that files must have, where they are known better than by what is wanted. */
  pinned: ReadonlyMap<string, string>;
  platform: Platform;
  /** Called often with bytes of contents and files so far. */
  onProgress?(bytes: number, files: number): void;
};

/** Gives the bytes of paths as one tar stream, as the courier does. */
export type ReadEntries = (
  paths: readonly string[],
  options: { onProblem(problem: TreeProblem): void },
) => AsyncIterable<Uint8Array>;

/** Bytes beyond what was asked for that are read before a stream is given up. */
const SPARE_BYTES = 64 * 1024 * 1024;

/**
 * Stages what a stream from inside brings. It may bring only what was asked for; what is not as it
 * was asked for is left out and named, since whoever works inside changed it meanwhile. What an
 * earlier run staged does not come again.
 *
 * @throws {TarRefused} For a stream that breaks a rule: nothing of it is to be used.
 */
export async function receiveEntries(
  read: ReadEntries,
  options: ReceiveOptions,
): Promise<Received> {
  const { stage, wanted } = options;
  const arrived = createArrived(wanted);
  const torn = new Set<string>();
  const asked: string[] = [];
  let bytesDone = 0;
  for (const [at, { path, entry }] of wanted.entries()) {
    const sha256 = reuse(entry, options);
    if (sha256 === undefined) asked.push(path);
    else {
      arrived.add(at, sha256);
      bytesDone += entry.size;
    }
  }
  let sink: { at: number; entry: TreeEntry; file: FileSink; hash: TreeHash } | undefined;
  const reader = createTarReader({
    entry(entry) {
      const at = arrived.find(entry.path);
      if (at < 0 || arrived.has(at)) throw new TarRefused("nobody asked for it", entry.path);
      if (!isAsAsked(entry, wanted[at]!.entry)) return;
      if (entry.kind === "dir") stage.dir(entry.path);
      else if (entry.kind === "link") stage.link(entry.path, entry.target ?? "");
      else {
        const file = stage.file({ ...entry, isExecutable: isExecutable(entry) });
        sink = { at, entry, file, hash: createSha256() };
        return;
      }
      arrived.add(at);
    },
    data(bytes) {
      if (sink === undefined) return;
      sink.file.write(bytes);
      sink.hash.update(bytes);
      bytesDone += bytes.length;
      options.onProgress?.(bytesDone, arrived.size);
    },
    entryEnd() {
      if (sink === undefined) return;
      const { at, entry, file, hash } = sink;
      sink = undefined;
      const sha256 = hash.digest("hex");
      const asked = wanted[at]!.entry;
      const known = findKnown(asked, options);
      const isSame = known === undefined ? entry.mtimeMs === asked.mtimeMs : known === sha256;
      if (!isSame) return file.drop();
      file.end();
      arrived.add(at, sha256);
    },
  }, {
    limits: planLimits(asked.length, wanted),
    check: (path) => checkEntryPath(path, { platform: options.platform }),
    checkLink: checkLinkTarget,
  });
  try {
    if (asked.length > 0) {
      const onProblem = ({ path }: TreeProblem) => torn.add(path);
      for await (const bytes of read(asked, { onProblem })) reader.push(bytes);
      reader.end();
    }
  } catch (error) {
    sink?.file.drop();
    throw error;
  }
  for (const path of torn) {
    const at = arrived.find(path);
    if (at < 0) continue;
    if (arrived.has(at) && wanted[at]!.entry.kind === "file") stage.drop(path);
    arrived.delete(at);
  }
  return {
    arrived,
    missed: wanted.filter((_, at) => !arrived.has(at)).map(({ path }) => path),
  };
}

/** Takes a file that an earlier run staged; answers with its SHA-256. */
function reuse(entry: TreeEntry, options: ReceiveOptions): string | undefined {
  const { fs, stage } = options;
  if (entry.kind !== "file") return undefined;
  const staged = stage.reuse({ ...entry, isExecutable: isExecutable(entry) });
  if (staged === undefined) return undefined;
  const found = hashFile(fs, staged);
  if ((findKnown(entry, options) ?? found) === found) return found;
  stage.drop(entry.path);
  return undefined;
}

/** The hash that a file must have; `undefined` when nobody knows one. */
function findKnown(entry: TreeEntry, { pinned }: ReceiveOptions): string | undefined {
  return pinned.get(entry.path) ?? entry.sha256;
}

/** SHA-256 of a file, hex. */
export function hashFile(fs: TreeFs, path: string): string {
  const file = fs.openRead(path);
  try {
    const hash = createSha256();
    const buffer = new Uint8Array(128 * 1024);
    for (let count = file.read(buffer); count > 0; count = file.read(buffer)) {
      hash.update(buffer.subarray(0, count));
    }
    return hash.digest("hex");
  } finally {
    file.close();
  }
}

function isAsAsked(entry: TreeEntry, asked: TreeEntry): boolean {
  if (entry.kind !== asked.kind) return false;
  if (entry.kind === "link") return entry.target === asked.target;
  if (entry.kind === "dir") return true;
  // A program was shown to the user as one before it came.
  return entry.size === asked.size && isExecutable(entry) === isExecutable(asked);
}

function planLimits(entries: number, wanted: Wanted): TarLimits {
  let bytes = SPARE_BYTES;
  for (const { entry } of wanted) bytes += entry.size;
  return { entries, entryBytes: bytes, totalBytes: bytes, pathBytes: 4096 };
}
