import assert from "node:assert/strict";
import * as fc from "fast-check";
import { planExport } from "../../../src/transfer/plan_export.ts";
import { planSync } from "../../../src/transfer/plan_sync.ts";
import type { TransferPlan } from "../../../src/transfer/plan_transfer.ts";
import {
  applyPlan,
  isSameNode,
  observeWorld,
  type World,
  worlds,
} from "../support/transfer_model.ts";

const RUNS = Number(Deno.env.get("SANDCAGE_RUNS") ?? 600);

for (const from of ["inner", "host"] as const) {
  for (const withDelete of [false, true]) {
    const title = `${from === "inner" ? "an export" : "a sync"}${
      withDelete ? " that deletes" : ""
    }`;
    Deno.test(`${title} of random trees loses nothing, and leaves nothing to do`, () => {
      fc.assert(
        fc.property(worlds, (world) => check(world, { from, delete: withDelete })),
        { numRuns: RUNS, seed: 17 },
      );
    });
  }
}

function check(world: World, options: { from: "inner" | "host"; delete: boolean }): void {
  const { from } = options;
  const to = from === "inner" ? "host" : "inner";
  const { differences, learned } = observeWorld(world);
  const plan = planOf({ differences, problems: [] }, options);
  const after = applyPlan(world, plan, { from, learned });
  const was = world.common;
  const [before, now, source] = [world[to], after[to], world[from]];
  const refused = new Set([...plan.conflicts.map(({ path }) => path), ...plan.kept]);

  for (const [path, node] of before) {
    const isUntouched = isSameNode(node, was.get(path));
    if (!isUntouched && !isSameNode(source.get(path), node)) {
      assert.ok(isSameNode(now.get(path), node), `${path} was changed where it lands, and is kept`);
    }
    if (!options.delete) assert.ok(now.has(path), `${path} was not deleted without being asked`);
  }
  for (const [path, node] of source) {
    // What the source changed lands, or is told.
    if (isSameNode(node, was.get(path)) || refused.has(path)) continue;
    assert.ok(isSameNode(now.get(path), node), `${path} landed`);
  }
  for (const [path, node] of was) {
    if (source.has(path) || !isSameNode(before.get(path), node)) continue;
    const isTold = refused.has(path);
    const isHeld = node.kind === "dir" && [...now.keys()].some((at) => at.startsWith(`${path}/`));
    if (options.delete) assert.ok(!now.has(path) || isTold || isHeld, `${path} was deleted`);
    else assert.ok(isTold, `${path} is told as kept`);
  }
  assert.deepEqual(new Map(after[from]), new Map(world[from]));

  const again = observeWorld(after);
  const second = planOf({ differences: again.differences, problems: [] }, options);
  const { writes, removes, modes, conflicts, kept } = second;
  assert.deepEqual({ writes, removes, modes }, { writes: [], removes: [], modes: [] });
  const paths = conflicts.map(({ path }) => path);
  assert.deepEqual({ paths, kept }, {
    paths: plan.conflicts.map(({ path }) => path),
    kept: plan.kept,
  });
}

function planOf(
  found: Parameters<typeof planExport>[0],
  options: { from: "inner" | "host"; delete: boolean },
): TransferPlan {
  return options.from === "inner" ? planExport(found, options) : planSync(found, options);
}
