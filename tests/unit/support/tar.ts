import type { TreeEntry } from "../../../src/tree/entry.ts";
import { checkEntryPath, checkLinkTarget } from "../../../src/tree/paths.ts";
import { createTarReader, type TarReaderOptions } from "../../../src/tree/tar_read.ts";
import { TarRefused } from "../../../src/tree/tar_refused.ts";

/** Limits that no test meets by chance. */
export const WIDE_LIMITS = {
  entries: 1000,
  entryBytes: 1 << 24,
  totalBytes: 1 << 26,
  pathBytes: 4096,
};

/** How the host reads what comes from a cage. */
export const STRICT: TarReaderOptions = {
  limits: WIDE_LIMITS,
  check: (path) => checkEntryPath(path, { platform: "linux" }),
  checkLink: checkLinkTarget,
};

/** An entry of a stream with its contents. */
export type Taken = { entry: TreeEntry; bytes: Uint8Array };

/**
 * Reads a stream in pieces.
 *
 * @param options.cuts Lengths of the pieces, over and over; without them it comes as one.
 */
export function takeAll(
  stream: Uint8Array,
  options: TarReaderOptions & { cuts?: readonly number[] } = STRICT,
): Taken[] {
  const taken: Taken[] = [];
  let pieces: Uint8Array[] = [];
  let current: TreeEntry | undefined;
  const reader = createTarReader({
    entry(entry) {
      if (current !== undefined) throw new Error("the entry before did not end");
      current = entry;
    },
    data: (bytes) => pieces.push(bytes.slice()),
    entryEnd() {
      taken.push({ entry: current!, bytes: join(pieces) });
      pieces = [];
      current = undefined;
    },
  }, options);
  const { cuts = [stream.length] } = options;
  for (let at = 0, cut = 0; at < stream.length; cut++) {
    const next = at + cuts[cut % cuts.length]!;
    reader.push(stream.subarray(at, next));
    at = next;
  }
  reader.end();
  return taken;
}

/** Why a stream is refused, as the message. @throws If it is not, or fails in another way. */
export function findRefusal(stream: Uint8Array, options: TarReaderOptions = STRICT): string {
  try {
    takeAll(stream, options);
  } catch (error) {
    if (error instanceof TarRefused) return error.message;
    throw error;
  }
  throw new Error("the stream was taken");
}

/** Pieces as one. */
export function join(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
