import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Duplex, Transform } from "node:stream";
import type { AuditEvent, Reason } from "../policy/audit.ts";
import type { Policy } from "../policy/compile.ts";
import type { GatewaySettings } from "../policy/protocol.ts";

/** What the parts of the gateway hand each other. Types only: no part imports another's state. */

/** One version of everything that decides; swapped as a whole, never changed. */
export type Snapshot = {
  version: number;
  policy: Policy;
  content: ContentPolicy;
};

/** What every connection handler is given. */
export type GatewayContext = {
  settings: GatewaySettings;
  /** The policy in force now; ask again for each request. */
  snapshot(): Snapshot;
  /** Takes one event; drops none. */
  audit(event: Omit<AuditEvent, "time">): void;
  /** False while events cannot be written: refuse with reason `audit`. */
  isOpen(): boolean;
  dialer: Dialer;
  /** Remembers a connection, so that a reload can end what is no longer allowed. */
  track(connection: TrackedConnection): Disposable;
};

/** Something long-lived that a new policy may forbid. */
export type TrackedConnection = {
  host: string;
  port: number;
  mode: "splice" | "terminate" | "plain";
  /** Ends both sides at once. */
  close(reason: Reason): void;
};

/** A connection toward the internet, to an address that was checked. */
export type Dialed = { socket: Socket; address: string };

/** Why no connection came about. */
export class DialError extends Error {
  override readonly name = "DialError";
  readonly reason: Reason;
  /** @param detail One line for people, without addresses of the host. */
  constructor(reason: Reason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** The only way out. */
export type Dialer = {
  /**
   * Resolves, checks every address, and connects to a checked one; through the host's proxy when
   * there is one.
   *
   * @throws {DialError} Reason `address`, `resolve`, `dial` or `timeout`.
   */
  dial(target: { host: string; port: number }, signal?: AbortSignal): Promise<Dialed>;
};

/** A request as the gateway sees it; headers in order, names as received. */
export type RequestHead = {
  scheme: "http" | "https";
  /** Lower case, without a port. */
  host: string;
  port: number;
  method: string;
  /** Path and query, starting with `/`. */
  target: string;
  headers: [name: string, value: string][];
};

/** What an inspector found. */
export type Finding = {
  action: "flag" | "block";
  reason: Reason;
  /** For people; never the secret itself. */
  detail: string;
};

/** The gate of a request body closed: nothing further may reach the upstream. */
export class BlockedError extends Error {
  override readonly name = "BlockedError";
  readonly finding: Finding;
  constructor(finding: Finding) {
    super(finding.detail);
    this.finding = finding;
  }
}

/** Secrets, inspectors and rates of one snapshot. */
export type ContentPolicy = {
  /** Looks at a request's head, before anything is dialed. */
  openExchange(head: RequestHead): Exchange;
  /** Looks at the name of a host, before anybody is asked for it. */
  searchName(host: string): Finding | null;
  /** Takes a token of the host's bucket. */
  takeToken(host: string, nowMs: number): boolean;
};

/** One request and its response. */
export type Exchange = {
  /** A block among them ends the request with 403 before anything is dialed. */
  findings: Finding[];
  /** The head to send upstream: placeholders replaced, encodings we cannot read not asked for. */
  head: RequestHead;
  /**
   * The gate a request body passes; `null` when it may pass untouched. It holds back the first bytes
   * (all of a small body) and always as much as a secret is long, so that nothing it blocks has left.
   * Blocks by being destroyed with a {@link BlockedError}. Not to be opened for a request without a body.
   *
   * @param onFlag Told of each finding that does not block.
   */
  openRequestBody(onFlag: (finding: Finding) => void): Transform | null;
  /** The body leaves the gate as long as it came: its content-length holds. Else send chunked. */
  keepsLength: boolean;
  /**
   * What the user's inspectors say of a request without a body, to be awaited before anything is sent;
   * `null` when there are none. With a body, its gate asks them.
   */
  settle: (() => Promise<Finding[]>) | null;
  /** Response headers with real values replaced by placeholders. */
  scrubHeaders(headers: [string, string][]): [string, string][];
  /**
   * Replaces real values in a response body; decodes gzip, deflate, br and zstd when it has to.
   * `null` when it may pass untouched, with its length and encoding.
   *
   * @throws {BlockedError} Reason `encoding`, for one it cannot read and must.
   */
  openResponseBody(headers: [string, string][]): { body: Duplex; decoded: boolean } | null;
  /** One whole WebSocket message; toward the host it is inspected and injected, back it is scrubbed. */
  passMessage(
    message: { data: Buffer; binary: boolean },
    direction: "out" | "in",
  ): { data: Buffer; findings: Finding[] };
};
