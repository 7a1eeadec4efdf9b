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
import { MOST_TURNS, openGatewayBench } from "./gateway_bench.ts";
import { isOfGateway } from "./gateway_mutant.ts";
import type { Hole } from "./hole.ts";
import { BESIDE, type HoleBench, stepGroups } from "./hole_steps.ts";
import type { Edit } from "./mutant.ts";
import { intercept, type Interception, prepareIn } from "./mutate.ts";
import { assertRed, type Told, toTold } from "./red.ts";
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

/** Groups of holes at a time. */
const AT_ONCE = 3;

/** With it, every case of the suite is tried on each hole: exactly those turn red. */
const IS_WHOLE = Deno.env.get("SANDCAGE_HOLES_WHOLE") === "1";

type GuardedHole = Hole<GuardedChange>;

/** Registers a test whose steps make one hole each, and see its cases turn red and no other. */
export function testHoles(title: string, given: GuardedHoles): void {
  Deno.test(title, BESIDE, async (t) => {
    await using world = await makeWorld(`holes-${given.suite}`, {
      network: 'mode = "allowlist"',
    });
    const site = { world, ...await prepareIn(world), ...given };
    await stepGroups(t, {
      groups: planGroups(given.holes),
      atOnce: AT_ONCE,
      open: () => Promise.resolve(openBench(site)),
    });
    assert.deepEqual(await listContainers(world.root), []);
  });
}

/**
 * Holes in the program of a gateway share a session, most of which is none of their business. A whole
 * suite kills gateways itself and leaves none a turn. Pure.
 */
function planGroups(holes: readonly GuardedHole[]): GuardedHole[][] {
  const [shared, alone] = [holes.filter(isShared), holes.filter((hole) => !isShared(hole))];
  const size = IS_WHOLE ? 1 : MOST_TURNS;
  const count = Math.ceil(shared.length / size);
  return [
    ...Array.from({ length: count }, (_, at) => shared.slice(at * size, (at + 1) * size)),
    ...alone.map((hole) => [hole]),
  ];
}

function isShared({ change }: GuardedHole): boolean {
  return change.kind === "source" && isOfGateway(change.edits.map(({ file }) => file));
}

type Site = GuardedHoles & { world: World; cage: PreparedCage; context: SessionContext };

function openBench(site: Site): HoleBench<GuardedHole> {
  const { world, context } = site;
  const open = (cage: PreparedCage) => SUITES[site.suite].open(cage, context);
  const bench = openGatewayBench(site.cage, open);
  return {
    async assert(hole) {
      const { change, red, name, either = [] } = hole;
      const ids = planIds(red, site);
      if (change.kind === "engine") {
        const suite = () => open(intercept(site.cage, change.change));
        const told = await check(ids, site.suite, suite);
        assertRed(told.filter(({ id }) => !either.includes(id)), red);
      } else if (isShared(hole)) {
        const suite = await bench.turn(change.edits);
        const kept = () =>
          Promise.resolve({ check: suite.check, async [Symbol.asyncDispose]() {} });
        assertRed(await check(ids, site.suite, kept), red);
      } else {
        await assertSourceHole({ name, change: change.edits, red }, { world, ids });
      }
    },
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
}

function planIds(red: readonly string[], { suite, green }: GuardedHoles): string[] {
  return IS_WHOLE
    ? SUITES[suite].cases.map(({ id }) => id)
    : [...red, ...green.filter((id) => !red.includes(id)).slice(0, 2)];
}

async function check(
  ids: readonly string[],
  suite: GuardedHoles["suite"],
  open: () => Promise<OpenSuite>,
): Promise<Told[]> {
  const results = await runCases(SUITES[suite].cases.filter(({ id }) => ids.includes(id)), {
    open: { [suite]: open },
    failFast: false,
    nowMs: () => performance.now(),
    onResult() {},
  });
  return toTold(results);
}
