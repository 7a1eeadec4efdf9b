import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

/** TCP listeners of one address that come and go with the policy. */
export type Listeners = {
  /**
   * Opens a port; no work when it is open.
   *
   * @param bind The one really bound, where it is another.
   * @returns The port bound.
   * @throws {Error} If it is taken; nothing changed then.
   */
  open(port: number, bind?: number): Promise<number>;
  /** Those open. */
  list(): number[];
  /** Stops taking connections on all other ports; those there live on. */
  keep(isKept: (port: number) => boolean): void;
  /** Stops taking connections. */
  close(): void;
};

/**
 * Makes an empty set of listeners.
 *
 * @param options.accept Gets each connection with the port it was meant for, nothing of it read.
 * @param options.maxConnections For each port; what comes beyond is closed at once.
 */
export function createListeners(
  address: string,
  options: { accept: (socket: Socket, port: number) => void; maxConnections: number },
): Listeners {
  const servers = new Map<number, Server>();
  const keep = (isKept: (port: number) => boolean) => {
    for (const [port, server] of [...servers]) {
      if (isKept(port)) continue;
      server.close();
      servers.delete(port);
    }
  };
  return {
    async open(port, bind = port) {
      const known = servers.get(port);
      const server = known ?? createServer({ noDelay: true });
      if (known === undefined) {
        server.maxConnections = options.maxConnections;
        server.on("connection", (socket) => {
          // A reset before anybody else listens would end the process.
          socket.on("error", () => socket.destroy());
          options.accept(socket, port);
        });
        server.listen(bind, address);
        await once(server, "listening");
        servers.set(port, server);
      }
      return (server.address() as { port: number }).port;
    },
    list: () => [...servers.keys()],
    keep,
    close: () => keep(() => false),
  };
}
