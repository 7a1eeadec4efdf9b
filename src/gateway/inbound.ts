import type { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import type { HeaderList } from "./header_rules.ts";
import type { BodyFraming, Destination, RawRequest } from "./request_guard.ts";

/** A client's request and the way to answer it, the same for HTTP/1 and HTTP/2. */
export type Inbound = {
  raw: RawRequest;
  destination: Destination;
  /** Unread. */
  body: Readable;
  /** What HTTP/2 says of the body; HTTP/1 says it in its headers. */
  framing?: BodyFraming;
  answer: Answer;
  /** The client went away before its answer was whole. At most once. */
  onGone(listener: () => void): void;
};

/** The answer's sending side. */
export type Answer = {
  isHeadSent(): boolean;
  sendContinue(): void;
  sendInformation(status: number, headers: HeaderList): void;
  /** @param options.bodyless Nothing follows but `end`. @param options.closes The connection ends after it. */
  sendHead(
    status: number,
    headers: HeaderList,
    options: { bodyless: boolean; closes: boolean },
  ): void;
  /** False: wait for `onDrain`. */
  write(chunk: Buffer): boolean;
  onDrain(listener: () => void): void;
  end(trailers: HeaderList): void;
  /** Ends it so that the client cannot take it for whole. */
  destroy(): void;
};
