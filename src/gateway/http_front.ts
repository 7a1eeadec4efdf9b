import type { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import process from "node:process";
import type { Duplex } from "node:stream";
import { formatRawDenial } from "./denial.ts";
import { pairHeaders } from "./header_rules.ts";
import type { Answer, Inbound } from "./inbound.ts";
import type { Destination, RawRequest } from "./request_guard.ts";

/** Reads HTTP/1 from connections whose destination is known. */
export type HttpFront = {
  /** Takes a connection, plain or secured, with nothing read from it. */
  accept(socket: Socket, destination: Destination): void;
  close(): void;
};

/** Where requests go. */
export type HttpHandlers = {
  onRequest(inbound: Inbound): void;
  /** A request for an upgrade; `head` is what came after it. */
  onUpgrade(request: IncomingMessage, socket: Duplex, options: UpgradeOptions): void;
  /** What arrived is no HTTP. */
  onBadRequest(destination: Destination, detail: string): void;
};

/** What an upgrade comes with. */
export type UpgradeOptions = { head: Buffer; destination: Destination };

/** Largest head in bytes; cookies and tokens of real clients stay well below. */
export const MOST_HEAD_BYTES = 64 * 1024;
/** How long a connection may wait for a request, or for the rest of a head or of a body. */
const PATIENCE_MS = 60_000;
const SWEEP_MS = 10_000;

/** A connection, and what it is waiting for. */
type Watched = {
  sinceMs: number;
  bytesRead: number;
  /** The request being answered. */
  busy: IncomingMessage | null;
  /** The last one whose head was read. */
  last: IncomingMessage | null;
};

/** Makes the HTTP/1 server; it never listens, connections are handed to it. */
export function createHttpFront(handlers: HttpHandlers): HttpFront {
  const destinations = new WeakMap<object, Destination>();
  const connections = new Map<Socket, Watched>();
  const server = createServer({
    maxHeaderSize: MOST_HEAD_BYTES,
    // The sweeper below watches connections that no listening socket owns.
    keepAliveTimeout: 0,
    requireHostHeader: true,
  });
  server.maxHeadersCount = 0;
  server.timeout = 0;

  function serve(request: IncomingMessage, response: ServerResponse) {
    const { socket } = request;
    const destination = destinations.get(socket);
    const watched = connections.get(socket);
    if (destination === undefined || watched === undefined) {
      socket.destroy();
      return;
    }
    watched.busy = watched.last = request;
    response.once("close", () => {
      if (watched.busy === request) watched.busy = null;
      watched.sinceMs = performance.now();
    });
    handlers.onRequest(makeInbound(request, { response, destination }));
  }

  server.on("request", serve);
  server.on("checkContinue", serve);
  server.on("checkExpectation", serve);
  server.on("connect", (_request, socket) => socket.destroy());
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const destination = destinations.get(request.socket);
    connections.delete(request.socket);
    if (destination === undefined) socket.destroy();
    else handlers.onUpgrade(request, socket, { head, destination });
  });
  server.on("clientError", (error: Error & { code?: string }, socket: Duplex) => {
    const destination = destinations.get(socket);
    if (destination === undefined || !socket.writable || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    if (connections.get(socket as Socket)?.last?.complete === false) {
      // A body that cannot be read: its request has an answer, or never gets one.
      socket.end(() => socket.destroy());
      return;
    }
    const detail = `The request cannot be read (${error.code ?? "unknown"})`;
    handlers.onBadRequest(destination, detail);
    socket.end(formatRawDenial({ reason: "smuggling", detail, host: destination.host }), () => {
      socket.destroy();
    });
  });

  const sweeper = setInterval(() => {
    const nowMs = performance.now();
    for (const [socket, watched] of connections) {
      if (isWaiting(socket, watched, nowMs)) socket.destroy();
    }
  }, SWEEP_MS);
  sweeper.unref();

  return {
    accept(socket, destination) {
      destinations.set(socket, destination);
      connections.set(socket, { sinceMs: performance.now(), bytesRead: 0, busy: null, last: null });
      socket.once("close", () => connections.delete(socket));
      socket.setNoDelay(true);
      server.emit("connection", socket);
    },
    close() {
      clearInterval(sweeper);
      for (const socket of connections.keys()) socket.destroy();
    },
  };
}

