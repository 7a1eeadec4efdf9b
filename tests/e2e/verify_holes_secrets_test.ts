/** Each hole that is made in what keeps secrets is seen by exactly its cases. */
import assert from "node:assert/strict";
import { listContainers } from "../../tools/engine_state.ts";
import { SECRET_CASES } from "../../src/verify/secrets/cases.ts";
import { SECRET_HOLES } from "./support/verify/holes/secrets.ts";
import { assertSourceHole } from "./support/verify/source_hole.ts";
import { makeWorld } from "./support/world.ts";

/** Cases that must stay green, whatever the hole: those that are not its own. */
const GREEN = ["S14", "S07", "S02"];

/** Two cases that a hole must leave as they are. */
function chooseGreen(red: readonly string[]): string[] {
  return GREEN.filter((id) => !red.includes(id)).slice(0, 2);
}

/** Holes that are looked at side by side: an engine at work leaves a second core to another. */
const LANES = 2;

/** Every hole and the whole suite; else those that cases name, and two cases that none of them touches. */
const WHOLE = Deno.env.get("SANDCAGE_HOLES_WHOLE") === "1";

Deno.test("each hole in what keeps secrets turns its cases red, and no other", async (t) => {
  await using world = await makeWorld("holes-secrets", { network: 'mode = "allowlist"' });
  const named = new Set(SECRET_CASES.map(({ brokenBy }) => brokenBy));
  const holes = SECRET_HOLES.filter(({ name }) => WHOLE || named.has(name));
  const waiting = holes[Symbol.iterator]();
  await Promise.all(Array.from({ length: LANES }, async () => {
    for (const hole of waiting) {
      await t.step({
        name: hole.name,
        sanitizeOps: false,
        sanitizeResources: false,
        sanitizeExit: false,
        fn: () =>
          assertSourceHole(hole, {
            world,
            ...WHOLE
              ? { suite: "secrets" as const }
              : { ids: [...hole.red, ...chooseGreen(hole.red)] },
          }),
      });
    }
  }));
  assert.deepEqual(await listContainers(world.root), []);
});
