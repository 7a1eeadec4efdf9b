import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * A test that needs more of loopback than one address: only Linux has all of 127.0.0.0/8. The gateway
 * itself runs nowhere else.
 */
export const linuxTest = Deno.build.os === "linux" ? Deno.test : Deno.test.ignore;

/** A test that opens the well-known ports as well. */
export const linuxRootTest = Deno.build.os === "linux" && Deno.uid() === 0
  ? Deno.test
  : Deno.test.ignore;

/** A server on loopback that is gone with its sockets when the test is done. */
export type LoopbackServer = AsyncDisposable & { port: number; address: string; sockets: Socket[] };

/** Listens on a port of loopback that is free. */
export async function listenOnLoopback(
  onSocket: (socket: Socket) => void,
  options: { address?: string; port?: number; allowHalfOpen?: boolean } = {},
): Promise<LoopbackServer> {
  const address = options.address ?? "127.0.0.1";
  const sockets: Socket[] = [];
  const server: Server = createServer({ allowHalfOpen: options.allowHalfOpen ?? false });
  server.on("connection", (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  server.listen(options.port ?? 0, address);
  await once(server, "listening");
  return {
    port: (server.address() as { port: number }).port,
    address,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** A client of loopback that is gone when the test is done. */
export type LoopbackClient = AsyncDisposable & {
  socket: Socket;
  /** Everything received until the other side ends or resets. */
  readAll(): Promise<string>;
  /** Resolves once what was received so far holds the text. */
  readUntil(text: string): Promise<string>;
};

/** Connects, and keeps what arrives. */
export async function connectToLoopback(
  port: number,
  options: { address?: string; allowHalfOpen?: boolean } = {},
): Promise<LoopbackClient> {
  const socket = connect({
    port,
    host: options.address ?? "127.0.0.1",
    allowHalfOpen: options.allowHalfOpen ?? false,
  });
  await once(socket, "connect");
  return watchSocket(socket);
}

/** The same for a socket that is there already. */
export function watchSocket(socket: Socket): LoopbackClient {
  const chunks: Buffer[] = [];
  const text = () => Buffer.concat(chunks).toString("latin1");
  const closed = new Promise<void>((resolve) => {
    socket.on("end", resolve).on("close", resolve);
    if (socket.destroyed) resolve();
  });
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  return {
    socket,
    async readAll() {
      await closed;
      return text();
    },
    async readUntil(wanted) {
      while (!text().includes(wanted)) {
        const more = await Promise.race([once(socket, "data"), closed]);
        if (more === undefined && !text().includes(wanted)) {
          throw new Error(`The connection ended before "${wanted}": "${text()}"`);
        }
      }
      return text();
    },
    async [Symbol.asyncDispose]() {
      if (socket.closed) return;
      socket.destroy();
      await once(socket, "close");
    },
  };
}

/** Both ends of one connection over loopback; one of them may be left half open. */
export async function makePair(
  options: { halfOpen?: "near" | "far" } = {},
): Promise<AsyncDisposable & { near: Socket; far: Socket }> {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const server = await listenOnLoopback(resolve, { allowHalfOpen: options.halfOpen === "far" });
  const near = connect({
    port: server.port,
    host: "127.0.0.1",
    allowHalfOpen: options.halfOpen === "near",
  });
  near.on("error", () => {});
  await once(near, "connect");
  const far = await promise;
  return {
    near,
    far,
    async [Symbol.asyncDispose]() {
      near.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}
