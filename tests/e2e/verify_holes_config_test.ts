/** Each hole that is made in the reading of a project's files is seen by exactly its cases. */
import assert from "node:assert/strict";
import { listContainers } from "../../tools/engine_state.ts";
import { CONFIG_HOLES } from "./support/verify/holes/config.ts";
import { assertSourceHole } from "./support/verify/source_hole.ts";
import { makeWorld } from "./support/world.ts";

Deno.test("each hole in what projects may ask for turns its cases red, and no other", async (t) => {
  await using world = await makeWorld("holes-config");
  for (const hole of CONFIG_HOLES) {
    await t.step(hole.name, () => assertSourceHole(hole, { world, suite: "config" }));
  }
  assert.deepEqual(await listContainers(world.root), []);
});
