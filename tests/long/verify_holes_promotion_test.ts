/** Each hole that is made in what lands commits is seen by exactly its cases. */
import assert from "node:assert/strict";
import { listContainers } from "../../tools/engine_state.ts";
import { PROMOTION_HOLES } from "../e2e/support/verify/holes/promotion.ts";
import { BESIDE, stepHoles } from "../e2e/support/verify/hole_steps.ts";
import { assertSourceHole } from "../e2e/support/verify/source_hole.ts";
import { makeWorld } from "../e2e/support/world.ts";

Deno.test(
  "each hole in what lands commits turns its cases red, and no other",
  BESIDE,
  async (t) => {
    await using world = await makeWorld("holes-promotion");
    await stepHoles(t, {
      holes: PROMOTION_HOLES,
      atOnce: 3,
      assert: (hole) => assertSourceHole(hole, { world, suite: "promotion" }),
    });
    assert.deepEqual(await listContainers(world.root), []);
  },
);
