/** Each hole that is made in what relays between editors and agents is seen by exactly its cases. */
import assert from "node:assert/strict";
import { listContainers } from "../../tools/engine_state.ts";
import { ACP_HOLES } from "./support/verify/holes/acp.ts";
import { assertSourceHole } from "./support/verify/source_hole.ts";
import { makeWorld } from "./support/world.ts";

Deno.test("each hole in what relays between editors and agents turns its cases red, and no other", async (t) => {
  await using world = await makeWorld("holes-acp");
  for (const hole of ACP_HOLES) {
    await t.step(hole.name, () => assertSourceHole(hole, { world, suite: "acp" }));
  }
  assert.deepEqual(await listContainers(world.root), []);
});
