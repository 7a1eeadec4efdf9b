import { readLeases } from "./lease.ts";

/**
 * Ends when nobody has held a lease for a while.
 *
 * @param options Both in milliseconds: without use, and between two looks.
 */
export async function waitForIdle(
  leaseDir: string,
  options: { idleMs: number; lookMs: number },
): Promise<void> {
  const startedMs = Date.now();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, options.lookMs));
    const { tokens, changedMs } = readLeases(leaseDir);
    if (tokens.size === 0 && Date.now() - Math.max(changedMs, startedMs) > options.idleMs) return;
  }
}
