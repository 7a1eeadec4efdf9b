import { createPasser, type FindByte } from "./pass.ts";
import { foldName, type Wanted } from "./wanted.ts";

/** A value that was looked for. */
export type Found = {
  /** Where, as in {@link Wanted.path}. */
  path: string;
  /** Offsets of the value in its line, quotes included; `end` is past it. */
  start: number;
  end: number;
  value: FoundValue;
};

/** What is there: a text, a number or a word as written, something too long to keep, or a container. */
export type FoundValue =
  | { kind: "text"; text: string }
  | { kind: "raw"; text: string }
  | { kind: "long" }
  | { kind: "container" };

/** What a line begins with, white space aside. */
export type LineShape = "empty" | "object" | "array" | "other";

/** What was seen of one line so far. */
export type Scanned = {
  shape: LineShape;
  found: readonly Found[];
  /** More was there than is kept. */
  overflow: boolean;
};

/** Reads one line of JSON piece by piece and keeps what is wanted of it; the rest is passed over. */
export type Scanner = {
  /** Reads on; the line's end is not part of a piece. */
  feed(bytes: Uint8Array): void;
  /** Counts bytes of the line that are not read. */
  skip(count: number): void;
  seen(): Scanned;
  /** Forgets the reading but not what was found. */
  restart(): void;
  /** Forgets all of it. */
  reset(): void;
};

/** Longest text kept, in bytes as written: longer than any path of a system. */
export const MAX_TEXT = 16_384;

/** Longest name that can be a wanted one, every character written as an escape. */
const MAX_NAME = 256;

/** Most values kept of one line. */
const MAX_FOUND = 1024;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

type Frame = { node: Wanted; array: boolean };

/**
 * Makes a scanner. It holds no line: memory does not depend on what it reads. Of names that occur
 * twice it reports every value, so that its caller can go by the strictest; a batch is read as the
 * messages in it. A line that is no JSON is read in some way and without an error.
 *
 * @param wanted Tree of a message's members.
 * @param find How bytes are found in long strings. By default `indexOf`.
 */
