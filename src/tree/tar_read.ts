import type { TreeEntry } from "./entry.ts";
import { createPathTable } from "./path_table.ts";
import { isLongerUtf8 } from "./paths.ts";
import { readEntry, readFormat } from "./tar_entry.ts";
import { decodeText, isChecksumRight, isZeroBlock, readNumber } from "./tar_fields.ts";
import { BLOCK_BYTES, countPadding, FIELD, TYPE } from "./tar_header.ts";
import { parseRecords, type TarRecords } from "./tar_records.ts";
import { TarRefused } from "./tar_refused.ts";

/** How much a stream may hold; what is beyond is refused before it is read. */
export type TarLimits = {
  entries: number;
  /** Contents of one file, and of all. */
  entryBytes: number;
  totalBytes: number;
  /** Of a path, and of a link's target, as UTF-8. */
  pathBytes: number;
};

/** Who is told what a stream holds, in its order. What they throw ends the reading. */
export type TarHandlers = {
  /** Passed all checks. Its change time is 0: streams have none. */
  entry(entry: TreeEntry): void;
  /** A piece of the contents: a view of what was pushed, good only during the call. */
  data(bytes: Uint8Array): void;
  /** The entry is whole; comes for every entry, also for those without contents. */
  entryEnd(): void;
};

/** What is asked of a stream besides its form. Reasons are words that follow the path. */
export type TarReaderOptions = {
  limits: TarLimits;
  /** Why a path is refused, as by `checkEntryPath`. */
  check(path: string): string | undefined;
  /** Why a symlink is refused, as by `checkLinkTarget`. */
  checkLink(path: string, target: string): string | undefined;
};

/** Takes a stream as it comes. Both throw {@link TarRefused}, and then again at every call. */
export type TarReader = {
  push(bytes: Uint8Array): void;
  /** Says that nothing comes any more. */
  end(): void;
};

/** Zeros after the end of a stream: GNU tar fills up to its record, which is 10 KiB unless told. */
const MOST_ZEROS_AFTER = 64 * 1024;
/** Bytes of one header's records beyond its path and its target. */
const SPARE_RECORD_BYTES = 4096;

/** What comes next in the stream; `end` is the second of the two blocks that end it. */
type State = "header" | "data" | "padding" | "extra" | "end" | "after";

/**
 * Makes a reader of tar streams: POSIX ustar and pax, and GNU tar's long names. It takes bytes from
 * strangers, in pieces of any length, keeps no more than one header and its records, and refuses all
 * but plain files, directories and symlinks, each path once and below directories only.
 */
