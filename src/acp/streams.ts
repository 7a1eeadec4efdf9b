/** Where bytes come from. */
export type ByteSource = {
  /** The next bytes, valid until the next call; `undefined` at the end. */
  read(): Promise<Uint8Array | undefined>;
};

/** Where bytes go. Both calls reject when nobody takes them any more. */
export type ByteSink = {
  /** Resolves when the bytes were taken: their memory may be used again. */
  write(bytes: Uint8Array): Promise<void>;
  /** Says that nothing more comes. */
  close(): Promise<void>;
};

/** Both ways to one side of a relay. */
export type Duplex = { source: ByteSource; sink: ByteSink };

/** Bytes read at once: what a pipe holds. */
const CHUNK = 65_536;

/** A file or a connection as a source; one buffer is used again and again. */
export function sourceOf(reader: { read(buffer: Uint8Array): Promise<number | null> }): ByteSource {
  const buffer = new Uint8Array(CHUNK);
  return {
    async read() {
      const count = await reader.read(buffer);
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
