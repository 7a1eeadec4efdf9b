import type { PolledStream, Poller } from "./poller.ts";

/** A connection to the streams of a container. */
export type AttachedStreams = {
  /** The next bytes of the container's stdout, valid until the next call; `undefined` at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Answers nothing when all of it is taken already. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Ends the container's stdin; what it still says is read. */
  closeWrite(): Promise<void>;
  close(): void;
};

/** Bytes read at once: more than the engine puts into one frame. */
const CHUNK = 65_536;

/** Longest answer of the engine before the stream begins, in bytes. */
const MAX_HEAD = 16_384;

/** Size of the header of a frame: its stream, three zeros, four bytes of length. */
const FRAME_HEADER = 8;

const STDERR = 2;

/** Path of the socket an engine listens on; `undefined` when it is no local socket. */
export function findSocket(url: string | undefined): string | undefined {
  return url?.startsWith("unix://") ? url.slice("unix://".length) : undefined;
}

/**
 * Attaches to a container without a terminal, as the docker CLI does, but within this process: each
 * message crosses one process less.
 *
 * @param socket Path of the engine's socket.
 * @param options.poller What waits for the connection. By default the runtime does.
 * @param options.onStderr Gets what the container says on stderr; its bytes hold until it resolves.
 * @throws {Error} If the engine does not attach.
 * @see {@link https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach}
 */
export async function attachContainer(
  socket: string,
  options: {
    container: string;
    onStderr(bytes: Uint8Array): Promise<void>;
    poller?: Poller | undefined;
  },
): Promise<AttachedStreams> {
  const { container, onStderr, poller } = options;
  const connection = poller === undefined ? await connect(socket) : poller.connect(socket);
  const buffer = new Uint8Array(CHUNK);
  let rest: Uint8Array;
  try {
    await connection.write(new TextEncoder().encode(formatRequest(container)));
    rest = await readHead(connection, buffer);
  } catch (error) {
    connection.close();
    throw error;
  }
  const frame = createFrameReader();
  return {
    async read() {
      for (;;) {
        if (rest.length === 0) {
          const count = await connection.read(buffer);
          if (count === null) return undefined;
          rest = buffer.subarray(0, count);
        }
        const { stream, piece, length } = frame(rest);
        rest = rest.subarray(length);
        if (piece.length === 0) continue;
        if (stream !== STDERR) return piece;
        await onStderr(piece);
      }
    },
    write: connection.write,
    closeWrite: connection.closeWrite,
    close() {
      try {
        connection.close();
      } catch {
        // It is closed already.
      }
    },
  };
}

/**
 * Reads the frames in which an engine sends two streams as one, however they are cut.
 *
 * @returns A function that takes bytes and answers with the first piece of one stream in them, and
 * how many bytes that used up.
 */
export function createFrameReader(): (
  bytes: Uint8Array,
) => { stream: number; piece: Uint8Array; length: number } {
  const header = new Uint8Array(FRAME_HEADER);
  const view = new DataView(header.buffer);
  let known = 0;
  let left = 0;
  return (bytes) => {
    let at = 0;
    while (left === 0 && at < bytes.length) {
      header[known++] = bytes[at++]!;
      if (known < FRAME_HEADER) continue;
      known = 0;
      left = view.getUint32(4);
    }
    const piece = bytes.subarray(at, at + left);
    left -= piece.length;
    return { stream: header[0]!, piece, length: at + piece.length };
  };
}

function formatRequest(container: string): string {
  const query = "stream=1&stdin=1&stdout=1&stderr=1";
  return [
    `POST /containers/${encodeURIComponent(container)}/attach?${query} HTTP/1.1`,
    "Host: docker",
    "Connection: Upgrade",
    "Upgrade: tcp",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}

/** Reads the engine's answer; what follows it is the stream's. */
async function readHead(connection: PolledStream, buffer: Uint8Array): Promise<Uint8Array> {
  let filled = 0;
  while (filled < MAX_HEAD) {
    const count = await connection.read(buffer.subarray(filled));
    if (count === null) break;
    filled += count;
    const text = new TextDecoder("latin1").decode(buffer.subarray(0, filled));
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) continue;
    if (/^HTTP\/1\.[01] (101|200) /.test(text)) return buffer.subarray(end + 4, filled);
    throw new Error(`The engine does not attach: ${text.slice(0, 500)}`);
  }
  throw new Error("The engine does not attach: it gave no answer");
}

async function connect(path: string): Promise<PolledStream> {
  const connection = await Deno.connect({ transport: "unix", path });
  return {
    read: (buffer) => connection.read(buffer),
    async write(bytes) {
      for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    },
    closeWrite: () => connection.closeWrite(),
    close: () => connection.close(),
  };
}
