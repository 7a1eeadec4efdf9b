/** Every case has a hole that tests make, and every hole says whom it turns red. */
import assert from "node:assert/strict";
import type { SuiteName } from "../../../src/verify/case.ts";
import { CASES } from "../../../src/verify/cases.ts";
import { ACP_HOLES } from "../../e2e/support/verify/holes/acp.ts";
import { CONFIG_HOLES } from "../../e2e/support/verify/holes/config.ts";
import { CONTAINER_HOLES } from "../../e2e/support/verify/holes/container.ts";
import { NETWORK_REACH_HOLES } from "../../e2e/support/verify/holes/network_reach.ts";
import { NETWORK_WEB_HOLES } from "../../e2e/support/verify/holes/network_web.ts";
import { PROMOTION_HOLES } from "../../e2e/support/verify/holes/promotion.ts";
import { SECRET_HOLES } from "../../e2e/support/verify/holes/secrets.ts";
import { WORKSPACE_HOLES } from "../../e2e/support/verify/holes/workspace.ts";
import type { Hole } from "../../e2e/support/verify/hole.ts";

/** The holes of each suite: a new table belongs here, and nowhere else. */
const HOLES: Partial<Record<SuiteName, readonly Hole<unknown>[]>> = {
  config: CONFIG_HOLES,
  container: CONTAINER_HOLES,
  network: [...NETWORK_REACH_HOLES, ...NETWORK_WEB_HOLES],
  secrets: SECRET_HOLES,
  workspace: WORKSPACE_HOLES,
  promotion: PROMOTION_HOLES,
  acp: ACP_HOLES,
};

for (const { id, suite, brokenBy } of CASES) {
  Deno.test(`${id} is turned red by the hole that it names`, () => {
    const hole = HOLES[suite]?.find(({ name }) => name === brokenBy);
    assert.ok(hole !== undefined, `no hole of ${suite} is named "${brokenBy}"`);
    assert.ok(hole.red.includes(id), `"${brokenBy}" turns ${hole.red.join(", ")} red, not ${id}`);
  });
}

for (const [suite, holes] of Object.entries(HOLES)) {
  const known = CASES.filter((each) => each.suite === suite).map(({ id }) => id);
  Deno.test(`the holes of ${suite} have names of their own`, () => {
    const names = holes.map(({ name }) => name);
    assert.deepEqual(names, [...new Set(names)]);
  });
  for (const { name, red } of holes) {
    Deno.test(`"${name}" turns cases of ${suite} red`, () => {
      assert.notEqual(red.length, 0);
      assert.deepEqual(red.filter((id) => !known.includes(id)), []);
      assert.deepEqual(red, [...new Set(red)]);
    });
  }
}
