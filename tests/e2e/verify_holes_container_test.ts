/** Each hole that is made in a container is seen by exactly its cases. */
import assert from "node:assert/strict";
import type { PreparedCage } from "../../src/cage/prepare.ts";
import type { SessionContext } from "../../src/cage/session.ts";
import { CONTAINER_CASES } from "../../src/verify/container/cases.ts";
import type { ContainerFacts } from "../../src/verify/container/facts.ts";
import { lookFromOpen, openContainerSuite } from "../../src/verify/container/suite.ts";
import { runCases } from "../../src/verify/run.ts";
import { listContainers } from "../../tools/engine_state.ts";
import { CONTAINER_HOLES } from "./support/verify/holes/container.ts";
import { mutate, prepareIn } from "./support/verify/mutate.ts";
import { assertRed, type Told, toTold } from "./support/verify/red.ts";
import { makeWorld } from "./support/world.ts";

/** With it, every case is tried on each hole. */
const IS_WHOLE = Deno.env.get("SANDCAGE_HOLES_WHOLE") === "1";

/** Loads a session of its own for seconds: tried where a hole is in limits, and once without one. */
const LOADS = "C05";

async function verifyContainer(
  cage: PreparedCage,
  { context, open, loads }: { context: SessionContext; open: ContainerFacts; loads: boolean },
): Promise<Told[]> {
  const cases = CONTAINER_CASES.filter(({ id }) => loads || IS_WHOLE || id !== LOADS);
  const results = await runCases(cases, {
    open: { container: () => openContainerSuite(cage, context, { open }) },
    failFast: false,
    nowMs: () => performance.now(),
    onResult() {},
  });
  return toTold(results);
}

Deno.test("each hole in the walls of a container turns its cases red, and no other", async (t) => {
  await using world = await makeWorld("holes", { runAs: { uid: 61_234, gid: 61_234 } });
  const { cage, context } = await prepareIn(world);
  const seen = { context, open: await lookFromOpen(cage) };
  await t.step("as they are, all are held", async () => {
    assertRed(await verifyContainer(cage, { ...seen, loads: true }), []);
  });
  for (const { name, change, red } of CONTAINER_HOLES) {
    await t.step(name, async () => {
      const loads = red.includes(LOADS);
      assertRed(await verifyContainer(mutate(cage, change), { ...seen, loads }), red);
    });
  }
  assert.deepEqual(await listContainers(world.root), []);
});
