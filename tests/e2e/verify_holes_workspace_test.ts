/** Each hole that is made in what brings the work of a copy cage back is seen by exactly its cases. */
import assert from "node:assert/strict";
import { listContainers } from "../../tools/engine_state.ts";
import { WORKSPACE_HOLES } from "./support/verify/holes/workspace.ts";
import { BESIDE, stepHoles } from "./support/verify/hole_steps.ts";
import { assertSourceHole } from "./support/verify/source_hole.ts";
import { makeWorld } from "./support/world.ts";

Deno.test(
  "each hole in what brings work back turns its cases red, and no other",
  BESIDE,
  async (t) => {
    await using world = await makeWorld("holes-workspace");
    await stepHoles(t, {
      holes: WORKSPACE_HOLES,
      atOnce: 2,
      assert: (hole) => assertSourceHole(hole, { world, suite: "workspace" }),
    });
    assert.deepEqual(await listContainers(world.root), []);
  },
);
