/**
 * Each hole in what keeps a cage from addresses and names is seen by its cases. With
 * SANDCAGE_HOLES_WHOLE=1 every case of the network is tried on each: exactly those turn red.
 */
import assert from "node:assert/strict";
import type { PreparedCage } from "../../src/cage/prepare.ts";
import type { SessionContext } from "../../src/cage/session.ts";
import { NETWORK_CASES } from "../../src/verify/network/cases.ts";
import { openNetworkSuite } from "../../src/verify/network/suite.ts";
import { runCases } from "../../src/verify/run.ts";
import { listContainers } from "../../tools/engine_state.ts";
import type { Hole } from "./support/verify/hole.ts";
import { NETWORK_REACH_HOLES, type ReachChange } from "./support/verify/holes/network_reach.ts";
import { intercept, prepareIn } from "./support/verify/mutate.ts";
import { assertRed, toTold } from "./support/verify/red.ts";
import { assertSourceHole } from "./support/verify/source_hole.ts";
import { makeWorld, type World } from "./support/world.ts";

/** Tried on each hole, too: those it does not name must stay green. */
const ALWAYS = ["N05", "N07", "N12"];

/** Holes at a time: half of what trying one takes is waiting. */
const AT_ONCE = 3;

const IS_WHOLE = Deno.env.get("SANDCAGE_HOLES_WHOLE") === "1";

type Site = { world: World; cage: PreparedCage; context: SessionContext };

async function assertHole({ name, change, red }: Hole<ReachChange>, site: Site): Promise<void> {
  const ids = IS_WHOLE
    ? NETWORK_CASES.map(({ id }) => id)
    : [...new Set([...red, ...ALWAYS.filter((id) => !red.includes(id)).slice(0, 2)])];
  if (change.kind === "source") {
    return await assertSourceHole({ name, change: change.edits, red }, { world: site.world, ids });
  }
  const cage = intercept(site.cage, change.change);
  const results = await runCases(NETWORK_CASES.filter(({ id }) => ids.includes(id)), {
    open: { network: () => openNetworkSuite(cage, site.context) },
    failFast: false,
    nowMs: () => performance.now(),
    onResult() {},
  });
  assertRed(toTold(results), red);
}

// Others run beside the step that waits for one of them.
const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test("each hole in the ways to addresses turns its cases red", options, async (t) => {
  await using world = await makeWorld("holes-reach", { network: 'mode = "allowlist"' });
  const site = { world, ...await prepareIn(world) };
  const waiting = NETWORK_REACH_HOLES.map((hole) => ({
    hole,
    done: Promise.withResolvers<void>(),
  }));
  // One that fails before its step comes is told by its step.
  for (const { done } of waiting) done.promise.catch(() => {});
  const next = waiting.values();
  const work = async () => {
    for (const { hole, done } of next) {
      await assertHole(hole, site).then(done.resolve, done.reject);
    }
  };
  const workers = Array.from({ length: AT_ONCE }, work);
  for (const { hole, done } of waiting) {
    await t.step({ name: hole.name, fn: () => done.promise, ...options });
  }
  await Promise.all(workers);
  assert.deepEqual(await listContainers(world.root), []);
});
