import { Buffer } from "node:buffer";
import { measureTextEntropy } from "./shape.ts";

/** A run this long is no word, path or digest. */
const SHORTEST_RUN = 256;
/** Words, hexadecimal and paths stay below; base64 of text and of random data lies above. */
const LEAST_BITS = 5;
/** What stands before a run, kept to judge it. */
const CONTEXT = 32;

/** Starts of images and PDFs in base64: what agents send to models all day. */
const MEDIA = /^(?:iVBORw0KGgo|\/9j\/|R0lGOD|UklGR|JVBERi0|AAAA[A-Za-z0-9+/]{2}BmdHlw)/;
/** Values that model APIs hand out to be sent back. */
const ECHOED = /"(?:signature|encrypted_content|thoughtSignature|thought_signature)" ?: ?"$/;

const IS_BASE64 = new Uint8Array(256);
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_") {
  IS_BASE64[char.charCodeAt(0)] = 1;
}

/** Looks for long base64 runs in a stream. */
export type Base64Search = {
  /** Whether a run worth a look was in this piece, or ended in it. */
  write(piece: Buffer): boolean;
};

/** Starts a search. Most bytes are never read: only every 256th has to be. */
export function createBase64Search(): Base64Search {
  let held: Buffer = Buffer.alloc(0);
  let isInside = false;
  return {
    write(piece) {
      let at = held.length === 0 ? 0 : findRunStart(held, held.length);
      const data = held.length === 0 ? piece : Buffer.concat([held, piece]);
      held = Buffer.alloc(0);
      if (isInside) {
        at = findRunEnd(data, at);
        if (at === data.length) return false;
        isInside = false;
      }
      for (;;) {
        const probe = at + SHORTEST_RUN - 1;
        if (probe >= data.length) break;
        const start = findRunStart(data, probe + 1, at);
        if (start > at) {
          at = start;
          continue;
        }
        if (isSuspect(data, at)) return true;
        at = findRunEnd(data, probe);
        if (at === data.length) {
          isInside = true;
          return false;
        }
      }
      const start = findRunStart(data, data.length, at);
      held = Buffer.from(data.subarray(Math.max(0, start - CONTEXT)));
      return false;
    },
  };
}

/** The first byte of the run that ends before `end`; `end` itself when there is none. */
function findRunStart(data: Buffer, end: number, least = 0): number {
  let at = end;
  while (at > least && IS_BASE64[data[at - 1]!] === 1) at -= 1;
  return at;
}

function findRunEnd(data: Buffer, from: number): number {
  let at = from;
  while (at < data.length && IS_BASE64[data[at]!] === 1) at += 1;
  return at;
}

function isSuspect(data: Buffer, start: number): boolean {
  const run = data.toString("latin1", start, start + SHORTEST_RUN);
  if (measureTextEntropy(run) < LEAST_BITS || MEDIA.test(run)) return false;
  return !ECHOED.test(data.toString("latin1", Math.max(0, start - CONTEXT), start));
}
