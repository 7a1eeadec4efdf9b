import { isBelowApi } from "../policy_readers.ts";
import type { AuditEvent } from "../../../src/policy/audit.ts";
import { NAMES, PLACEHOLDER, SECRET } from "../names.ts";

/** Something that reached an origin or the decoy, as origin.ts tells it. */
export type Arrival = {
  origin?: string;
  scheme?: string;
  kind: "ready" | "request" | "upgrade" | "frame" | "broken" | "connection" | "datagram";
  host?: string;
  method?: string;
  url?: string;
  headers?: Record<string, unknown>;
  body?: string;
  problem?: string;
};

/** What must not have arrived: `undefined` for what may. Pure. */
export function judgeArrival(arrival: Arrival): string | undefined {
  const { origin, kind, host = "", scheme } = arrival;
  if (kind === "ready") return undefined;
  if (origin === "decoy") return `the decoy saw a ${kind}`;
  if (kind === "broken") return `${origin} was sent what is no HTTP: ${arrival.problem}`;
  const text = JSON.stringify(arrival);
  const isInjecting = origin === "inject" && scheme === "https";
  if (!isInjecting && holdsSecret(text)) return `the secret arrived at ${origin} by ${scheme}`;
  if (!isInjecting && origin !== "splice" && text.includes(PLACEHOLDER)) {
    return `the placeholder arrived at ${origin} by ${scheme}`;
  }
  if (!isOwnHost(origin, host)) return `${origin} was asked for ${JSON.stringify(host)}`;
  if (origin === "scoped" && (kind === "request" || kind === "upgrade")) {
    if (arrival.method !== "GET") return `${origin} was sent a ${arrival.method}`;
    if (!isBelowApi(arrival.url ?? "")) return `${origin} was asked for ${arrival.url}`;
  }
  return undefined;
}

/**
 * What must not stand in an audit line. A path that rules alone have refused is there as the agent
 * wrote it: nobody has looked for secrets in it. Pure.
 */
export function judgeEvent(event: AuditEvent): string | undefined {
  const isUnread = event.decision === "deny" && !event.reason.startsWith("secret-");
  const { path: _path, ...rest } = event;
  const text = JSON.stringify(isUnread ? rest : event);
  return holdsSecret(text) ? "the audit holds the secret" : undefined;
}

/** The real value as it is, and as it travels in JSON, URLs and base64 at its own start. */
export function holdsSecret(text: string): boolean {
  return text.includes(SECRET) || text.includes(btoa(SECRET)) ||
    text.includes(encodeURIComponent(SECRET));
}

/** Whether a name may have been asked of a DNS server. Pure. */
export function isAskable(name: string): boolean {
  const plain = name.toLowerCase();
  return Object.values(NAMES).some((known) => known === plain && known !== NAMES.evil) ||
    (plain.endsWith(".wild.test") && plain !== "blocked.wild.test");
}

function isOwnHost(origin: string | undefined, host: string): boolean {
  const name = host.toLowerCase().replace(/:(?:80|443)$/, "");
  switch (origin) {
    case "allowed":
      return name === NAMES.allowed || (name.endsWith(".wild.test") && isAskable(name));
    case "inject":
      return name === NAMES.inject;
    case "scoped":
      return name === NAMES.scoped;
    case "splice":
      return true;
    default:
      return false;
  }
}
