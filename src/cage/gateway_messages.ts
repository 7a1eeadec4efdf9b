import { type AuditEvent, REASONS } from "../policy/audit.ts";
import type { GatewayMessage } from "../policy/protocol.ts";

/** Longest text of an event that is kept: hosts and paths are the agent's own words. */
const MAX_TEXT = 512;

/** Most problems of a refused policy that are kept. */
const MAX_PROBLEMS = 50;

/**
 * Reads one line of a gateway. It talks to agents and to the internet, so its words are checked like
 * a stranger's.
 *
 * @returns `undefined` for anything that is no message.
 */
export function parseGatewayMessage(line: string): GatewayMessage | undefined {
  const value = parseObject(line);
  switch (value?.type) {
    case "ready": {
      if (!isCount(value.version)) return undefined;
      const ca = parseCa(value.ca);
      return { type: "ready", version: value.version, ...(ca === undefined ? {} : { ca }) };
    }
    case "applied":
      return isCount(value.version) ? { type: "applied", version: value.version } : undefined;
    case "rejected":
      if (!isCount(value.version) || !Array.isArray(value.problems)) return undefined;
      return {
        type: "rejected",
        version: value.version,
        problems: value.problems.slice(0, MAX_PROBLEMS).map((problem) => clip(String(problem))),
      };
    case "audit":
      if (!isCount(value.sequence) || !Array.isArray(value.events)) return undefined;
      return {
        type: "audit",
        sequence: value.sequence,
        events: value.events.map(parseEvent).filter((event) => event !== undefined),
      };
    case "failed":
      return { type: "failed", reason: clip(String(value.reason)) };
    default:
      return undefined;
  }
}

const KINDS = ["dns", "connect", "request", "websocket", "inbound", "close", "policy"] as const;
const DECISIONS = ["allow", "deny", "flag"] as const;
const MODES = ["splice", "terminate", "plain"] as const;

function parseEvent(value: unknown): AuditEvent | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const event = value as Record<string, unknown>;
  const kind = KINDS.find((known) => known === event.kind);
  const decision = DECISIONS.find((known) => known === event.decision);
  const reason = REASONS.find((known) => known === event.reason);
  if (kind === undefined || decision === undefined || reason === undefined) return undefined;
  const mode = MODES.find((known) => known === event.mode);
  return {
    time: typeof event.time === "string" ? clip(event.time) : new Date().toISOString(),
    kind,
    decision,
    reason,
    ...texts(event, ["host", "method", "path", "rule", "detail"]),
    ...counts(event, ["port", "status", "sent", "received", "durationMs"]),
    ...(mode === undefined ? {} : { mode }),
  };
}

function texts<K extends string>(
  event: Record<string, unknown>,
  keys: readonly K[],
): { [P in K]?: string } {
  return pick(keys, (key) => typeof event[key] === "string" ? clip(event[key]) : undefined);
}

function counts<K extends string>(
  event: Record<string, unknown>,
  keys: readonly K[],
): { [P in K]?: number } {
  return pick(keys, (key) => isCount(event[key]) ? event[key] : undefined);
}

function pick<K extends string, V>(
  keys: readonly K[],
  valueOf: (key: K) => V | undefined,
): { [P in K]?: V } {
  const picked: { [P in K]?: V } = {};
  for (const key of keys) {
    const value = valueOf(key);
    if (value !== undefined) picked[key] = value;
  }
  return picked;
}

function parseCa(value: unknown): { certificate: string; key: string } | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { certificate, key } = value as Record<string, unknown>;
  return typeof certificate === "string" && typeof key === "string"
    ? { certificate, key }
    : undefined;
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function clip(text: string): string {
  return text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
}
