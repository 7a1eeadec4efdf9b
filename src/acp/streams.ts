import { constants, openSync, statSync, writeSync } from "node:fs";
import type { PolledStream } from "../engine/poller.ts";

/** Where bytes come from. */
export type ByteSource = {
  /** The next bytes, valid until the next call; `undefined` at the end. */
  read(): Promise<Uint8Array | undefined>;
};

/** Where bytes go. Both calls reject when nobody takes them any more, and never throw. */
export type ByteSink = {
  /**
   * Resolves when the bytes were taken: their memory may be used again. Answers nothing when they
   * are taken already.
   */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Says that nothing more comes. */
  close(): Promise<void>;
};

/** Both ways to one side of a relay. */
export type Duplex = { source: ByteSource; sink: ByteSink };

/** Bytes read at once: what a pipe holds. */
const CHUNK = 65_536;

/**
 * A file or a connection as a source. It reads on while the last bytes are still in use; two buffers
 * take turns.
 */
export function sourceOf(reader: { read(buffer: Uint8Array): Promise<number | null> }): ByteSource {
  let [free, used] = [new Uint8Array(CHUNK), new Uint8Array(CHUNK)];
  let ahead: Promise<number | null> | undefined;
  return {
    async read() {
      const count = await (ahead ?? reader.read(free));
      if (count === null) return undefined;
      [free, used] = [used, free];
      ahead = reader.read(free);
      // Its failure is the next call's.
      ahead.catch(() => {});
      return used.subarray(0, count);
    },
  };
}

/** A polled file as a source. */
export function sourceOfPolled(stream: Pick<PolledStream, "read">): ByteSource {
  const buffer = new Uint8Array(CHUNK);
  return {
    async read() {
      const count = await stream.read(buffer);
      return count === null ? undefined : buffer.subarray(0, count);
    },
  };
}

/** A stream of a child process as a source; its one buffer goes back and forth. */
export function sourceOfStream(stream: ReadableStream<Uint8Array>): ByteSource {
  const reader = stream.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(CHUNK);
  return {
    async read() {
      const { value, done } = await reader.read(new Uint8Array(buffer));
      if (done || value === undefined) return undefined;
      buffer = value.buffer;
      return value;
    },
  };
}

/**
 * This process's stdout. Where it is a pipe of Linux, what the pipe has room for is written at once:
 * the ordinary way wakes a thread for each message.
 */
export function ownStdout(): ByteSink {
  const slow = sinkOf(Deno.stdout, () => {});
  const fast = openUnblocked("/proc/self/fd/1");
  if (fast === undefined) return slow;
  return {
    async write(bytes) {
      const done = writeUnblocked(fast, bytes);
      if (done < bytes.length) await slow.write(bytes.subarray(done));
    },
    close: slow.close,
  };
}

/** Opens a pipe a second time, with a mode of its own; `undefined` where that cannot be. */
function openUnblocked(path: string): number | undefined {
  try {
    if (Deno.build.os !== "linux" || !statSync(path).isFIFO()) return undefined;
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

/** So much goes into a pipe whole or not at all: PIPE_BUF of Linux. */
const ATOMIC = 4096;

/**
 * Writes what there is room for, and answers how much that was. In steps that are whole or nothing:
 * a failure does not say how much of a longer one was written. What fails is left to the ordinary
 * way, which says what it is.
 */
function writeUnblocked(fd: number, bytes: Uint8Array): number {
  let done = 0;
  try {
    while (done < bytes.length) {
      const step = Math.min(ATOMIC, bytes.length - done);
      writeSync(fd, bytes, done, step);
      done += step;
    }
  } catch {
    // Full, mostly.
  }
  return done;
}

/** A file or a connection as a sink. */
export function sinkOf(
  writer: { write(bytes: Uint8Array): Promise<number> },
  close: () => Promise<void> | void,
): ByteSink {
  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length;) at += await writer.write(bytes.subarray(at));
    },
    async close() {
      await close();
    },
  };
}

/** A stream of a child process as a sink. */
export function sinkOfStream(stream: WritableStream<Uint8Array>): ByteSink {
  const writer = stream.getWriter();
  return { write: (bytes) => writer.write(bytes), close: () => writer.close() };
}
