import type { Buffer } from "node:buffer";
import {
  type ClientHttp2Stream,
  connect as connectH2,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { TLSSocket } from "node:tls";
import { type HeaderList, pairHeaders } from "./header_rules.ts";
import {
  type CallEvents,
  type OutgoingRequest,
  type UpstreamCall,
  type UpstreamConnection,
  UpstreamError,
} from "./upstream_call.ts";

/** An HTTP/2 connection that many requests share. */
export type H2Session = UpstreamConnection & {
  /** It takes further requests. */
  isUsable(): boolean;
  isExpired(mostIdleMs: number, nowMs: number): boolean;
  /** Takes no further request and ends after the last. */
  close(): void;
};

/** How much may be on its way before the client has read it, for each stream. */
const WINDOW_BYTES = 1024 * 1024;
/** Requests at once when the host names no limit of its own. */
const MOST_STREAMS = 100;

/** Speaks HTTP/2 on a secured socket. @param onClose Told once, when it is gone. */
export function openH2(socket: TLSSocket, onClose: () => void): H2Session {
  const session = connectH2("https://upstream.invalid", {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
  });
  let streams = 0;
  let idleSinceMs = performance.now();
  let isEnding = false;
  let cause: Error | undefined;

  session.on("error", (error) => cause = error);
  session.on("goaway", () => isEnding = true);
  session.once("close", () => {
    isEnding = true;
    onClose();
  });
  // Windows of single streams are useless while the connection's own stays at 64 KiB.
  session.once("connect", () => session.setLocalWindowSize?.(16 * WINDOW_BYTES));

  return {
    isUsable() {
      const most = Math.min(session.remoteSettings?.maxConcurrentStreams ?? MOST_STREAMS, 1000);
      return !isEnding && !session.closed && !session.destroyed && streams < most;
    },
    isExpired: (mostIdleMs, nowMs) => streams === 0 && nowMs - idleSinceMs >= mostIdleMs,
    close() {
      isEnding = true;
      session.close();
    },
    release() {},
    send(request, events) {
      streams++;
      const stream = session.request(formatHeaders(request), {
        endStream: request.body === "none" || request.body === 0,
      });
      stream.once("close", () => {
        streams--;
        idleSinceMs = performance.now();
      });
      return makeCall(stream, events, { method: request.method, findCause: () => cause });
    },
  };
}

function makeCall(
  stream: ClientHttp2Stream,
  events: CallEvents,
  options: { method: string; findCause(): Error | undefined },
): UpstreamCall {
  const { method, findCause } = options;
  let isOver = false;
  let missing: number | undefined;
  let trailers: HeaderList = [];

  function fail(error?: Error) {
    if (isOver) return;
    isOver = true;
    const isStale = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
    const detail = isStale
      ? "The host refused the request's stream"
      : "The host ended the stream before its answer was whole";
    events.onError(new UpstreamError("upstream", detail, { isStale, cause: error ?? findCause() }));
  }

  stream.on("continue", () => isOver || events.onContinue());
  stream.on("headers", (headers: IncomingHttpHeaders, _flags: number, raw: unknown) => {
    const status = Number(headers[":status"]);
    if (!isOver && status !== 100) events.onInformation(status, listHeaders(headers, raw));
  });
  stream.on("response", (headers: IncomingHttpHeaders, flags: number, raw: unknown) => {
    if (isOver) return;
    const status = Number(headers[":status"]);
    const bodyless = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    if (!bodyless && method !== "HEAD" && status !== 304) missing = findLength(headers);
    events.onHead(status, listHeaders(headers, raw), bodyless);
    stream.on("data", (chunk: Buffer) => {
      if (missing !== undefined) missing -= chunk.length;
      if (!isOver) events.onBody(chunk);
    });
  });
  stream.on("trailers", (headers: IncomingHttpHeaders, _flags: number, raw: unknown) => {
    trailers = listHeaders(headers, raw);
  });
  stream.on("drain", () => isOver || events.onDrain());
  stream.on("error", fail);
  stream.on("end", () => {
    // A reset stream ends as well: only its code tells.
    if (isOver || stream.rstCode !== constants.NGHTTP2_NO_ERROR) return;
    // Given up without an error: the length that was announced tells (RFC 9113 section 8.1.1).
    if (missing !== undefined && missing !== 0) return fail();
    isOver = true;
    events.onEnd(trailers);
    if (!stream.writableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  });
  stream.on("close", () => fail());

  return {
    write: (chunk) => isOver || stream.write(chunk),
    end() {
      if (!isOver && !stream.writableEnded) stream.end();
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    destroy() {
      if (isOver) return;
      isOver = true;
      stream.close(constants.NGHTTP2_CANCEL);
    },
  };
}

/** The length a response announces, in bytes. */
function findLength(headers: IncomingHttpHeaders): number | undefined {
  const length = headers["content-length"];
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
}

/** Headers as HTTP/2 wants them: names in lower case, each value of a name on its own. */
function formatHeaders(request: OutgoingRequest): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = Object.create(null);
  headers[constants.HTTP2_HEADER_METHOD] = request.method;
  headers[constants.HTTP2_HEADER_SCHEME] = request.scheme;
  headers[constants.HTTP2_HEADER_AUTHORITY] = request.authority;
  headers[constants.HTTP2_HEADER_PATH] = request.target;
  for (const [mixed, value] of request.headers) {
    const name = mixed.toLowerCase();
    const known = headers[name];
    if (known === undefined) headers[name] = value;
    else if (Array.isArray(known)) known.push(value);
    else headers[name] = [known, value];
  }
  if (typeof request.body === "number") headers["content-length"] = String(request.body);
  return headers;
}

/** Headers in the order they came, where the runtime tells it; without the pseudo headers. */
function listHeaders(headers: IncomingHttpHeaders, raw: unknown): HeaderList {
  const pairs: HeaderList = Array.isArray(raw)
    ? pairHeaders(raw)
    : Object.entries(headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, String(one)])
    );
  return pairs.filter(([name]) => !name.startsWith(":"));
}
