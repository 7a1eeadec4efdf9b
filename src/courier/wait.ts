import { readLeases } from "./lease.ts";

/**
 * Ends when nobody has held a lease for a while.
 *
 * @param options.idleMs How long, in milliseconds.
 * @param options.nextLook Answers when it is time to look again.
 */
export async function waitForIdle(
  leaseDir: string,
  options: { idleMs: number; nextLook(): Promise<void> },
): Promise<void> {
  const startedMs = Date.now();
  for (;;) {
    await options.nextLook();
    const { tokens, changedMs } = readLeases(leaseDir);
    if (tokens.size === 0 && Date.now() - Math.max(changedMs, startedMs) > options.idleMs) return;
  }
}
