/**
 * What the pieces of the tests' internet tell each other. Types only: the server's files run in Node
 * inside a container, the rest in Deno.
 */

/** Addresses of one internet, IPv4, all of its subnet. */
export type Addresses = {
  /** Hosts of the tests that may be reached. */
  echo: string;
  /** A second address with the same service. */
  other: string;
  /** Where every name leads that the tests do not know. */
  decoy: string;
  dns: string;
  /** Default gateway of all neighbours; taken by the decoy, too. */
  gateway: string;
};

/** A certificate and its key, PEM, and the names (SNI) it is shown for. */
export type Shown = { names: string[]; certificate: string; key: string };

/** What the server is started with. */
export type ServerSettings = {
  subnet: string;
  addresses: Addresses;
  /** IPv6 address of the server, the answer to every AAAA question. */
  ipv6: string;
  /** What each shows; the last one is for every other name. */
  certificates: { echo: Shown[]; decoy: Shown[] };
  /** Names (`*.` for all below) that lead to the echo; all others lead to the decoy. */
  names: string[];
};

/** What the name server says of one name. Question number n gets list number n, at last the last. */
export type Script = { answers: string[][]; ttl?: number; rcode?: number };

/** To the server, one JSON line each. */
export type Command =
  | { type: "start"; settings: ServerSettings }
  | { type: "script"; name: string; script: Script }
  /** Requests to this host are answered by the test. */
  | { type: "handle"; host: string }
  | { type: "reply"; call: number; reply: Reply }
  | { type: "sync"; id: number };

/** What a test answers instead of the echo. */
export type Reply = { status: number; headers: [string, string][]; body: string };

/** Whom a connection was for. */
export type Role = "echo" | "decoy" | "dns";

/** From the server, one JSON line each, in the order things happened. */
export type Event =
  | { kind: "routed" }
  | { kind: "ready" }
  | { kind: "synced"; id: number }
  | { kind: "failed"; reason: string }
  /** A packet that reached the server; of TCP only the first of a connection. */
  | { kind: "packet"; protocol: string; from: string; to: string; port?: number; bytes?: string }
  | { kind: "dns"; name: string; type: number; transport: "udp" | "tcp"; from: string }
  | { kind: "connection"; id: number; role: Role; from: string; to: string; port: number }
  /** First bytes of a connection, as latin-1. */
  | { kind: "bytes"; id: number; role: Role; text: string }
  | { kind: "tls"; id: number; role: Role; sni: string | null; alpn: string | null }
  | ({ kind: "request"; role: Role } & Seen)
  /** A request body came to its end. */
  | { kind: "body"; request: number; bytes: number; text: string; sha256: string }
  | { kind: "frame"; request: number; text: string }
  | { kind: "call"; call: number; host: string; seen: Seen; body: string };

/** A request as it arrived. */
export type Seen = {
  request: number;
  connection: number;
  scheme: "http" | "https";
  version: string;
  sni: string | null;
  method: string;
  target: string;
  /** The Host header or `:authority`. */
  host: string;
  headers: [string, string][];
};
