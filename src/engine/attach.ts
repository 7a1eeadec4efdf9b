import { openFrames } from "./frames.ts";
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
  let read: AttachedStreams["read"];
  try {
    await connection.write(new TextEncoder().encode(formatRequest(container)));
    read = await openFrames(connection, { buffer, task: "attach", onStderr });
  } catch (error) {
    connection.close();
    throw error;
  }
  return {
    read,
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
