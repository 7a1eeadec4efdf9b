import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Server, Socket } from "node:net";
import { mintCa, openMinter } from "../../../src/gateway/mint.ts";
import { closeServer, listenOn } from "./web_world.ts";

/** A host on loopback. */
export type Origin = AsyncDisposable & {
  port: number;
  /** Ends all its connections at once. */
  cut(): void;
};

/** A certificate authority of the played internet, and a way to sign with it. */
export type OriginCa = {
  certificate: string;
  sign(host: string): Promise<{ key: string; cert: string }>;
};

/** Makes an authority that worlds trust through `extraCa`. */
export async function makeOriginCa(): Promise<OriginCa> {
  const ca = await mintCa(Date.now());
  const minter = await openMinter(ca, Date.now);
  return {
    certificate: ca.certificate,
    sign: async (host) => ({ key: minter.key, cert: await minter.mint(host) }),
  };
}

/** An HTTP host. */
export function serveHttp(listener: RequestListener): Promise<Origin> {
  return serve(createHttpServer(listener));
}

/** An HTTPS host that shows this certificate. */
export function serveHttps(
  identity: { key: string; cert: string },
  listener: RequestListener,
): Promise<Origin> {
  return serve(createHttpsServer(identity, listener));
}

/** A host from a server of any kind; closing it cuts its connections. */
export async function serve(server: Server): Promise<Origin> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  const port = await listenOn(server);
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    cut,
    async [Symbol.asyncDispose]() {
      const closed = closeServer(server);
      cut();
      await closed;
    },
  };
}
