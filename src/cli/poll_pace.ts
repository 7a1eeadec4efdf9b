/** Looks in vain before the next ones are farther apart, and by how much each time. */
const IDLE = { looks: 3, factor: 1.5 } as const;

/**
 * How long to wait after each look for messages: the same time for a while, then longer and longer,
 * and from the start again when one came.
 *
 * @returns A function that takes how many came and answers in milliseconds.
 */
export function createPace(
  { intervalMs, maxIntervalMs }: { intervalMs: number; maxIntervalMs: number },
): (came: number) => number {
  let idle = 0;
  let waitMs = intervalMs;
  return (came) => {
    idle = came > 0 ? 0 : idle + 1;
    if (came > 0) waitMs = intervalMs;
    else if (idle >= IDLE.looks) waitMs = Math.min(maxIntervalMs, waitMs * IDLE.factor);
    return waitMs;
  };
}