export function createTarReader(handlers: TarHandlers, options: TarReaderOptions): TarReader {
  const { limits } = options;
  const mostExtra = 2 * limits.pathBytes + SPARE_RECORD_BYTES;
  const judge = createJudge(options);
  const held = new Uint8Array(BLOCK_BYTES);
  let heldBytes = 0;
  let state: State = "header";
  /** Bytes of the state, and those that are still to come. */
  let size = 0;
  let left = 0;
  /** The entry whose contents are coming. */
  let current: string | undefined;
  /** What headers before the next one said about it, and of which types they were. */
  let extra = NO_BYTES;
  let types = "";
  let records: TarRecords = {};
  let zerosAfter = 0;
  let failure: { error: unknown } | undefined;

  function takeHeader(block: Uint8Array): void {
    if (isZeroBlock(block)) return takeZeros();
    if (state === "end") throw new TarRefused("a block of zeros does not end it");
    if (!isChecksumRight(block)) throw new TarRefused("the sum of a header is wrong");
    const format = readFormat(block);
    const type = String.fromCharCode(block[FIELD.type[0]]!);
    if (type === TYPE.globalPax) throw new TarRefused("it has a header for all entries");
    if (type === TYPE.pax || type === TYPE.gnuPath || type === TYPE.gnuLink) {
      return startExtra(type, readNumber(block, FIELD.size));
    }
    const entry = readEntry(block, { format, records });
    types = "";
    records = {};
    judge(entry);
    handlers.entry(entry);
    current = entry.path;
    start("data", entry.size);
  }

  function takeZeros(): void {
    if (types !== "") throw new TarRefused("it ends after a header for the next entry");
    state = state === "end" ? "after" : "end";
  }

  function startExtra(type: string, bytes: number): void {
    // Records and GNU's names for one entry could be read in two ways.
    if (types.includes(type) || (types !== "" && (types + type).includes(TYPE.pax))) {
      throw new TarRefused("it has two headers for the same entry");
    }
    if (!(bytes > 0 && bytes <= mostExtra)) {
      throw new TarRefused(`it has a header for the next entry of not 1 to ${mostExtra} bytes`);
    }
    types += type;
    extra = new Uint8Array(bytes);
    start("extra", bytes);
  }

  function start(next: "data" | "extra", bytes: number): void {
    [state, size, left] = [next, bytes, bytes];
    if (bytes === 0) finish();
  }

  /** Ends contents or records, of which nothing is left. */
  function finish(): void {
    if (state === "extra") finishExtra();
    else {
      current = undefined;
      handlers.entryEnd();
    }
    left = countPadding(size);
    state = left === 0 ? "header" : "padding";
  }

  function finishExtra(): void {
    const type = types.at(-1);
    // GNU tar ends a long name with a NUL.
    const name = extra.at(-1) === 0 ? extra.subarray(0, -1) : extra;
    if (type === TYPE.pax) records = parseRecords(extra);
    else if (type === TYPE.gnuPath) records.path = decodeText(name);
    else records.target = decodeText(name);
    extra = NO_BYTES;
  }

  function takeAfter(bytes: Uint8Array): void {
    // No further than counts, so that how the bytes were cut changes no reason.
    const counted = bytes.subarray(0, MOST_ZEROS_AFTER + 1 - zerosAfter);
    if (counted.some((byte) => byte !== 0)) throw new TarRefused("it has bytes after its end");
    zerosAfter += bytes.length;
    if (zerosAfter > MOST_ZEROS_AFTER) throw new TarRefused("it has too much after its end");
  }

  /** Takes what the state can use of the bytes, and answers how many those were. */
  function take(bytes: Uint8Array): number {
    switch (state) {
      case "header":
      case "end": {
        if (heldBytes === 0 && bytes.length >= BLOCK_BYTES) {
          takeHeader(bytes.subarray(0, BLOCK_BYTES));
          return BLOCK_BYTES;
        }
        const taken = bytes.subarray(0, BLOCK_BYTES - heldBytes);
        held.set(taken, heldBytes);
        heldBytes += taken.length;
        if (heldBytes === BLOCK_BYTES) {
          heldBytes = 0;
          takeHeader(held);
        }
        return taken.length;
      }
      case "data":
      case "extra":
      case "padding": {
        const taken = bytes.subarray(0, left);
        if (state === "data") handlers.data(taken);
        if (state === "extra") extra.set(taken, size - left);
        left -= taken.length;
        if (left === 0) {
          if (state === "padding") state = "header";
          else finish();
        }
        return taken.length;
      }
      case "after":
        takeAfter(bytes);
        return bytes.length;
      default:
        return state satisfies never;
    }
  }

  function guard(work: () => void): void {
    if (failure !== undefined) throw failure.error;
    try {
      work();
    } catch (error) {
      failure = { error };
      throw error;
    }
  }

  return {
    push: (bytes) =>
      guard(() => {
        for (let at = 0; at < bytes.length;) at += take(bytes.subarray(at));
      }),
    end: () =>
      guard(() => {
        if (state === "after") return;
        if (current !== undefined) throw new TarRefused("the stream ends within it", current);
        throw new TarRefused("it ends early");
      }),
  };
}

/** Makes the judge of entries: it knows those before, and throws at the first that may not come. */
function createJudge(options: TarReaderOptions): (entry: TreeEntry) => void {
  const { limits } = options;
  const table = createPathTable(limits.entries);
  let entries = 0;
  let total = 0;

  function findProblem({ path, kind, size, target }: TreeEntry): string | undefined {
    const { entryBytes, totalBytes, pathBytes } = limits;
    if (isLongerUtf8(path, pathBytes)) return `it is longer than ${pathBytes} bytes`;
    const problem = options.check(path) ?? table.add(path, kind === "dir" ? "dir" : "other") ??
      (target === undefined ? undefined : findTargetProblem(path, target));
    if (problem !== undefined) return problem;
    if (size > entryBytes) return `it has ${size} bytes, and one file may have ${entryBytes}`;
    total += size;
    return total > totalBytes
      ? `with it there are ${total} bytes, and all files may have ${totalBytes}`
      : undefined;
  }

  function findTargetProblem(path: string, target: string): string | undefined {
    if (target === "") return "it is a link to nothing";
    if (target.includes("\0")) return "it is a link whose target holds a NUL";
    if (isLongerUtf8(target, limits.pathBytes)) {
      return `it is a link whose target is longer than ${limits.pathBytes} bytes`;
    }
    return options.checkLink(path, target);
  }

  return (entry) => {
    if (++entries > limits.entries) {
      throw new TarRefused(`it has more than ${limits.entries} entries`);
    }
    const problem = findProblem(entry);
    if (problem !== undefined) throw new TarRefused(problem, entry.path);
  };
}

const NO_BYTES = new Uint8Array(0);
