/**
 * What host and courier say to each other over one stream each way: frames of one byte of kind, four
 * of length, and a payload. Bytes of files travel as `data`, everything else as JSON.
 */

import type { RuleSource } from "./rules.ts";

/** Raised with every change of what the two ends say: an old courier is replaced, not guessed at. */
export const COURIER_PROTOCOL = 4;

/** Most bytes of files in one frame: what waits in memory is bounded by it. */
export const DATA_MAX = 131_072;

/** Longest JSON of one frame, in bytes: a path of 4,096 bytes may take six times that. */
export const TEXT_MAX = 1_048_576;

/** Paths and entries of one batch: far below {@link TEXT_MAX} for any real tree. */
export const BATCH_CHARS = 65_536;

/** Kinds of frames, by their byte on the wire. */
const KINDS = {
  /** Courier: it is there. JSON {@link Hello}. */
  hello: 1,
  /** Host: JSON {@link CourierRequest}, then what {@link COURIER_INPUT} says of it, then `end`. */
  request: 2,
  /** A JSON array: part of a list. */
  list: 3,
  /** Bytes of one stream; where one frame of them ends means nothing. */
  data: 4,
  /** Host: nothing more belongs to this request. */
  end: 5,
  /** Courier: the request is done. JSON, its result. */
  done: 6,
  /** Courier: the request failed. JSON {@link CourierFailure}; nothing follows. */
  failed: 7,
} as const;

/** A kind of frame. */
export type FrameKind = keyof typeof KINDS;

/** One frame as it arrives; `data` comes in pieces that are valid until the next call. */
export type Frame =
  | { kind: "data"; bytes: Uint8Array }
  | { kind: Exclude<FrameKind, "data">; value: unknown };

/** What the courier says first. */
export type Hello = { protocol: number; canWrite: boolean };

/** What a courier is asked for; every root and place is relative to `/work`. */
export type CourierRequest =
  /**
   * Rules and digests come as lists of {@link ScanRow}; answers with lists of items, and marks of
   * directories that have their digest. The root `""` is `/work`, here and in reads.
   */
  | { op: "scan"; root: string }
  /** Paths come as lists; answers with lists of `[path, sha256]`. */
  | { op: "hash"; root: string }
  /** Paths come as lists; answers with data. */
  | { op: "read"; root: string }
  /** Answers with data: an archive of every `.git` below the root. */
  | { op: "repositories"; root: string }
  /** Data comes. */
  | { op: "fill"; root: string }
  /** Removes and expectations come as lists of {@link ChangeRow}, then data. */
  | { op: "change"; root: string }
  /** Paths come as lists. */
  | { op: "remove"; root: string }
  | { op: "checkpoint"; name: string }
  | { op: "checkpoints" }
  | { op: "restore"; name: string }
  | { op: "forget"; name: string };

/** One row of what comes with a scan: a rule, or what a directory is known by. */
export type ScanRow = RuleSource | { dir: string; digest: string };

/** One row of what comes before the data of a change. */
export type ChangeRow<Expected> = { remove: string } | { expect: Expected };

/** One row of the answer to a change: what stood in its way. */
export type ChangeAnswer = { changed: string } | { refusedLink: string };

/** Why a request failed. */
export type CourierFailure = {
  /** Of the system, `ENOSPC`; of ours, `refused` for what breaks a rule, else `failed`. */
  code: string;
  /** One line, for people: what and where. */
  message: string;
  hint?: string;
};

/** Size of a frame before its payload. */
export const FRAME_HEADER = 5;

/** A stream that is no frames, or frames that nobody may send. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

const NAMES = new Map<number, FrameKind>(
  Object.entries(KINDS).map(([name, byte]) => [byte, name as FrameKind]),
);
const encoder = new TextEncoder();

/** One frame of JSON. */
export function formatFrame(kind: Exclude<FrameKind, "data">, value: unknown): Uint8Array {
  const payload = encoder.encode(JSON.stringify(value ?? null));
  if (payload.length > TEXT_MAX) throw new FrameError(`A ${kind} is too long to be said`);
  const frame = new Uint8Array(FRAME_HEADER + payload.length);
  writeHeader(frame, { kind, length: payload.length });
  frame.set(payload, FRAME_HEADER);
  return frame;
}

