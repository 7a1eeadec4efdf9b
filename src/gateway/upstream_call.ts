import type { Buffer } from "node:buffer";
import type { Reason } from "../policy/audit.ts";
import type { HeaderList } from "./header_rules.ts";

/** A request on its way to a host: what is written, with no hop-by-hop header left. */
export type OutgoingRequest = {
  method: string;
  scheme: "http" | "https";
  /** What the host is called in the request: with its port unless the scheme's own. */
  authority: string;
  /** Path and query. */
  target: string;
  headers: HeaderList;
  /** Bytes of the body: none, exactly so many, or until its end. */
  body: "none" | number | "stream";
};

/** What comes back, in this order; nothing after `onEnd` or `onError`. */
export type CallEvents = {
  /** The host wants the body it was told to expect. */
  onContinue(): void;
  /** Another 1xx, such as 103. */
  onInformation(status: number, headers: HeaderList): void;
  onHead(status: number, headers: HeaderList, bodyless: boolean): void;
  onBody(chunk: Buffer): void;
  onEnd(trailers: HeaderList): void;
  onError(error: UpstreamError): void;
  /** The host takes more of the body, after `write` said it does not. */
  onDrain(): void;
};

/** One request a host is answering. */
export type UpstreamCall = {
  /** Sends a part of the body. False: wait for `onDrain`. */
  write(chunk: Buffer): boolean;
  /** The body is whole. */
  end(): void;
  pause(): void;
  resume(): void;
  /** Gives up; nothing is reported any more. */
  destroy(): void;
};

/** A connection to a host that a request can be sent on. */
export type UpstreamConnection = {
  send(request: OutgoingRequest, events: CallEvents): UpstreamCall;
  /** It was taken and is not wanted any more. */
  release(): void;
};

/** The host, or the way to it, failed. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  readonly reason: Reason;
  /** The connection had been used before and ended before any answer: another may work. */
  readonly isStale: boolean;
  /** @param detail One line for people. */
  constructor(
    reason: Reason,
    detail: string,
    options: { isStale?: boolean; cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause });
    this.reason = reason;
    this.isStale = options.isStale ?? false;
  }
}
