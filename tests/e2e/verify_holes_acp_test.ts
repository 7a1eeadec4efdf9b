/** Each hole that is made in what relays between editors and agents is seen by exactly its cases. */
import assert from "node:assert/strict";
import { listContainers } from "../../tools/engine_state.ts";
import { ACP_HOLES } from "./support/verify/holes/acp.ts";
import { BESIDE, stepHoles } from "./support/verify/hole_steps.ts";
import { assertSourceHole } from "./support/verify/source_hole.ts";
import { makeWorld } from "./support/world.ts";

Deno.test(
  "each hole in what relays between editors and agents turns its cases red, and no other",
  BESIDE,
  async (t) => {
    await using world = await makeWorld("holes-acp");
    await stepHoles(t, {
      holes: ACP_HOLES,
      atOnce: 2,
      assert: (hole) => assertSourceHole(hole, { world, suite: "acp" }),
    });
    assert.deepEqual(await listContainers(world.root), []);
  },
);