/** Writes what stands before the payload of a frame. */
export function writeHeader(
  into: Uint8Array,
  header: { kind: FrameKind; length: number },
): void {
  into[0] = KINDS[header.kind];
  new DataView(into.buffer, into.byteOffset).setUint32(1, header.length);
}

/**
 * Collects the bytes of files into frames of {@link DATA_MAX}: small files share one, and one write
 * sends it.
 *
 * @returns `add` answers with the frames that are full by now, valid until the next call.
 */
export function createDataPacker(): {
  add(bytes: Uint8Array): Generator<Uint8Array>;
  rest(): Uint8Array | undefined;
} {
  const frame = new Uint8Array(FRAME_HEADER + DATA_MAX);
  let filled = 0;
  const take = () => {
    writeHeader(frame, { kind: "data", length: filled });
    const full = frame.subarray(0, FRAME_HEADER + filled);
    filled = 0;
    return full;
  };
  return {
    *add(bytes) {
      for (let at = 0; at < bytes.length;) {
        const count = Math.min(bytes.length - at, DATA_MAX - filled);
        frame.set(bytes.subarray(at, at + count), FRAME_HEADER + filled);
        filled += count;
        at += count;
        if (filled === DATA_MAX) yield take();
      }
    },
    rest: () => filled === 0 ? undefined : take(),
  };
}

/**
 * Reads frames from bytes however they are cut.
 *
 * @returns A function that takes the next bytes and gives the frames in them.
 * @throws {FrameError} For what is no frame, and before anything is kept of one that is too long.
 */
export function createFrameParser(): (bytes: Uint8Array) => Generator<Frame> {
  const header = new Uint8Array(FRAME_HEADER);
  const view = new DataView(header.buffer);
  let known = 0;
  let kind: FrameKind | undefined;
  let left = 0;
  let text = new Uint8Array(0);
  return function* (bytes) {
    for (let at = 0; at < bytes.length;) {
      if (kind === undefined) {
        header[known++] = bytes[at++]!;
        if (known < FRAME_HEADER) continue;
        known = 0;
        left = view.getUint32(1);
        kind = parseKind(header[0]!, left);
        if (left === 0) kind = undefined;
        else if (kind !== "data") text = new Uint8Array(left);
        continue;
      }
      const piece = bytes.subarray(at, at + left);
      at += piece.length;
      if (kind !== "data") text.set(piece, text.length - left);
      left -= piece.length;
      if (kind === "data") yield { kind, bytes: piece };
      else if (left === 0) yield { kind, value: parseText(text) };
      if (left === 0) kind = undefined;
    }
  };
}

function parseKind(byte: number, length: number): FrameKind {
  const kind = NAMES.get(byte);
  if (kind === undefined) throw new FrameError(`There is no frame of kind ${byte}`);
  const most = kind === "data" ? DATA_MAX : TEXT_MAX;
  if (length > most) throw new FrameError(`A ${kind} of ${length} bytes is too long`);
  if (length === 0 && kind !== "data") throw new FrameError(`A ${kind} says nothing`);
  return kind;
}

function parseText(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new FrameError("A frame is no JSON");
  }
}

/** Cuts a list into batches that fit a frame, by what each row takes as text. */
export function* batchRows<Row>(
  rows: Iterable<Row>,
  sizeOf: (row: Row) => number,
): Generator<Row[]> {
  let batch: Row[] = [];
  let chars = 0;
  for (const row of rows) {
    batch.push(row);
    chars += sizeOf(row);
    if (chars < BATCH_CHARS) continue;
    yield batch;
    [batch, chars] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}
