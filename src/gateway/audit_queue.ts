import type { AuditEvent } from "../policy/audit.ts";
import type { GatewayMessage } from "../policy/protocol.ts";

/** Events that may be on their way to the disk before new traffic is refused. */
export const AUDIT_WINDOW = 4096;
/** Events wait this long for company, in milliseconds: one write for many. */
const BATCH_MS = 5;
const LARGEST_BATCH = 512;

/** The way of events to the host's disk. */
export type AuditQueue = {
  /** Takes an event; its time is now. */
  add(event: Omit<AuditEvent, "time">): void;
  /** False while events cannot be written, or too many are not yet. */
  isOpen(): boolean;
  /** The host wrote every event up to this number. */
  confirm(sequence: number): void;
  /** The host cannot write. */
  fail(): void;
  /** Hands over what waits, at once. */
  flush(): void;
};

/**
 * Makes the queue. It drops nothing, and its memory is bounded because whoever adds events asks
 * {@link AuditQueue.isOpen} first. Only refusals for its own sake are counted instead of kept: they
 * come back as one event once it is open.
 */
export function createAuditQueue(
  send: (message: Extract<GatewayMessage, { type: "audit" }>) => void,
  options: { nowMs?: () => number; window?: number } = {},
): AuditQueue {
  const nowMs = options.nowMs ?? Date.now;
  const window = options.window ?? AUDIT_WINDOW;
  let waiting: AuditEvent[] = [];
  let sent = 0;
  let confirmed = 0;
  let failed = false;
  let refused = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const isOpen = () => !failed && sent + waiting.length - confirmed < window;

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    while (waiting.length > 0) {
      const events = waiting.slice(0, LARGEST_BATCH);
      waiting = waiting.slice(LARGEST_BATCH);
      sent += events.length;
      send({ type: "audit", sequence: sent, events });
    }
  };

  const keep = (event: Omit<AuditEvent, "time">) => {
    waiting.push({ time: new Date(nowMs()).toISOString(), ...event });
    if (waiting.length >= LARGEST_BATCH) flush();
    else timer ??= setTimeout(flush, BATCH_MS);
  };

  return {
    isOpen,
    flush,
    add(event) {
      if (event.reason === "audit" && !isOpen()) refused += 1;
      else keep(event);
    },
    confirm(sequence) {
      // A number that was never sent confirms nothing.
      if (sequence > sent) return;
      confirmed = Math.max(confirmed, sequence);
      failed = false;
      if (refused === 0 || !isOpen()) return;
      keep({
        kind: "request",
        decision: "deny",
        reason: "audit",
        detail: `${refused} refused while events could not be written`,
      });
      refused = 0;
    },
    fail() {
      failed = true;
    },
  };
}
