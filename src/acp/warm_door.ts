import { basename, dirname } from "node:path";
import { removeIfPresent } from "../files.ts";
import type { Duplex } from "./streams.ts";
import { sinkOf, sourceOf } from "./streams.ts";
import type { WarmIdentity } from "./warm_key.ts";
import { parseRequest, readLine, type WarmNews, writeLine } from "./warm_protocol.ts";

/** Where one agent waits for one client. */
export type WarmDoor = {
  /** The client to be: reading waits for it, and ends when none comes. */
  client: Duplex;
  /** Resolves when nobody will come, or nobody is there any more. */
  gone: Promise<void>;
  /** Says something to the client; `false` when none is there. */
  tell(news: WarmNews): Promise<boolean>;
  /** Lets go of everything. */
  close(): Promise<void>;
};

/** What a door is opened for. */
export type WarmDoorOptions = {
  identity: WarmIdentity;
  container: string;
  /** How long nobody may come, in milliseconds. */
  idleMs: number;
  /** Called once, when the agent is given away: another one may be kept from then on. */
  onTaken(): void;
};

/** How long a client may take from the answer to its second connection, in milliseconds. */
const SECOND_MS = 5_000;

/**
 * Opens the door: a socket that only this user reaches. One client is let in, ever.
 *
 * @param path Of the socket, in a directory that only the user enters. A longer one than the name of
 * a socket may be is fine.
 */
export function openDoor(path: string, options: WarmDoorOptions): WarmDoor {
  const { identity, container, idleMs, onTaken } = options;
  const listener = listenAt(path);
  const streams = Promise.withResolvers<Deno.Conn | undefined>();
  const gone = Promise.withResolvers<void>();
  const token = crypto.randomUUID();
  let control: Deno.Conn | undefined;
  let timer = setTimeout(() => leave(), idleMs);
  const shut = async () => {
    closeQuietly(listener);
    await removeIfPresent(path);
  };
  const leave = () => {
    clearTimeout(timer);
    shut();
    streams.resolve(undefined);
    gone.resolve();
  };
  const give = async (connection: Deno.Conn) => {
    control = connection;
    clearTimeout(timer);
    timer = setTimeout(leave, SECOND_MS);
    onTaken();
    await writeLine(connection, { answer: "yes", token, container });
    // It says nothing more: what ends here is the client itself.
    await connection.read(new Uint8Array(1)).catch(() => null);
    leave();
  };
  const greet = async (connection: Deno.Conn) => {
    const request = parseRequest(await readLine(connection));
    if (request?.want === "streams" && control !== undefined && request.token === token) {
      clearTimeout(timer);
      await shut();
      return streams.resolve(connection);
    }
    const isAsked = request?.want === "agent" && request.kind === identity.kind &&
      control === undefined;
    if (isAsked && request.key === identity.key) return await give(connection);
    await writeLine(connection, { answer: isAsked ? "stale" : "no" }).catch(() => {});
    closeQuietly(connection);
    if (isAsked) leave();
  };
  (async () => {
    for (;;) {
      const connection = await listener.accept().catch(() => undefined);
      if (connection === undefined) return;
      greet(connection).catch(() => closeQuietly(connection));
    }
  })();
  return {
    client: planClient(streams.promise),
    gone: gone.promise,
    async tell(news) {
      if (control === undefined) return false;
      return await writeLine(control, news).then(() => true, () => false);
    },
    async close() {
      leave();
      for (const connection of [control, await streams.promise]) {
        if (connection !== undefined) closeQuietly(connection);
      }
    },
  };
}

/** A client that may come later. */
function planClient(coming: Promise<Deno.Conn | undefined>): Duplex {
  const open = coming.then((connection) =>
    connection === undefined ? undefined : {
      source: sourceOf(connection),
      sink: sinkOf(connection, () => (connection as Deno.UnixConn).closeWrite()),
    }
  );
  const absent = () => {
    throw new Deno.errors.BrokenPipe("No client came");
  };
  return {
    source: { read: async () => await (await open)?.source.read() },
    sink: {
      write: async (bytes) => await ((await open) ?? { sink: { write: absent } }).sink.write(bytes),
      close: async () => await (await open)?.sink.close(),
    },
  };
}

function listenAt(path: string): Deno.Listener {
  return inDirectory(dirname(path), () => {
    const listener = Deno.listen({ transport: "unix", path: basename(path) });
    Deno.chmodSync(basename(path), 0o600);
    return listener;
  });
}

/** Connects to a door. */
export function connectTo(path: string): Promise<Deno.UnixConn> {
  return inDirectory(
    dirname(path),
    () => Deno.connect({ transport: "unix", path: basename(path) }),
  );
}

/**
 * The name of a socket has 107 bytes at most, a home may be deeper: the call is made from the
 * directory of the socket, and nothing else runs in between.
 */
function inDirectory<T>(dir: string, call: () => T): T {
  const before = Deno.cwd();
  Deno.chdir(dir);
  try {
    return call();
  } finally {
    Deno.chdir(before);
  }
}

function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch {
    // It is closed already.
  }
}
