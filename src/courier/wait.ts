import { readLeases } from "./lease.ts";

/** How long the container stays without use, in milliseconds. */
const IDLE_MS = 10 * 60_000;
const LOOK_MS = 15_000;

/** Keeps the container until nobody has used it for a while. */
export async function waitForIdle(): Promise<void> {
  const startedMs = Date.now();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const { tokens, changedMs } = readLeases();
    if (tokens.size === 0 && Date.now() - Math.max(changedMs, startedMs) > IDLE_MS) return;
  }
}
