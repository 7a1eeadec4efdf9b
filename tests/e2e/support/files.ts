/** Whether something is there, a dangling link included. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Pauses between two looks, in milliseconds: a look mostly is a process, and two cores are few. */
const PAUSE = { first: 40, growth: 1.4, longest: 300 };

/**
 * Calls until `probe` answers something, at most `timeoutMs` milliseconds; then throws. Who waits for
 * what should come loses nothing by the default: two minutes, for a machine with twenty others at work.
 */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  options: { timeoutMs?: number } = {},
): Promise<T> {
  const { timeoutMs = 120_000 } = options;
  const deadline = Date.now() + timeoutMs;
  let pauseMs = PAUSE.first;
  while (Date.now() < deadline) {
    const value = await probe();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(pauseMs * PAUSE.growth, PAUSE.longest);
  }
  throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`);
}
