/**
 * Each hole that is made in what a gateway makes of tunnels, TLS and requests is seen by its cases.
 * With SANDCAGE_HOLES_WHOLE=1 every case of the network is tried on each: exactly those turn red.
 */
import assert from "node:assert/strict";
import { listContainers } from "../../tools/engine_state.ts";
import { NETWORK_WEB_HOLES } from "./support/verify/holes/network_web.ts";
import { assertSourceHole } from "./support/verify/source_hole.ts";
import { makeWorld } from "./support/world.ts";

/** Tried on each hole, too: those it does not name must stay green. */
const ALWAYS = ["N12", "N43"];

/** Sandcages at a time: half of what one does is waiting. */
const AT_ONCE = 2;

const isWhole = Deno.env.get("SANDCAGE_HOLES_WHOLE") === "1";

// Others run beside the step that waits for one of them.
const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "each hole in what a gateway makes of requests turns its cases red",
  options,
  async (t) => {
    await using world = await makeWorld("holes-web", { network: 'mode = "allowlist"' });
    const waiting = NETWORK_WEB_HOLES.map((hole) => {
      const done = Promise.withResolvers<void>();
      // Its step may be far away when it fails.
      done.promise.catch(() => {});
      return { hole, done };
    });
    const next = waiting.values();
    const work = async () => {
      for (const { hole, done } of next) {
        const ids = [...new Set([...hole.red, ...ALWAYS])];
        const what = isWhole ? { suite: "network" as const } : { ids };
        await assertSourceHole(hole, { world, ...what }).then(done.resolve, done.reject);
      }
    };
    const working = Promise.all(Array.from({ length: AT_ONCE }, work));
    for (const { hole, done } of waiting) {
      await t.step({ name: hole.name, fn: () => done.promise, ...options });
    }
    await working;
    assert.deepEqual(await listContainers(world.root), []);
  },
);
