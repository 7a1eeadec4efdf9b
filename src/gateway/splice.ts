import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Reason } from "../policy/audit.ts";
import { type Dialed, DialError, type GatewayContext } from "./context.ts";
import { type Relay, relay } from "./relay.ts";

/** What a connection is spliced to; the policy said yes. */
export type SpliceTarget = {
  host: string;
  port: number;
  /** The rule that decided, for the audit line. */
  rule: string;
  /** Sent to the client when no connection comes about: a TLS alert, or nothing. */
  alert: Buffer;
};

/** TLS 1.2 alerts, fatal: `access_denied`, and `internal_error` for what is no decision. */
export const TLS_ALERT = {
  denied: Buffer.from([21, 3, 3, 0, 2, 2, 49]),
  failed: Buffer.from([21, 3, 3, 0, 2, 2, 80]),
} as const;

/** Time a refused client has to read why and to leave, in milliseconds. */
const LINGER_MS = 1000;

/**
 * Says a last word to a client and ends the connection. What it still sends is thrown away: closing
 * on unread bytes would reset the connection, and the last word would be lost.
 */
export function endWith(socket: Socket, lastWord: Buffer): void {
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
  socket.once("finish", () => {
    if (lastWord.length === 0) socket.destroy();
  });
  socket.end(lastWord);
  socket.resume();
}

/**
 * Connects a client to its host and carries bytes until both are done. Nothing was dialed before;
 * the client's first bytes are unread. Never throws.
 */
export async function splice(
  client: Socket,
  target: SpliceTarget,
  { audit, isOpen, dialer, track }: GatewayContext,
): Promise<void> {
  const { host, port, rule } = target;
  const about = { host, port, rule, mode: "splice" } as const;
  const refuse = (reason: Reason, detail: string) => {
    audit({ kind: "connect", decision: "deny", reason, ...about, detail });
    endWith(client, target.alert);
  };
  if (!isOpen()) return refuse("audit", "events cannot be written");

  const abort = new AbortController();
  let running: Relay | undefined;
  const tracked = track({
    host,
    port,
    mode: "splice",
    close(reason) {
      running?.close(reason);
      abort.abort(reason);
    },
  });
  try {
    const startedMs = performance.now();
    let dialed: Dialed;
    try {
      dialed = await dialer.dial({ host, port }, abort.signal);
    } catch (error) {
      if (!(error instanceof DialError)) throw error;
      if (abort.signal.aborted) refuse("revoked", "the policy changed");
      else refuse(error.reason, error.message);
      return;
    }
    running = relay(client, dialed.socket);
    if (abort.signal.aborted) running.close("revoked");
    audit({
      kind: "connect",
      decision: "allow",
      reason: "rule",
      ...about,
      detail: `connected to ${dialed.address}`,
    });
    const { reason, sent, received } = await running.ended;
    audit({
      kind: "close",
      decision: reason === "revoked" ? "deny" : "allow",
      reason: reason ?? "rule",
      ...about,
      sent,
      received,
      durationMs: Math.round(performance.now() - startedMs),
    });
  } finally {
    tracked[Symbol.dispose]();
  }
}
