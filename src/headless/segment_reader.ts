import { type SegmentKind, segmentPath } from "./run_files.ts";

/** A place in the segments of a run. */
export type SegmentPlace = { number: number; offset: number };

/** Where the segments of a run begin. */
export const FIRST_PLACE: SegmentPlace = { number: 1, offset: 0 };

/** Bytes read at once. */
const CHUNK_BYTES = 64 * 1024;

/** Reads what is written to the segments of a run, one after the other. */
export type SegmentReader = Disposable & {
  /**
   * The next bytes; `undefined` while there are no more. They are good until the next call.
   */
  read(): Promise<Uint8Array | undefined>;
};

/** Opens the segments of a kind, which may be not there yet, or long gone. */
export function openSegments(
  dir: string,
  kind: SegmentKind,
  options: { from?: SegmentPlace } = {},
): SegmentReader {
  let { number } = options.from ?? FIRST_PLACE;
  let file: Deno.FsFile | undefined;
  const buffer = new Uint8Array(CHUNK_BYTES);
  const openFirst = async (): Promise<void> => {
    file = await openIfPresent(segmentPath(dir, kind, { number }));
    await file?.seek(options.from?.offset ?? 0, Deno.SeekMode.Start);
  };
  const readHere = async (): Promise<Uint8Array | undefined> => {
    const count = await file!.read(buffer);
    return count === null || count === 0 ? undefined : buffer.subarray(0, count);
  };
  return {
    async read() {
      if (file === undefined) await openFirst();
      if (file === undefined) return undefined;
      for (;;) {
        const bytes = await readHere();
        if (bytes !== undefined) return bytes;
        const next = await openIfPresent(segmentPath(dir, kind, { number: number + 1 }));
        if (next === undefined) return undefined;
        // Nothing is written to a segment once there is a next one; but before, there may have been.
        const rest = await readHere();
        if (rest !== undefined) {
          next.close();
          return rest;
        }
        file!.close();
        file = next;
        number++;
      }
    },
    [Symbol.dispose]() {
      file?.close();
      file = undefined;
    },
  };
}

/**
 * Where the last lines of a run begin. Reads from the end, and no more than these lines take.
 *
 * @param lines How many; all of them where there are fewer.
 */
export async function findTail(
  dir: string,
  kind: SegmentKind,
  options: { lines: number },
): Promise<SegmentPlace> {
  let wanted = options.lines;
  for (let number = await countSegments(dir, kind); number >= 1; number--) {
    const file = await openIfPresent(segmentPath(dir, kind, { number }));
    if (file === undefined) break;
    try {
      const found = await findTailOf(file, wanted);
      if (found.offset !== undefined) return { number, offset: found.offset };
      wanted -= found.lines;
    } finally {
      file.close();
    }
  }
  return FIRST_PLACE;
}

/** Offset of the last `wanted` lines of a file, or how many lines it has if these are fewer. */
async function findTailOf(
  file: Deno.FsFile,
  wanted: number,
): Promise<{ offset?: number; lines: number }> {
  const { size } = await file.stat();
  if (wanted <= 0) return { offset: size, lines: 0 };
  const buffer = new Uint8Array(CHUNK_BYTES);
  let lines = 0;
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const bytes = await readAt(file, { start, buffer: buffer.subarray(0, end - start) });
    // A line begins behind the end of the one before: the last byte of the file ends the last line.
    for (let at = bytes.length - (end === size ? 2 : 1); at >= 0; at--) {
      if (bytes[at] === 10 && ++lines === wanted) return { offset: start + at + 1, lines };
    }
    end = start;
  }
  if (size > 0) lines++;
  return lines === wanted ? { offset: 0, lines } : { lines };
}

async function readAt(
  file: Deno.FsFile,
  { start, buffer }: { start: number; buffer: Uint8Array },
): Promise<Uint8Array> {
  await file.seek(start, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < buffer.length) {
    const count = await file.read(buffer.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

async function countSegments(dir: string, kind: SegmentKind): Promise<number> {
  const pattern = kind === "events" ? /^events\.(\d+)\.jsonl$/ : /^raw\.(\d+)\.log$/;
  let last = 0;
  try {
    for await (const { name } of Deno.readDir(dir)) {
      last = Math.max(last, Number(pattern.exec(name)?.[1] ?? 0));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return last;
}

async function openIfPresent(path: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
