import type { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import { BlockedError } from "../context.ts";
import { type Coding, createDecoder } from "./decode.ts";

/** A decoder that runs beside a body, to look at what is inside. */
export type Decoding = {
  /** Decodes a chunk; `done` comes when everything it holds was told. */
  write(chunk: Buffer, done: (error?: Error) => void): void;
  /** The body is at its end; `done` comes when everything was told. */
  end(done: (error?: Error) => void): void;
  /** Bytes told so far. */
  decoded(): number;
  destroy(): void;
};

/** A body that unfolds further is a bomb, or too much to look through. */
const MOST_DECODED = 64 * 1024 * 1024;
/** A body that grows more than this many times is a bomb… */
const HIGHEST_RATIO = 100;
/** …unless it is still small. */
const RATIO_FREE = 1024 * 1024;
const BEHIND = "goes on behind its end";
/** Decoded at once, so that a bomb is noticed early. */
const SLICE = 16 * 1024;

/**
 * Starts decoding.
 *
 * @param onData Told each decoded piece; may throw a {@link BlockedError}.
 * Corrupt, too large or over-long data ends in a {@link BlockedError} with reason `encoding`.
 */
export function createDecoding(coding: Coding, onData: (piece: Buffer) => void): Decoding {
  let decoder: Duplex | null = null;
  let [taken, fed, told] = [0, 0, 0];
  let hasEnded = false;
  let failure: Error | null = null;
  let settle: ((error?: Error) => void) | null = null;

  const finish = (error?: Error) => {
    failure ??= error ?? null;
    if (error !== undefined) decoder?.destroy();
    const done = settle;
    settle = null;
    done?.(failure ?? undefined);
  };
  const block = (detail: string) =>
    finish(
      new BlockedError({
        action: "block",
        reason: "encoding",
        detail: `The ${coding} body ${detail}`,
      }),
    );
  const drain = () => {
    if (failure !== null || decoder === null) return;
    try {
      for (let piece: Buffer | null; (piece = decoder.read()) !== null;) {
        told += piece.length;
        if (told > MOST_DECODED) return block("unfolds to more than 64 MiB");
        if (told > RATIO_FREE && told > fed * HIGHEST_RATIO) {
          return block("unfolds more than 100 times");
        }
        onData(piece);
      }
    } catch (error) {
      finish(error as Error);
    }
  };
  const start = (first: Buffer) => {
    decoder = createDecoder(coding, first);
    decoder.on("readable", drain);
    decoder.on("error", () => block("is corrupt"));
    decoder.on("end", () => {
      hasEnded = true;
      const { bytesWritten } = decoder as unknown as { bytesWritten: number };
      // What stands behind the end is forwarded too, and was not looked at. (Deno counts zstd short,
      // so that it blocks some bodies that Node.js, which runs the gateway, lets pass.)
      if (fed < taken || bytesWritten < fed) block(BEHIND);
      else finish();
    });
    return decoder;
  };

  return {
    write(chunk, done) {
      if (failure !== null) return done(failure);
      if (chunk.length === 0) return done();
      settle = done;
      taken += chunk.length;
      if (hasEnded) return block(BEHIND);
      const into = decoder ?? start(chunk);
      const writeSlice = (at: number) => {
        const slice = chunk.subarray(at, at + SLICE);
        fed += slice.length;
        into.write(slice, () => {
          drain();
          if (settle !== done) return;
          if (at + SLICE < chunk.length) writeSlice(at + SLICE);
          else finish();
        });
      };
      writeSlice(0);
    },
    end(done) {
      if (failure !== null || decoder === null) return done(failure ?? undefined);
      if (hasEnded) return done();
      settle = done;
      decoder.end();
      drain();
    },
    decoded: () => told,
    destroy: () => decoder?.destroy(),
  };
}
