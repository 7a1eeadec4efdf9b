/** The short campaign; the long one is `deno task fuzz`. */
import assert from "node:assert/strict";
import { runTarget } from "../../fuzz/campaign.ts";
import { findOneSided } from "../../fuzz/tally.ts";
import { GROUPS, TARGETS } from "../../fuzz/targets.ts";

/** The same cases in every run: a test that fails only now and then helps nobody. */
const SEED = 20261121;
/** Of each group, shared by its readers. */
const CASES = 3000;

for (const group of GROUPS) {
  const targets = TARGETS.filter(({ name }) => name.startsWith(`${group}/`));
  for (const target of targets) {
    Deno.test(`broken bytes are read to the end and as promised: ${target.name}`, () => {
      const cases = Math.ceil(CASES / targets.length);
      const { tally, findings } = runTarget(target, { seed: SEED, cases });
      assert.deepEqual(findings, []);
      if (target.takesAll !== true) assert.equal(findOneSided(tally), undefined);
    });
  }
}

Deno.test("every target belongs to a group, every group has one, and no name is there twice", () => {
  const names = TARGETS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(new Set(names.map((name) => name.split("/")[0])), new Set(GROUPS));
});
