/** What campaigns have found stays found. */
import assert from "node:assert/strict";
import { bytesOf } from "../../fuzz/bytes.ts";
import { findProblem } from "../../fuzz/play.ts";
import { KEPT } from "../../fuzz/seeds/kept.ts";
import { TARGETS } from "../../fuzz/targets.ts";

/** Chances that a kept input is read with besides its own. */
const DRAWS = 16;

for (const { target: name, was, input, draw = 0 } of KEPT) {
  Deno.test(`${name}: ${was}, and is no more`, () => {
    const target = TARGETS.find((target) => target.name === name);
    assert.ok(target !== undefined, `there is no target ${name}`);
    for (let more = 0; more < DRAWS; more++) {
      const bytes = bytesOf(input);
      assert.equal(findProblem(target, { bytes, draw: draw + more }), undefined);
    }
  });
}
