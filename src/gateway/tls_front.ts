import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { Reason } from "../policy/audit.ts";
import { isSameHost } from "../policy/host.ts";
import type { Authority, Identity } from "./authority.ts";

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

/** A server and what it shows. */
type Shown = { server: Server; identity: Identity };

/**
 * Makes the TLS side. Each target has a server of its own that never listens: so a connection is
 * bound to its target by construction, not by a lookup that could go wrong. What it shows is there
 * before the server is: with an `SNICallback` OpenSSL 3.5 tells clients with rustls no protocol, and
 * HTTP/2 is lost to them (measured on Node 22.23).
 */
export function createTlsFront(authority: Authority, handlers: TlsHandlers): TlsFront {
  const servers = new Map<string, Shown>();
  const sockets = new Set<Socket>();

  async function serverFor(target: TlsTarget): Promise<Server> {
    const identity = await authority.identityFor(target.host);
    const key = `${target.host} ${target.port}`;
    const known = servers.get(key);
    servers.delete(key);
    // A new certificate is a new server: the one before goes with its last connection.
    const shown = known?.identity === identity ? known : makeServer(target, identity);
    servers.set(key, shown);
    if (servers.size > MOST_SERVERS) servers.delete(servers.keys().next().value!);
    return shown.server;
  }

  function makeServer(target: TlsTarget, identity: Identity): Shown {
    const server = createServer({
      ...identity,
      ALPNProtocols: ["h2", "http/1.1"],
      minVersion: "TLSv1.2",
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
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
    return { server, identity };
  }

  return {
    accept(socket, target) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
      socket.setNoDelay(true);
      serverFor(target).then(
        (server) => {
          if (!socket.destroyed) server.emit("connection", socket);
        },
        () => {
          const detail = "No certificate can be made: the authority cannot be read";
          handlers.onError(target, { reason: "protocol", detail });
          socket.destroy();
        },
      );
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
