import assert from "node:assert/strict";
import type { PreparedCage } from "../../../../src/cage/prepare.ts";
import type { SessionContext } from "../../../../src/cage/session.ts";
import type { Case, OpenSuite } from "../../../../src/verify/case.ts";
import { NETWORK_CASES } from "../../../../src/verify/network/cases.ts";
import { openNetworkSuite } from "../../../../src/verify/network/suite.ts";
import { runCases } from "../../../../src/verify/run.ts";
import { SECRET_CASES } from "../../../../src/verify/secrets/cases.ts";
import { openSecretsSuite } from "../../../../src/verify/secrets/suite.ts";
import { listContainers } from "../../../../tools/engine_state.ts";
import { makeWorld, type World } from "../world.ts";
import { buildGatewayMutant, isOfGateway } from "./gateway_mutant.ts";
import type { Hole } from "./hole.ts";
import { BESIDE, stepHoles } from "./hole_steps.ts";
import type { Edit } from "./mutant.ts";
import { intercept, type Interception, prepareIn } from "./mutate.ts";
import { assertRed, toTold } from "./red.ts";
import { assertSourceHole } from "./source_hole.ts";

/** A wall of a guarded cage: in what the engine is told, or in the sources. */
export type GuardedChange =
  | { kind: "engine"; change: Interception }
  | { kind: "source"; edits: readonly Edit[] };

/** Which suite has the holes, and what must stay green whatever the hole. */
export type GuardedHoles = {
  suite: "network" | "secrets";
  holes: readonly Hole<GuardedChange>[];
  /** Two of these are tried on each hole that does not name them. */
  green: readonly string[];
};

type Suite = {
  cases: readonly Case[];
  open(cage: PreparedCage, context: SessionContext): Promise<OpenSuite>;
};

const SUITES: Readonly<Record<GuardedHoles["suite"], Suite>> = {
  network: { cases: NETWORK_CASES, open: openNetworkSuite },
  secrets: { cases: SECRET_CASES, open: openSecretsSuite },
};

/** Holes at a time. */
const AT_ONCE = 3;

/** With it, every case of the suite is tried on each hole: exactly those turn red. */
const IS_WHOLE = Deno.env.get("SANDCAGE_HOLES_WHOLE") === "1";

/** Registers a test whose steps make one hole each, and see its cases turn red and no other. */
export function testHoles(title: string, given: GuardedHoles): void {
  Deno.test(title, BESIDE, async (t) => {
    await using world = await makeWorld(`holes-${given.suite}`, {
      network: 'mode = "allowlist"',
    });
    const site = { world, ...await prepareIn(world) };
    await stepHoles(t, {
      holes: given.holes,
      atOnce: AT_ONCE,
      assert: (hole) => assertHole(hole, { ...given, ...site }),
    });
    assert.deepEqual(await listContainers(world.root), []);
  });
}

type Site = { world: World; cage: PreparedCage; context: SessionContext };

async function assertHole(
  { name, change, red }: Hole<GuardedChange>,
  options: GuardedHoles & Site,
): Promise<void> {
  const ids = planIds(red, options);
  if (change.kind === "engine") {
    return await assertIn(intercept(options.cage, change.change), { ...options, ids, red });
  }
  if (!isOfGateway(change.edits.map(({ file }) => file))) {
    const { world } = options;
    return await assertSourceHole({ name, change: change.edits, red }, { world, ids });
  }
  await using mutant = await buildGatewayMutant({ edits: change.edits });
  await assertIn(mutant.apply(options.cage), { ...options, ids, red });
}

function planIds(red: readonly string[], { suite, green }: GuardedHoles): string[] {
  return IS_WHOLE
    ? SUITES[suite].cases.map(({ id }) => id)
    : [...red, ...green.filter((id) => !red.includes(id)).slice(0, 2)];
}

async function assertIn(
  cage: PreparedCage,
  options: GuardedHoles & Site & { ids: readonly string[]; red: readonly string[] },
): Promise<void> {
  const { suite, context, ids, red } = options;
  const { cases, open } = SUITES[suite];
  const results = await runCases(cases.filter(({ id }) => ids.includes(id)), {
    open: { [suite]: () => open(cage, context) },
    failFast: false,
    nowMs: () => performance.now(),
    onResult() {},
  });
  assertRed(toTold(results), red);
}