/** Whether a connection has kept us waiting for too long; one that waits for us never does. */
function isWaiting(socket: Socket, watched: Watched, nowMs: number): boolean {
  const { busy } = watched;
  const isMoving = busy !== null &&
    (busy.complete || busy.readableFlowing !== true || socket.bytesRead !== watched.bytesRead);
  if (isMoving) {
    watched.bytesRead = socket.bytesRead;
    watched.sinceMs = nowMs;
    return false;
  }
  return nowMs - watched.sinceMs > PATIENCE_MS;
}

/** An HTTP/1 request of a `node:http` server in the form all requests have. */
export function makeInbound(
  request: IncomingMessage,
  options: { response: ServerResponse; destination: Destination },
): Inbound {
  const { response, destination } = options;
  const raw: RawRequest = {
    version: request.httpVersionMinor === 1 ? "1.1" : "1.0",
    method: request.method ?? "",
    target: request.url ?? "",
    headers: pairHeaders(request.rawHeaders),
  };
  return {
    raw,
    destination,
    body: request,
    answer: makeAnswer(request, response),
    onGone(listener) {
      response.once("close", () => {
        if (!response.writableFinished) listener();
      });
    },
  };
}

/** How long a client that was denied may go on sending its body, so that it gets to read why. */
const LINGER_MS = 1_000;
/** A first chunk up to this many bytes waits for the end of the turn: it may be the whole body. */
const MOST_HELD_BYTES = 16 * 1024;

function makeAnswer(request: IncomingMessage, response: ServerResponse): Answer {
  // A date the host did not send is not ours to add.
  response.sendDate = false;
  let held: Buffer | undefined;
  let isOpening = false;
  let hasUnread = false;

  /** Head and what is held leave; together with the end, when it came in the same turn. */
  function flush() {
    if (!isOpening) return;
    isOpening = false;
    if (held === undefined) response.flushHeaders();
    else response.write(held);
  }

  return {
    isHeadSent: () => response.headersSent,
    sendContinue: () => response.writeContinue(),
    sendInformation(status, headers) {
      // Only hints are understood by clients; they carry links alone.
      if (status !== 103) return;
      const link = headers.filter(([name]) => name.toLowerCase() === "link").map((pair) => pair[1]);
      if (link.length > 0) response.writeEarlyHints({ link });
    },
    sendHead(status, headers, { bodyless, closes }) {
      const flat: string[] = [];
      for (const [name, value] of headers) flat.push(name, value);
      // A body nobody reads ends the connection: its rest is not the next request.
      if (closes && !request.complete) {
        flat.push("connection", "close");
        const { "content-length": length, "transfer-encoding": encoding } = request.headers;
        hasUnread = length !== undefined || encoding !== undefined;
      }
      response.writeHead(status, flat);
      if (bodyless) return;
      isOpening = true;
      process.nextTick(flush);
    },
    write(chunk) {
      if (isOpening && held === undefined && chunk.length <= MOST_HELD_BYTES) {
        held = chunk;
        return true;
      }
      flush();
      return response.write(chunk);
    },
    onDrain: (listener) => void response.on("drain", listener),
    end(trailers) {
      if (trailers.length > 0) response.addTrailers(trailers);
      if (hasUnread) {
        flush();
        linger(request, response);
        return;
      }
      if (isOpening && held !== undefined) {
        isOpening = false;
        // One string of head and body is one write and one TLS record.
        response.end(held.toString("latin1"), "latin1");
        return;
      }
      isOpening = false;
      response.end();
    },
    destroy: () => void request.socket.destroy(),
  };
}

/** Closing with unread bytes resets the connection, and the answer with it: so they are read. */
function linger(request: IncomingMessage, response: ServerResponse) {
  const timer = setTimeout(end, LINGER_MS);
  timer.unref();
  function end() {
    clearTimeout(timer);
    response.end();
  }
  request.once("end", end);
  request.once("close", end);
  request.resume();
}
