import {
  createDataPacker,
  createFrameParser,
  formatFrame,
  type Frame,
  FrameError,
  type FrameKind,
} from "../tree/frames.ts";

/** The two streams of a program, read and written in place: who waits is the program. */
export type Streams = {
  /** Fills the buffer as far as it can; 0 at the end. */
  read(buffer: Uint8Array): number;
  write(bytes: Uint8Array): void;
};

/** The courier's side of the frames. */
export type Link = {
  /** The next frame, `data` valid until the next call; `undefined` at the end of input. */
  next(): Frame | undefined;
  /** The rows of the lists that come now; ends before the frame that is none, which comes next. */
  rows(): Generator<unknown>;
  /** The bytes that come now, up to the `end`. */
  data(): Generator<Uint8Array>;
  /** Reads past the `end` of a request that needs nothing more. */
  expectEnd(): void;
  send(kind: Exclude<FrameKind, "data">, value: unknown): void;
  /** Sends bytes of one stream, the small ones together. */
  sendData(pieces: Iterable<Uint8Array>): void;
};

/** The input ended in the middle: whoever asked has gone, and nothing more may be done for them. */
export class CutError extends Error {
  override readonly name = "CutError";
}

/** As much as a pipe holds, and more. */
const READ_BYTES = 262_144;

/** Speaks frames over two streams. */
export function createLink(streams: Streams): Link {
  const parse = createFrameParser();
  const buffer = new Uint8Array(READ_BYTES);
  let frames: Iterator<Frame> | undefined;
  let returned: Frame | undefined;

  const next = (): Frame | undefined => {
    if (returned !== undefined) {
      const frame = returned;
      returned = undefined;
      return frame;
    }
    for (;;) {
      const found = frames?.next();
      if (found !== undefined && found.done !== true) return found.value;
      const count = streams.read(buffer);
      if (count === 0) return undefined;
      frames = parse(buffer.subarray(0, count));
    }
  };
  const must = (): Frame => {
    const frame = next();
    if (frame === undefined) throw new CutError("The input ended in the middle of a request");
    return frame;
  };
  const expectEnd = () => {
    const { kind } = must();
    if (kind !== "end") throw new FrameError(`A ${kind} came in place of the end`);
  };
  return {
    next,
    expectEnd,
    *rows() {
      for (;;) {
        const frame = must();
        if (frame.kind !== "list") {
          returned = frame;
          return;
        }
        if (!Array.isArray(frame.value)) throw new FrameError("A list is none");
        yield* frame.value;
      }
    },
    *data() {
      for (;;) {
        const frame = must();
        if (frame.kind === "end") return;
        if (frame.kind !== "data") throw new FrameError(`A ${frame.kind} came in place of data`);
        yield frame.bytes;
      }
    },
    send: (kind, value) => streams.write(formatFrame(kind, value)),
    sendData(pieces) {
      const packer = createDataPacker();
      for (const piece of pieces) {
        for (const frame of packer.add(piece)) streams.write(frame);
      }
      const rest = packer.rest();
      if (rest !== undefined) streams.write(rest);
    },
  };
}
