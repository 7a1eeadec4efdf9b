import type { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import type { Exchange } from "./context.ts";
import { type HeaderList, stripHopByHop } from "./header_rules.ts";
import type { Inbound } from "./inbound.ts";
import type { UpstreamCall } from "./upstream_call.ts";

/** A response on its way back. */
export type ResponseFlow = {
  push(chunk: Buffer): void;
  end(trailers: HeaderList, onEnd: () => void): void;
  stop(): void;
  /** Bytes received from the host. */
  received(): number;
};

/**
 * Sends the head on and takes the body; a paused call is all that is held back.
 *
 * @throws {BlockedError} If the response cannot be read and has to be.
 */
export function openResponse(
  { answer }: Inbound,
  options: {
    exchange: Exchange;
    code: number;
    headers: HeaderList;
    bodyless: boolean;
    call: UpstreamCall;
    fail(error: unknown): void;
  },
): ResponseFlow {
  const { exchange, code, bodyless, call, fail } = options;
  let headers = cleanHeaders(exchange, options.headers);
  const opened = bodyless ? null : exchange.openResponseBody(options.headers);
  if (opened !== null) {
    headers = headers.filter(([mixed]) => {
      const name = mixed.toLowerCase();
      return name !== "content-length" && !(opened.decoded && name === "content-encoding");
    });
  }
  answer.sendHead(code, headers, { bodyless, closes: false });
  answer.onDrain(() => opened === null ? call.resume() : opened.body.resume());
  let received = 0;
  if (opened === null) {
    return {
      push(chunk) {
        received += chunk.length;
        if (!answer.write(chunk)) call.pause();
      },
      end(trailers, onEnd) {
        answer.end(trailers);
        onEnd();
      },
      stop() {},
      received: () => received,
    };
  }

  const body: Duplex = opened.body;
  body.on("data", (chunk: Buffer) => {
    if (!answer.write(chunk)) body.pause();
  });
  body.on("drain", () => call.resume());
  body.on("error", fail);
  return {
    push(chunk) {
      received += chunk.length;
      if (!body.write(chunk)) call.pause();
    },
    end(trailers, onEnd) {
      body.once("end", () => {
        answer.end(trailers);
        onEnd();
      });
      body.end();
    },
    stop() {
      if (!body.destroyed) body.destroy();
    },
    received: () => received,
  };
}

/** Response headers as the client may see them. */
export function cleanHeaders(exchange: Exchange, headers: HeaderList): HeaderList {
  return headers.length === 0 ? headers : exchange.scrubHeaders(stripHopByHop(headers));
}
