/** Why something was decided; a closed list, shown to people as it is. */
export const REASONS = [
  "rule",
  "no-rule",
  "block-rule",
  "port",
  "method",
  "path",
  "ip-literal",
  "address",
  "name",
  "name-mismatch",
  "no-sni",
  "ech",
  "protocol",
  "smuggling",
  "resolve",
  "dial",
  "upstream-certificate",
  "upstream",
  "rate",
  "secret-foreign",
  "secret-leak",
  "entropy",
  "content-type",
  "body-size",
  "encoding",
  "websocket",
  "inspector",
  "timeout",
  "revoked",
  "audit",
  "policy",
] as const;

/** One of {@link REASONS}. */
export type Reason = typeof REASONS[number];

/** One decision, one line of audit.jsonl. Never holds a query, a header value or a body. */
export type AuditEvent = {
  /** ISO 8601. */
  time: string;
  /** What was asked for. `close` is the end of a long connection, with its bytes. */
  kind: "dns" | "connect" | "request" | "websocket" | "inbound" | "close" | "policy";
  /** `flag`: let through and worth a look. */
  decision: "allow" | "deny" | "flag";
  reason: Reason;
  /** Lower case, without the trailing dot; absent when none was told. */
  host?: string;
  port?: number;
  method?: string;
  /** Without the query, at most 256 characters. */
  path?: string;
  /** The rule that decided, as written, with its origin: `*.example.com (network.allow[0])`. */
  rule?: string;
  /** For people, one line: what an inspector found, what an upstream said. */
  detail?: string;
  /** How the bytes travelled. */
  mode?: "splice" | "terminate" | "plain";
  status?: number;
  /** Bytes toward the host and back. */
  sent?: number;
  received?: number;
  durationMs?: number;
};

/** A line of audit.jsonl: the event and whose it is. */
export type AuditLine = AuditEvent & { cage: string; service: string; session: string };
