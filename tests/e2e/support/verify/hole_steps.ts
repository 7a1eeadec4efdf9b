import type { Hole } from "./hole.ts";

// Others run beside the step that waits for one of them.
export const BESIDE = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

/**
 * Tries holes, some at a time, as half of what trying one takes is waiting: a step for each, in their
 * order. The test itself needs {@link BESIDE}, too.
 */
export async function stepHoles<H extends Hole<unknown>>(
  t: Deno.TestContext,
  { holes, atOnce, assert }: {
    holes: readonly H[];
    atOnce: number;
    assert(hole: H): Promise<void>;
  },
): Promise<void> {
  const waiting = holes.map((hole) => ({ hole, done: Promise.withResolvers<void>() }));
  // One that fails before its step comes is told by its step.
  for (const { done } of waiting) done.promise.catch(() => {});
  const next = waiting.values();
  const workers = Array.from({ length: atOnce }, async () => {
    for (const { hole, done } of next) await assert(hole).then(done.resolve, done.reject);
  });
  for (const { hole, done } of waiting) {
    await t.step({ name: hole.name, fn: () => done.promise, ...BESIDE });
  }
  await Promise.all(workers);
}
