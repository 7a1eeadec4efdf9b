/**
 * Passing over what nobody looks at, as fast as JavaScript can: the insides of strings, and of
 * containers that hold nothing wanted. Positions are those of one piece at a time.
 */
export type Passer = {
  /** Begins a piece. */
  start(bytes: Uint8Array): void;
  /** Goes on inside a string; answers the position of its quote, or the piece's end. */
  string(from: number): number;
  /**
   * Goes on inside containers; answers the position after the last of them, or the piece's end.
   * {@link depth} tells which.
   */
  nested(from: number): number;
  /** Containers that are open. */
  depth: number;
  /** Forgets where it was. */
  reset(): void;
};

/** After so many bytes without an escape the rest of a string is searched natively. */
const NATIVE_AFTER = 16;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const IS_QUOTE = 2;

/** What a byte outside of strings does to the depth; {@link IS_QUOTE} for a quote. */
const KINDS = new Int8Array(256);
for (const byte of [0x7b, 0x5b]) KINDS[byte] = 1;
for (const byte of [0x7d, 0x5d]) KINDS[byte] = -1;
KINDS[QUOTE] = IS_QUOTE;

/** As `indexOf` of an array. */
export type FindByte = (bytes: Uint8Array, byte: number, from: number) => number;

/** How bytes are found where nothing faster is given. */
export const FIND_BYTE: FindByte = (bytes, ...wanted) => bytes.indexOf(...wanted);

/** Makes a passer. */
export function createPasser(findIn: FindByte = FIND_BYTE): Passer {
  let bytes: Uint8Array = new Uint8Array();
  let isEscaped = false;
  let inString = false;
  // What a native search found last: many strings share one search.
  let quoteAt = -1;
  let backslashAt = -1;

  const find = (byte: number, from: number): number => {
    const at = findIn(bytes, byte, from);
    return at < 0 ? bytes.length : at;
  };
  /** The native search of a string's end, from a place far inside. */
  const search = (from: number): number => {
    if (quoteAt < from) quoteAt = find(QUOTE, from);
    if (backslashAt < from) backslashAt = find(BACKSLASH, from);
    return Math.min(quoteAt, backslashAt);
  };
  const string = (from: number): number => {
    const piece = bytes;
    const end = piece.length;
    let at = from;
    if (isEscaped && at < end) {
      isEscaped = false;
      at++;
    }
    let near = at + NATIVE_AFTER;
    while (at < end) {
      const byte = piece[at]!;
      if (byte === QUOTE) return at;
      if (byte === BACKSLASH) {
        at += 2;
        near = at + NATIVE_AFTER;
      } else if (++at >= near) at = search(at);
    }
    isEscaped = at > end;
    return end;
  };
  const passer: Passer = {
    start(piece) {
      bytes = piece;
      quoteAt = -1;
      backslashAt = -1;
    },
    string,
    nested(from) {
      const piece = bytes;
      const end = piece.length;
      let at = from;
      let depth = passer.depth;
      let isInside = inString;
      while (at < end) {
        if (isInside) {
          at = string(at);
          if (at >= end) break;
          at++;
          isInside = false;
        }
        // Few bytes mean anything outside of strings.
        while (at < end) {
          const kind = KINDS[piece[at++]!]!;
          if (kind === 0) continue;
          if (kind === IS_QUOTE) {
            isInside = true;
            break;
          }
          depth += kind;
          if (depth > 0) continue;
          passer.depth = 0;
          inString = false;
          return at;
        }
      }
      inString = isInside;
      passer.depth = depth;
      return at;
    },
    depth: 0,
    reset() {
      isEscaped = false;
      inString = false;
      passer.depth = 0;
    },
  };
  return passer;
}
