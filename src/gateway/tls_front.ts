import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { Reason } from "../policy/audit.ts";
import { isSameHost } from "../policy/host.ts";
import type { Authority } from "./authority.ts";

/** What TLS is ended for; every request inside names exactly this. */
export type TlsTarget = { host: string; port: number };

/** Ends TLS in the name of hosts. */
export type TlsFront = {
  /** Takes a connection whose ClientHello is unread and names the target's host. */
  accept(socket: Socket, target: TlsTarget): void;
  close(): void;
};

/** What becomes of a connection. */
export type TlsHandlers = {
  onSecure(socket: TLSSocket, target: TlsTarget): void;
  onError(target: TlsTarget, problem: { reason: Reason; detail: string }): void;
};

/** A client that does not finish its handshake by then is not going to. */
const HANDSHAKE_TIMEOUT_MS = 20_000;
/** Servers kept; each is one host and port. */
const MOST_SERVERS = 512;

/**
 * Makes the TLS side. Each target has a server of its own that never listens: so a connection is
 * bound to its target by construction, not by a lookup that could go wrong.
 */
export function createTlsFront(authority: Authority, handlers: TlsHandlers): TlsFront {
  const servers = new Map<string, Server>();
  const sockets = new Set<Socket>();

  function serverFor(target: TlsTarget): Server {
    const key = `${target.host} ${target.port}`;
    const known = servers.get(key);
    servers.delete(key);
    const server = known ?? makeServer(target);
    servers.set(key, server);
    if (servers.size > MOST_SERVERS) servers.delete(servers.keys().next().value!);
    return server;
  }

  function makeServer(target: TlsTarget): Server {
    const server = createServer({
      ALPNProtocols: ["h2", "http/1.1"],
      minVersion: "TLSv1.2",
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      SNICallback(_name, callback) {
        authority.contextFor(target.host).then(
          (context) => callback(null, context),
          (error: Error) => callback(error),
        );
      },
    });
    server.on("secureConnection", (socket: TLSSocket) => {
      const name = socket.servername;
      if (typeof name === "string" && isSameHost(name, target.host)) {
        handlers.onSecure(socket, target);
        return;
      }
      const detail = "The server name is not the one that was decided on";
      handlers.onError(target, { reason: "name-mismatch", detail });
      socket.destroy();
    });
    server.on("tlsClientError", (error: Error & { code?: string }, socket: TLSSocket) => {
      socket.destroy();
      // A client that only looks, or that stops trusting us half-way, is named so.
      const detail = `No TLS with the client: ${error.code ?? error.message}`;
      handlers.onError(target, { reason: "protocol", detail });
    });
    return server;
  }

  return {
    accept(socket, target) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
      socket.setNoDelay(true);
      serverFor(target).emit("connection", socket);
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
