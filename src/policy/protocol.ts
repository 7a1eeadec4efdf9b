import type { AuditEvent } from "./audit.ts";
import type { PolicyDocument } from "./document.ts";

/**
 * The talk between a session's client and its gateway: JSON lines on the gateway's stdin and stdout.
 * End of stdin ends the gateway: a killed client takes it along. Nothing else is ever written to
 * stdout; stderr is for people.
 */

/** A certificate authority of one cage, PEM. */
export type CageCa = { certificate: string; key: string };

/** What a gateway is started with, once. */
export type GatewaySettings = {
  /** Its address on the cage's network: what DNS answers and the only one it listens on. */
  address: string;
  /** The agent's address, for published ports. */
  agent: string;
  /** Ports forwarded from the gateway's outer side to the agent. */
  inbound: number[];
  /** DNS servers as `address` or `address:port`; empty: the system's. */
  dns: string[];
  /** The host's own proxy, `http://[user:pass@]host:port`, and its exceptions. */
  upstreamProxy: { url: string; noProxy: string[] } | null;
  /** Certificate authorities trusted for upstreams besides the public ones, PEM. */
  extraCa: string[];
  /** The cage's authority; `null`: make one and tell it in `ready`. */
  ca: CageCa | null;
};

/** From the host to the gateway. */
export type HostMessage =
  | { type: "start"; settings: GatewaySettings; policy: PolicyDocument }
  | { type: "policy"; policy: PolicyDocument }
  /** Every event up to this number is on disk. */
  | { type: "audit-written"; sequence: number }
  /** Events cannot be written: nothing goes out until `audit-written` comes again. */
  | { type: "audit-failed"; reason: string };

/** From the gateway to the host. */
export type GatewayMessage =
  /** It listens. `ca` only when it made one. */
  | { type: "ready"; version: number; ca?: CageCa }
  /** The policy of this version is in force. */
  | { type: "applied"; version: number }
  /** The policy was refused; the one before stays in force. */
  | { type: "rejected"; version: number; problems: string[] }
  /** `sequence` is the number of the last event; the first event has number 1. */
  | { type: "audit"; sequence: number; events: AuditEvent[] }
  /** It cannot go on, for example because a port is taken; it ends after this. */
  | { type: "failed"; reason: string };

/** Ports of the gateway on the cage's network. Further ones come from rules that name them. */
export const GATEWAY_PORT = { dns: 53, http: 80, https: 443, proxy: 3128 } as const;

/** Fixed start of every placeholder: rare, safe in JSON, URLs and headers; searched for once. */
export const PLACEHOLDER_PREFIX = "withheld_ph_";

/** A whole placeholder: the prefix and 40 lower-case letters and digits. */
export const PLACEHOLDER_PATTERN: RegExp = /withheld_ph_[a-z0-9]{40}/g;

/** The one machine-readable form of a denial: status 403 (421, 429, 502 where they say more). */
export type Denial = {
  blocked: true;
  rule: string | null;
  reason: string;
  host: string | null;
  hint: string;
  retry: false;
  by: "gateway";
};

/** Header of every denial: the reason and the rule. */
export const DENIAL_HEADER = "x-gateway-blocked";
