import type { Hole } from "./hole.ts";

// Others run beside the step that waits for one of them.
export const BESIDE = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

/** What holes are tried in, one after another. */
export type HoleBench<H> = AsyncDisposable & { assert(hole: H): Promise<void> };

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
  await stepGroups(t, {
    groups: holes.map((hole) => [hole]),
    atOnce,
    open: () => Promise.resolve({ assert, async [Symbol.asyncDispose]() {} }),
  });
}

/** The same for holes of which some share what they are tried in. */
export async function stepGroups<H extends Hole<unknown>>(
  t: Deno.TestContext,
  { groups, atOnce, open }: {
    groups: readonly (readonly H[])[];
    atOnce: number;
    open(group: readonly H[]): Promise<HoleBench<H>>;
  },
): Promise<void> {
  const waiting = groups.map((group) =>
    group.map((hole) => ({ hole, done: Promise.withResolvers<void>() }))
  );
  // One that fails before its step comes is told by its step.
  for (const { done } of waiting.flat()) done.promise.catch(() => {});
  const next = waiting.values();
  const workers = Array.from({ length: atOnce }, async () => {
    for (const group of next) {
      try {
        await using bench = await open(group.map(({ hole }) => hole));
        for (const { hole, done } of group) {
          await bench.assert(hole).then(done.resolve, done.reject);
        }
      } finally {
        // Whatever kept the bench from opening is thrown where all are waited for.
        for (const { done } of group) done.reject(new Error("There was nothing to try it in"));
      }
    }
  });
  const done = Promise.all(workers);
  done.catch(() => {});
  for (const { hole, done } of waiting.flat()) {
    await t.step({ name: hole.name, fn: () => done.promise, ...BESIDE });
  }
  await done;
}
