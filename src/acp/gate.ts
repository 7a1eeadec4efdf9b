import { FIND_BYTE, type FindByte } from "./pass.ts";
import { createScanner, type Scanned } from "./scan.ts";
import { applyEdits, concatBytes, type Line, PASS, type Verdict } from "./verdict.ts";
import type { Wanted } from "./wanted.ts";

/** One direction of the relay: bytes go in, and what may be passed on comes out. */
export type Gate = {
  /**
   * Reads on. What comes out is to be written in this order; it may share memory with what went in
   * and holds until the next call.
   */
  push(bytes: Uint8Array): Uint8Array[];
  /** The stream has ended: what was held of an unfinished line. */
  end(): Uint8Array[];
  /** Between two lines: something else may be written now. */
  isBetween(): boolean;
};

/** What decides about lines, and who hears of it. */
export type GateOptions = {
  wanted: Wanted;
  /**
   * Called when a line is complete, and for a long one with what is known so far before each of its
   * pieces is passed on.
   */
  judge(line: Line): Verdict;
  /** Called at the end of each line, and not for empty ones; of a long one with its last piece. */
  onLine?(line: Scanned, verdict: Verdict, bytes: Uint8Array): void;
  /** Called with each line, or the pieces of one too long to hold, as they came. */
  onBytes?(bytes: Uint8Array, state: { ends: boolean }): void;
  /** Most bytes of a line that are held. Defaults to 64 KiB. */
  holdLimit?: number;
  /** How bytes are found in long pieces. Defaults to `indexOf`. */
  find?: FindByte | undefined;
};

/** Most bytes of a line that are held. */
const HOLD_LIMIT = 65_536;

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const CUT = new Uint8Array([NEWLINE]);
const NOTHING = new Uint8Array();

/**
 * Makes a gate. A line is held until it is complete or too long to hold; then it is passed on piece
 * by piece, each after it was read. One that turns out to be forbidden by then is cut with a newline:
 * its last brace was not passed on, so that it never parses.
 */
export function createGate(options: GateOptions): Gate {
  const { wanted, judge, onLine, onBytes, holdLimit = HOLD_LIMIT, find = FIND_BYTE } = options;
  const scanner = createScanner(wanted, find);
  // A carriage return is white space to JSON and the end of a line to some readers: lines that have
  // one inside are read both ways.
  const parts = createScanner(wanted, find);
  let hasParts = false;
  /** Bytes of the line that were read. */
  let readBytes = 0;
  let isOpen = false;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let state: "held" | "passing" | "cut" = "held";
  let refused: Verdict = PASS;

  const read = (piece: Uint8Array) => {
    scanner.feed(piece);
    const before = readBytes;
    readBytes += piece.length;
    if (hasParts) return readParts(piece);
    const first = find(piece, RETURN, 0);
    if (first < 0) return;
    hasParts = true;
    // What stands before it begins where the line does: that reading is under way already.
    parts.skip(before + first + 1);
    readParts(piece.subarray(first + 1));
  };
  const readParts = (piece: Uint8Array) => {
    let from = 0;
    for (let at = find(piece, RETURN, 0); at >= 0; at = find(piece, RETURN, from)) {
      parts.feed(piece.subarray(from, at));
      parts.skip(1);
      parts.restart();
      from = at + 1;
    }
    parts.feed(piece.subarray(from));
  };
  const seen = (): Scanned => {
    const whole = scanner.seen();
    if (!hasParts) return whole;
    const inParts = parts.seen();
    return {
      shape: whole.shape,
      found: [...whole.found, ...inParts.found],
      overflow: whole.overflow || inParts.overflow,
    };
  };
  const finish = (verdict: Verdict, bytes: Uint8Array) => {
    const line = seen();
    if (line.shape !== "empty") onLine?.(line, verdict, bytes);
    scanner.reset();
    if (hasParts) parts.reset();
    hasParts = false;
    readBytes = 0;
    held = [];
    heldBytes = 0;
    state = "held";
    refused = PASS;
  };
  /** A piece of a line, without its newline. */
  const goOn = (piece: Uint8Array): Uint8Array[] => {
    read(piece);
    if (state === "held") {
      // The caller's memory is used again.
      held.push(piece.slice());
      heldBytes += piece.length;
      if (heldBytes <= holdLimit) return [];
    }
    for (const bytes of state === "held" ? held : [piece]) onBytes?.(bytes, { ends: false });
    if (state === "cut") return [];
    const verdict = judge({ ...seen(), whole: false });
    if (verdict.kind === "refuse") {
      const out = state === "passing" ? [CUT] : [];
      state = "cut";
      refused = verdict;
      held = [];
      return out;
    }
    const out = state === "held" ? held : [piece];
    state = "passing";
    held = [];
    return out;
  };
  /** The last piece of a line, with its newline unless the stream ended without one. */
  const goToEnd = (bytes: Uint8Array): Uint8Array[] => {
    read(bytes.at(-1) === NEWLINE ? bytes.subarray(0, -1) : bytes);
    const line = held.length === 0 ? bytes : concatBytes([...held, bytes]);
    onBytes?.(line, { ends: true });
    if (state === "cut") {
      finish(refused, line);
      return [];
    }
    const whole = state === "held";
    const verdict = judge({ ...seen(), whole });
    finish(verdict, line);
    switch (verdict.kind) {
      case "pass":
        return [line];
      case "rewrite":
        return [applyEdits(line, verdict.edits)];
      case "refuse":
        return whole ? [] : [CUT];
    }
  };
  return {
    push(bytes) {
      const out: Uint8Array[] = [];
      let from = 0;
      for (let at = find(bytes, NEWLINE, 0); at >= 0; at = find(bytes, NEWLINE, from)) {
        const line = bytes.subarray(from, at + 1);
        append(out, goToEnd(line));
        from = at + 1;
      }
      if (from < bytes.length) {
        append(out, goOn(bytes.subarray(from)));
      }
      if (bytes.length > 0) isOpen = bytes.at(-1) !== NEWLINE;
      return out;
    },
    // Some readers take what stands before the end of the stream for a line.
    end: () => isOpen ? goToEnd(NOTHING) : [],
    isBetween: () => state !== "passing",
  };
}

/** Adds pieces; neighbours in memory become one. */
function append(out: Uint8Array[], pieces: readonly Uint8Array[]): void {
  for (const piece of pieces) {
    const last = out.at(-1);
    const follows = last !== undefined && last.buffer === piece.buffer &&
      last.byteOffset + last.length === piece.byteOffset;
    if (follows) {
      out[out.length - 1] = new Uint8Array(
        last.buffer,
        last.byteOffset,
        last.length + piece.length,
      );
    } else out.push(piece);
  }
}
