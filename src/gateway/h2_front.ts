import type { Buffer } from "node:buffer";
import {
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { TLSSocket } from "node:tls";
import { type HeaderList, pairHeaders } from "./header_rules.ts";
import { MOST_HEAD_BYTES } from "./http_front.ts";
import type { Answer, Inbound } from "./inbound.ts";
import type { Destination, RawRequest } from "./request_guard.ts";

/** Reads HTTP/2 from connections whose destination is known. */
export type H2Front = {
  accept(socket: TLSSocket, destination: Destination): void;
  close(): void;
};

/** Requests of one connection at a time: what browsers assume without being told. */
const MOST_STREAMS = 128;
/** How much of a body may come before the host has taken it, for each stream. */
const WINDOW_BYTES = 1024 * 1024;
/** A connection without a request, or with one that does not move, ends after this. */
const PATIENCE_MS = 60_000;

/** Makes the HTTP/2 server; it never listens, connections are handed to it. */
export function createH2Front(onRequest: (inbound: Inbound) => void): H2Front {
  const sessions = new Map<ServerHttp2Session, Destination>();
  let accepting: Destination | undefined;
  const server = createServer({
    maxHeaderListPairs: 512,
    // Megabytes; what each stream holds is bounded by its window.
    maxSessionMemory: 64,
    settings: {
      maxConcurrentStreams: MOST_STREAMS,
      initialWindowSize: WINDOW_BYTES,
      maxHeaderListSize: MOST_HEAD_BYTES,
      enableConnectProtocol: false,
    },
  });

  server.on("session", (session: ServerHttp2Session) => {
    sessions.set(session, accepting!);
    let streams = 0;
    session.once("close", () => sessions.delete(session));
    session.on("error", () => session.destroy());
    session.on("stream", (stream: ServerHttp2Stream) => {
      streams++;
      stream.once("close", () => streams--);
    });
    session.setLocalWindowSize?.(16 * WINDOW_BYTES);
    // Bytes count as life; a stream that waits for its host is not ended.
    session.setTimeout(PATIENCE_MS, () => {
      if (streams === 0) session.close();
    });
  });
  server.on("sessionError", () => {});
  server.on(
    "stream",
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, raw: unknown) => {
      stream.on("error", () => {});
      const destination = stream.session && sessions.get(stream.session as ServerHttp2Session);
      if (destination === undefined) return stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      onRequest(makeInbound(stream, { headers, flags, raw, destination }));
    },
  );

  return {
    accept(socket, destination) {
      // The session is made while the event runs.
      accepting = destination;
      server.emit("connection", socket);
      accepting = undefined;
    },
    close() {
      for (const session of sessions.keys()) session.destroy();
    },
  };
}

type StreamStart = {
  headers: IncomingHttpHeaders;
  flags: number;
  raw: unknown;
  destination: Destination;
};

function makeInbound(stream: ServerHttp2Stream, start: StreamStart): Inbound {
  const { headers, flags, destination } = start;
  const pairs = listHeaders(start);
  const raw: RawRequest = {
    version: "2",
    method: headers[":method"] ?? "",
    target: headers[":path"] ?? "",
    authority: headers[":authority"],
    scheme: headers[":scheme"],
    headers: pairs,
  };
  const isEnded = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
  const length = Number(headers["content-length"] ?? NaN);
  return {
    raw,
    destination,
    body: stream,
    framing: isEnded ? "none" : Number.isSafeInteger(length) && length > 0 ? length : "stream",
    answer: makeAnswer(stream, raw.method === "HEAD"),
    onGone(listener) {
      stream.once("close", () => {
        if (!stream.writableFinished || stream.rstCode !== constants.NGHTTP2_NO_ERROR) listener();
      });
    },
  };
}

function makeAnswer(stream: ServerHttp2Stream, isHead: boolean): Answer {
  let trailers: HeaderList = [];
  let isBodyless = false;
  return {
    isHeadSent: () => stream.headersSent,
    sendContinue() {
      if (isOpen(stream)) stream.additionalHeaders({ ":status": 100 });
    },
    sendInformation(status, headers) {
      if (status === 103 && isOpen(stream)) {
        stream.additionalHeaders({ ":status": status, ...groupHeaders(headers) });
      }
    },
    sendHead(status, headers, { bodyless }) {
      if (!isOpen(stream)) return;
      isBodyless = bodyless || isHead;
      const head = { ":status": status, ...groupHeaders(headers) };
      if (isBodyless) {
        stream.respond(head, { endStream: true, sendDate: false } as object);
        return;
      }
      stream.once("wantTrailers", () => stream.sendTrailers(groupHeaders(trailers)));
      stream.respond(head, { waitForTrailers: true, sendDate: false } as object);
    },
    write: (chunk: Buffer) => isBodyless || !isOpen(stream) || stream.write(chunk),
    onDrain: (listener) => void stream.on("drain", listener),
    end(list) {
      trailers = list;
      if (!isBodyless && isOpen(stream)) stream.end();
      // Nobody wants what still comes of the request.
      stream.resume();
      stream.once("finish", () => {
        if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
      });
    },
    destroy: () => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  };
}

function isOpen(stream: ServerHttp2Stream): boolean {
  return !stream.destroyed && !stream.closed;
}

/** Headers in the order they came, where the runtime tells it; without the pseudo headers. */
function listHeaders({ headers, raw }: StreamStart): HeaderList {
  const pairs: HeaderList = Array.isArray(raw)
    ? pairHeaders(raw)
    : Object.entries(headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, String(one)])
    );
  return pairs.filter(([name]) => !name.startsWith(":"));
}

function groupHeaders(pairs: HeaderList): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (const [mixed, value] of pairs) {
    const name = mixed.toLowerCase();
    const known = headers[name];
    if (known === undefined) headers[name] = value;
    else if (Array.isArray(known)) known.push(value);
    else headers[name] = [known, value];
  }
  return headers;
}
