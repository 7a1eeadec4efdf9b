import { Buffer } from "node:buffer";
import type { ServerResponse } from "node:http";
import type { Reason } from "../policy/audit.ts";
import { type Denial, DENIAL_HEADER } from "../policy/protocol.ts";

/** Why a request is not answered by its host. */
export type Refusal = {
  reason: Reason;
  /** For the audit line, and as the hint where no better one is known. */
  detail: string;
  /** The rule that decided, with its origin. */
  rule?: string | null;
  host?: string | null;
  /** What to do about it, for the agent and its user. */
  hint?: string;
};

/** A refusal as it is sent: names in lower case, the body a {@link Denial} as JSON. */
export type DenialMessage = { status: number; headers: [string, string][]; body: Buffer };

/** Where 403 would say too little. */
const STATUS: Partial<Record<Reason, number>> = {
  "name-mismatch": 421,
  rate: 429,
  resolve: 502,
  dial: 502,
  timeout: 502,
  upstream: 502,
  "upstream-certificate": 502,
  audit: 503,
};

/** The status of a denial: 403 unless its reason has one that says more. */
export function statusOf(reason: Reason): number {
  return STATUS[reason] ?? 403;
}

/** Puts a refusal into the one form all denials have. */
export function formatDenial(refusal: Refusal): DenialMessage {
  const rule = refusal.rule ?? null;
  const denial: Denial = {
    blocked: true,
    rule,
    reason: refusal.reason,
    host: refusal.host ?? null,
    hint: refusal.hint ?? refusal.detail,
    retry: false,
    by: "gateway",
  };
  const body = Buffer.from(`${JSON.stringify(denial)}\n`);
  return {
    status: statusOf(refusal.reason),
    headers: [
      ["content-type", "application/json"],
      ["content-length", String(body.length)],
      ["cache-control", "no-store"],
      [DENIAL_HEADER, formatDenialHeader(refusal.reason, rule)],
    ],
    body,
  };
}

/** Answers a request of a `node:http` server with a denial; the connection ends after it. */
export function writeDenial(response: ServerResponse, refusal: Refusal): void {
  const { status, headers, body } = formatDenial(refusal);
  response.writeHead(status, [...headers.flat(), "connection", "close"]);
  response.end(body);
}

/** A whole HTTP/1.1 response, for a socket that no server speaks on any more. */
export function formatRawDenial(refusal: Refusal): Buffer {
  const { status, headers, body } = formatDenial(refusal);
  const lines = [...headers, ["connection", "close"]].map(([name, value]) => `${name}: ${value}`);
  const head = `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? "Denied"}\r\n${lines.join("\r\n")}`;
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, "latin1"), body]);
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  403: "Forbidden",
  421: "Misdirected Request",
  429: "Too Many Requests",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

/** A rule is text of a configuration file: what a header cannot hold is replaced. */
function formatDenialHeader(reason: Reason, rule: string | null): string {
  return rule === null ? reason : `${reason}; rule=${rule.replace(/[^\x20-\x7e]/g, "?")}`;
}
