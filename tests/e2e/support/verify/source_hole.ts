import assert from "node:assert/strict";
import type { SuiteName } from "../../../../src/verify/case.ts";
import { listContainers } from "../../../../tools/engine_state.ts";
import { makeWorld, type World } from "../world.ts";
import type { Hole } from "./hole.ts";
import { BESIDE, stepHoles } from "./hole_steps.ts";
import { buildMutant, type Edit } from "./mutant.ts";
import { assertRed, type Told } from "./red.ts";

/** A wall of the product itself that is taken out of its sources. */
export type SourceHole = Hole<readonly Edit[]>;

/** A suite on two busy cores, images included; in milliseconds. */
const RUN_MS = 600_000;

/**
 * Asserts that sandcage with a hole in its sources turns exactly its cases red, of a whole suite or
 * of some cases.
 */
export async function assertSourceHole(
  { name, change, red }: SourceHole,
  { world, ...what }: { world: World } & ({ suite: SuiteName } | { ids: readonly string[] }),
): Promise<void> {
  await using mutant = await buildMutant({ name, edits: change });
  const chosen = "suite" in what
    ? ["--suite", what.suite]
    : what.ids.flatMap((id) => ["--case", id]);
  const result = await world.sandcage(["verify", ...chosen, "--json"], {
    program: mutant.program,
    timeoutMs: RUN_MS,
  });
  if (result.stdout === "") throw new Error(`verify ended with ${result.code}: ${result.stderr}`);
  assertRed((JSON.parse(result.stdout) as { cases: Told[] }).cases, red);
}

/** Registers a test whose steps make one hole each, and see exactly its cases of a suite turn red. */
export function testSourceHoles(
  title: string,
  { suite, holes, atOnce }: { suite: SuiteName; holes: readonly SourceHole[]; atOnce: number },
): void {
  Deno.test(title, BESIDE, async (t) => {
    await using world = await makeWorld(`holes-${suite}`);
    await stepHoles(t, {
      holes,
      atOnce,
      assert: (hole) => assertSourceHole(hole, { world, suite }),
    });
    assert.deepEqual(await listContainers(world.root), []);
  });
}
