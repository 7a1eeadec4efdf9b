import type { Reason } from "./audit.ts";
import type { Policy } from "./compile.ts";

/** The answer of a policy; `rule` is the rule as written, with its origin. */
export type Decision =
  | { verdict: "allow"; rule: string }
  | { verdict: "deny"; reason: Reason; rule?: string };

/** For DNS: whether anything at that name is allowed. */
export function decideName(_policy: Policy, _host: string): Decision {
  return { verdict: "deny", reason: "policy" };
}

/** Whether a connection may be opened, and whether its TLS is opened; `mode` with an allow. */
export function decideConnection(
  _policy: Policy,
  _target: { host: string; port: number },
): Decision & { mode?: "splice" | "terminate" } {
  return { verdict: "deny", reason: "policy" };
}

/** Whether a request may be sent; `target` (with an allow) is what to send upstream. */
export function decideRequest(
  _policy: Policy,
  _request: { host: string; port: number; method: string; target: string },
): Decision & { target?: string } {
  return { verdict: "deny", reason: "policy" };
}

/** Whether a resolved address may be dialed for that host. */
export function decideAddress(
  _policy: Policy,
  _target: { host: string; address: string; port?: number },
): Decision {
  return { verdict: "deny", reason: "policy" };
}

/** TCP ports that rules name besides 80, 443, 3128 and 53, in order. */
export function listPorts(_policy: Policy): number[] {
  return [];
}

/** The single exact host that names this port, for protocols that tell no host, such as SSH. */
export function findPortOwner(_policy: Policy, _port: number): string | undefined {
  return undefined;
}
