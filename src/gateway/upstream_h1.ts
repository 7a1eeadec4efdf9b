import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { createResponseParser, ResponseError, type ResponseEvents } from "./response_parser.ts";
import {
  type CallEvents,
  type OutgoingRequest,
  type UpstreamCall,
  type UpstreamConnection,
  UpstreamError,
} from "./upstream_call.ts";

/** A connection that carries one HTTP/1.1 request after the other. */
export type H1Connection = UpstreamConnection & {
  /** It waits for a request. */
  isIdle(): boolean;
  /** Milliseconds the server said it keeps it. */
  keepAliveMs(): number | null;
  close(): void;
};

/** What the owner of a connection is told. */
export type H1Owner = {
  /** The exchange is over and another may follow. */
  onIdle(connection: H1Connection): void;
  /** It is gone. Once. */
  onClose(connection: H1Connection): void;
};

/**
 * Speaks HTTP/1.1 on a connected socket. Written by hand because `node:http`'s client costs as much
 * as the whole rest of a request, and because its leniency toward answers cannot be chosen.
 */
export function openH1(socket: Socket, owner: H1Owner): H1Connection {
  const parser = createResponseParser();
  let events: CallEvents | undefined;
  let isRequestSent = true;
  let isChunked = false;
  let answered = 0;
  let isClosed = false;

  const responseEvents: ResponseEvents = {
    onInformation({ status, headers }) {
      if (status === 100) events?.onContinue();
      else events?.onInformation(status, headers);
    },
    onHead({ status, headers, bodyless }) {
      events?.onHead(status, headers, bodyless);
    },
    onBody(chunk) {
      events?.onBody(chunk);
    },
    onEnd(trailers) {
      const ended = events;
      events = undefined;
      answered++;
      // Told before the connection is free again: what is sent next must not overtake it.
      ended?.onEnd(trailers);
      if (isRequestSent) settle();
      else close();
    },
  };

  function settle() {
    if (isClosed) return;
    // A paused socket would never notice that the server closed it.
    socket.resume();
    if (parser.isReusable()) owner.onIdle(connection);
    else close();
  }

  function close() {
    if (isClosed) return;
    isClosed = true;
    parser.cancel();
    socket.destroy();
    owner.onClose(connection);
  }

  function fail(detail: string, cause?: unknown) {
    const failed = events;
    const isStale = answered > 0 && !parser.isStarted();
    events = undefined;
    close();
    failed?.onError(new UpstreamError("upstream", detail, { isStale, cause }));
  }

  socket.on("data", (chunk: Buffer) => {
    if (events === undefined) {
      close();
      return;
    }
    try {
      parser.push(chunk);
    } catch (error) {
      if (!(error instanceof ResponseError)) throw error;
      fail(`The host's answer was refused: ${error.message}`, error);
    }
  });
  socket.on("end", () => {
    try {
      parser.finish();
      close();
    } catch (error) {
      if (!(error instanceof ResponseError)) throw error;
      fail("The host closed the connection before its answer was whole", error);
    }
  });
  socket.on("error", (error) => fail("The connection to the host broke", error));
  socket.on("close", () => fail("The host closed the connection before its answer was whole"));
  socket.on("drain", () => events?.onDrain());

  const connection: H1Connection = {
    isIdle: () => events === undefined && !isClosed,
    keepAliveMs: () => parser.keepAliveMs(),
    close,
    release() {
      if (!isClosed) owner.onIdle(connection);
    },
    send(request, callEvents) {
      events = callEvents;
      isRequestSent = request.body === "none" || request.body === 0;
      isChunked = request.body === "stream";
      parser.expect(request.method, responseEvents);
      socket.write(formatHead(request), "latin1");
      return makeCall(callEvents);
    },
  };

  function makeCall(own: CallEvents): UpstreamCall {
    const isCurrent = () => events === own;
    return {
      write(chunk) {
        if (!isCurrent() || chunk.length === 0) return true;
        if (!isChunked) return socket.write(chunk);
        socket.cork();
        socket.write(`${chunk.length.toString(16)}\r\n`, "latin1");
        socket.write(chunk);
        const isWanted = socket.write("\r\n", "latin1");
        socket.uncork();
        return isWanted;
      },
      end() {
        if (!isCurrent() || isRequestSent) return;
        isRequestSent = true;
        if (isChunked) socket.write("0\r\n\r\n", "latin1");
      },
      pause() {
        if (isCurrent()) socket.pause();
      },
      resume() {
        if (isCurrent()) socket.resume();
      },
      destroy() {
        if (!isCurrent()) return;
        events = undefined;
        close();
      },
    };
  }

  return connection;
}

/** Request line and headers; what they hold was checked before. */
function formatHead(request: OutgoingRequest): string {
  let head = `${request.method} ${request.target} HTTP/1.1\r\nhost: ${request.authority}\r\n`;
  for (const [name, value] of request.headers) {
    // Kept for HTTP/2 only; here it would need a Connection header that names it.
    if (name !== "te") head += `${name}: ${value}\r\n`;
  }
  if (request.body === "stream") head += "transfer-encoding: chunked\r\n";
  else if (request.body !== "none") head += `content-length: ${request.body}\r\n`;
  return `${head}\r\n`;
}
