/**
 * What a probe does in a cage. Types only: the probe runs in Node inside, the cases are written in
 * Deno outside.
 */
export type Probe = { id: string } & (RawProbe | UdpProbe | H2Probe | WebSocketProbe | RunProbe);

/** One TCP connection, byte by byte. */
export type RawProbe = {
  kind: "raw";
  host: string;
  port: number;
  /** Sent first, for example a CONNECT; its answer up to the empty line is `head`. */
  first?: string;
  /** Then TLS, with this name; `null` sends none. */
  tls?: { sni: string | null; alpn?: string[] };
  /** Then these, one after the other, each after something came back. Latin-1. */
  send?: string[];
  /** How long to wait for more, in milliseconds: 10 000 for the gateway, 1 500 for anybody else. */
  waitMs?: number;
};

/** One datagram, and whether one came back. */
export type UdpProbe = { kind: "udp"; host: string; port: number; hex: string; waitMs?: number };

/** One HTTP/2 connection and its requests, all at once. */
export type H2Probe = {
  kind: "h2";
  host: string;
  port: number;
  sni: string;
  /** `headers` may be pseudo headers. */
  requests: { authority: string; path: string; headers?: Record<string, string> }[];
};

/** One WebSocket of the platform's own client; what came back to each text. */
export type WebSocketProbe = { kind: "websocket"; url: string; send: string[]; waitMs?: number };

/** A program, as an agent would start it. */
export type RunProbe = {
  kind: "run";
  command: string[];
  /** On top of the cage's environment; `null` removes. */
  env?: Record<string, string | null>;
  stdin?: string;
  timeoutMs?: number;
};

/** What became of a probe; never an exception. */
export type Outcome = {
  id: string;
  /** How far it came: the last thing that worked. */
  reached: "nothing" | "tcp" | "connect" | "tls" | "data";
  /** Code or message of what went wrong. */
  error?: string;
  /** Answer to `first`. */
  head?: string;
  /** Everything that came back, as latin-1, at most 64 KiB; stdout of a program. */
  data: string;
  /** The other end closed the connection. */
  closed?: boolean;
  /** Who signed the certificate that was shown. */
  issuer?: string;
  /** Names of the certificate that was shown. */
  names?: string;
  /** Exit code and stderr of a program. */
  code?: number;
  stderr?: string;
  /** Answers of HTTP/2 requests. */
  answers?: { status: number; body: string; error?: string }[];
};

/** A list of probes that are run at once. */
export type Question = { id: number; probes: readonly Probe[] };

/** What became of them, in their order; or why they were not run. */
export type Answer = { id: number; outcomes?: readonly Outcome[]; error?: string };
