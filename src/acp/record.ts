import { concatBytes } from "./verdict.ts";

/** Who wrote a line of a transcript. `sandcage` are answers of the relay's own. */
export type Speaker = "client" | "agent" | "sandcage";

/** A line, a piece of a long one, or what became of the line before. */
export type Entry =
  | {
    from: Speaker;
    bytes: Uint8Array;
    /** The rest of the line follows in the next entry of the same speaker. */
    more: boolean;
  }
  | { from: Speaker; fate: "refused" | "rewritten" };

/** Where a transcript is written. */
export type Recorder = {
  /** Takes bytes at once and returns; the file is written beside. */
  add(entry: Entry): void;
  /** Waits until everything is in the file. */
  close(): Promise<void>;
};

/** Most bytes that wait for the disk; what comes then is counted and not kept. */
const MAX_WAITING = 8 * 1024 * 1024;

const NEWLINE = 0x0a;

/**
 * Writes a transcript as JSON lines: `at` (ISO 8601), `from`, and `text`, or `base64` where bytes are
 * no UTF-8. A slow disk loses lines, and says so with `lost`; it never slows the conversation.
 *
 * @param write Writes all of the bytes.
 * @param options.onFailed Called once when it cannot be written any more.
 */
export function createRecorder(
  write: (bytes: Uint8Array) => Promise<void>,
  options: { nowMs(): number; onFailed(error: unknown): void },
): Recorder {
  const encoder = new TextEncoder();
  let waiting: { at: number; entry: Entry }[] = [];
  let waitingBytes = 0;
  let lost = 0;
  const splits = new Map<Speaker, Uint8Array>();
  let writing: Promise<void> | undefined;
  let failed = false;
  const fail = (error: unknown) => {
    failed = true;
    waiting = [];
    options.onFailed(error);
  };
  const writeAll = async () => {
    // What this loop encodes was said a while ago: the conversation goes first.
    await Promise.resolve();
    while (waiting.length > 0 || lost > 0) {
      const batch = waiting;
      const missed = lost;
      waiting = [];
      waitingBytes = 0;
      lost = 0;
      for (const { at, entry } of batch) await write(encoder.encode(formatEntry(entry, at)));
      if (missed > 0) {
        const note = { at: new Date(options.nowMs()).toISOString(), lost: missed };
        await write(encoder.encode(JSON.stringify(note) + "\n"));
      }
    }
  };
  return {
    add(entry) {
      if (failed) return;
      const copy = "fate" in entry ? entry : { ...entry, bytes: joinCharacters(entry, splits) };
      const size = "fate" in copy ? 0 : copy.bytes.length;
      if (waitingBytes + size > MAX_WAITING) {
        lost += size;
        return;
      }
      waitingBytes += size;
      waiting.push({ at: options.nowMs(), entry: copy });
      writing ??= writeAll().catch(fail).finally(() => writing = undefined);
    },
    async close() {
      while (writing !== undefined) await writing;
    },
  };
}

/** One line of a transcript. The newline of the message itself is left out. Pure. */
export function formatEntry(entry: Entry, atMs: number): string {
  const at = new Date(atMs).toISOString();
  if ("fate" in entry) return JSON.stringify({ at, ...entry }) + "\n";
  const { from, bytes, more } = entry;
  const content = bytes.at(-1) === NEWLINE ? bytes.subarray(0, -1) : bytes;
  return JSON.stringify({ at, from, ...readText(content), ...(more ? { more } : {}) }) + "\n";
}

/** Copies a piece so that no character is split: what one begins at its end goes to the next. */
function joinCharacters(
  entry: { from: Speaker; bytes: Uint8Array; more: boolean },
  splits: Map<Speaker, Uint8Array>,
): Uint8Array {
  const before = splits.get(entry.from);
  splits.delete(entry.from);
  const all = before === undefined ? entry.bytes.slice() : concatBytes([before, entry.bytes]);
  const cut = entry.more ? findSplit(all) : all.length;
  if (cut < all.length) splits.set(entry.from, all.slice(cut));
  return all.subarray(0, cut);
}

/** Where a character begins that is not complete; the length when the last one is. */
function findSplit(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

function readText(bytes: Uint8Array): { text: string } | { base64: string } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { base64: bytes.toBase64() };
  }
}
