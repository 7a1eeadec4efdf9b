import { createSocket } from "node:dgram";

/** The discard port (RFC 863): nobody listens there, and nobody needs to. */
const DISCARD_PORT = 9;

/**
 * Makes itself known to a neighbour with one empty datagram. A kernel that asked for an address before
 * it existed asks again only after a second; the question that comes with a datagram answers it at once.
 * One that cannot be reached yet is no error: it will find the gateway by itself.
 *
 * @param options The port is for tests.
 */
export function announce(neighbour: string, options: { port?: number } = {}): Promise<void> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const close = () => socket.close(() => resolve());
    socket.once("error", close);
    // With a callback, what goes wrong is told to it and not to the socket.
    socket.send("", options.port ?? DISCARD_PORT, neighbour, close);
  });
}