export function createScanner(wanted: Wanted, find?: FindByte): Scanner {
  const root: Wanted = {
    path: "",
    leaf: false,
    members: new Map(),
    items: { ...wanted, leaf: false },
  };
  const buffer = new Uint8Array(MAX_TEXT);
  const decoder = new TextDecoder();
  let offset = 0;
  let shape: LineShape = "empty";
  let isBegun = false;
  let isDead = false;
  let found: Found[] = [];
  let overflow = false;
  // Wanted containers from the outside in; what is not wanted is only counted.
  let frames: Frame[] = [];
  const passer = createPasser(find);
  let skippedLeaf: Found | undefined;
  // The name or the value that comes next, as far as it matters.
  let expectsName = false;
  let pending: Wanted | undefined;
  // The string or word being read.
  let inString = false;
  let taking: "no" | "name" | "text" | "raw" = "no";
  let taken = 0;
  let tooLong = false;
  let startedAt = 0;

  const keep = (entry: Found) => {
    if (found.length < MAX_FOUND) found.push(entry);
    else overflow = true;
  };
  const begun = (as: LineShape) => {
    if (isBegun) return;
    isBegun = true;
    if (shape === "empty") shape = as;
    // No message begins so; what follows need not be read.
    isDead = as === "other";
  };
  const take = (bytes: Uint8Array, from: number, to: number) => {
    const limit = taking === "name" ? MAX_NAME : MAX_TEXT;
    if (taken + (to - from) > limit) tooLong = true;
    if (tooLong) return;
    if (to - from > SHORT) {
      buffer.set(bytes.subarray(from, to), taken);
      taken += to - from;
    } else for (let at = from; at < to; at++) buffer[taken++] = bytes[at]!;
  };
  const begin = (what: "name" | "text" | "raw", at: number) => {
    taking = what;
    taken = 0;
    tooLong = false;
    startedAt = at;
  };
  const text = () => readShort(buffer, taken) ?? decoder.decode(buffer.subarray(0, taken));
  const finishRaw = (at: number) => {
    if (taking !== "raw") return;
    const value: FoundValue = tooLong ? { kind: "long" } : { kind: "raw", text: text() };
    keep({ path: pending!.path, start: startedAt, end: at, value });
    taking = "no";
    pending = undefined;
  };
  const finishString = (at: number) => {
    inString = false;
    if (taking === "name") {
      const name = tooLong ? undefined : unescape(text());
      pending = name === undefined ? undefined : frames.at(-1)?.node.members.get(foldName(name));
      expectsName = false;
    } else if (taking === "text") {
      const read = tooLong ? undefined : unescape(text());
      const value: FoundValue = read === undefined
        ? { kind: "long" }
        : { kind: "text", text: read };
      keep({ path: pending!.path, start: startedAt, end: at, value });
      pending = undefined;
    }
    taking = "no";
  };
  const open = (array: boolean, at: number) => {
    const outer = frames.at(-1);
    const node = outer === undefined ? (array ? root : root.items!) : pending;
    pending = undefined;
    if (node === undefined || node.leaf) {
      passer.depth = 1;
      if (node === undefined) return;
      skippedLeaf = { path: node.path, start: at, end: at, value: { kind: "container" } };
      keep(skippedLeaf);
      return;
    }
    frames.push({ node, array });
    expectsName = !array;
    if (array) pending = node.items;
  };
  const close = () => {
    frames.pop();
    expectsName = false;
    pending = undefined;
  };

  const feed = (bytes: Uint8Array) => {
    const end = bytes.length;
    let at = 0;
    passer.start(bytes);
    while (at < end && !isDead) {
      if (inString) {
        const from = at;
        at = passer.string(from);
        if (taking !== "no") take(bytes, from, Math.min(at, end));
        if (at >= end) break;
        at++;
        finishString(offset + at);
        continue;
      }
      if (passer.depth > 0) {
        at = passer.nested(at);
        if (passer.depth > 0) break;
        if (skippedLeaf !== undefined) skippedLeaf.end = offset + at;
        skippedLeaf = undefined;
        continue;
      }
      const byte = bytes[at]!;
      const here = offset + at;
      at++;
      switch (byte) {
        case 0x20:
        case 0x09:
        case 0x0d:
          finishRaw(here);
          break;
        case QUOTE:
          finishRaw(here);
          begun("other");
          inString = true;
          if (expectsName) begin("name", here);
          else if (pending?.leaf) begin("text", here);
          break;
        case OPEN_OBJECT:
        case OPEN_ARRAY:
          finishRaw(here);
          begun(byte === OPEN_OBJECT ? "object" : "array");
          open(byte === OPEN_ARRAY, here);
          break;
        case CLOSE_OBJECT:
        case CLOSE_ARRAY:
          finishRaw(here);
          close();
          break;
        case COMMA: {
          finishRaw(here);
          const frame = frames.at(-1);
          expectsName = frame !== undefined && !frame.array;
          pending = frame?.array ? frame.node.items : undefined;
          break;
        }
        case COLON:
          finishRaw(here);
          break;
        default:
          // A byte order mark is dropped by some readers.
          if (!isBegun && (byte === 0xef || byte === 0xbb || byte === 0xbf)) break;
          begun("other");
          if (pending?.leaf && taking === "no") begin("raw", here);
          if (taking === "raw") take(bytes, at - 1, at);
      }
    }
    offset += end;
  };
  const restart = () => {
    isBegun = false;
    isDead = false;
    frames = [];
    passer.reset();
    skippedLeaf = undefined;
    expectsName = false;
    pending = undefined;
    inString = false;
    taking = "no";
  };
  return {
    feed,
    skip(count) {
      offset += count;
    },
    seen: () => ({ shape, found, overflow }),
    restart,
    reset() {
      restart();
      offset = 0;
      shape = "empty";
      found = [];
      overflow = false;
    },
  };
}

/** Up to so many bytes a loop is faster than a call of the runtime. */
const SHORT = 48;

/** A short text of ASCII alone, which most names and methods are. */
function readShort(bytes: Uint8Array, length: number): string | undefined {
  if (length > SHORT) return undefined;
  let text = "";
  for (let at = 0; at < length; at++) {
    const byte = bytes[at]!;
    if (byte >= 0x80) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** The text of a JSON string without its quotes; `undefined` when it is none. */
function unescape(raw: string): string | undefined {
  if (!raw.includes("\\")) return raw;
  try {
    return JSON.parse(`"${raw}"`);
  } catch {
    return undefined;
  }
}
