import assert from "node:assert/strict";
import { planNext } from "../../../../src/promote/cage/status.ts";

for (
  const [cage, state, want] of [
    ["running", "idle", "Visit it: sandcage visit web"],
    ["running", "landed", "Nothing: they land by themselves"],
    ["stopped", "landed", "Land what it has: sandcage promote web"],
    [
      "stopped",
      "idle",
      "Go on: sandcage start web; or let go of the branch: sandcage clear web",
    ],
  ] as const
) {
  Deno.test(`the next step of a cage that is ${cage} with its commits ${state}`, () => {
    assert.equal(planNext("web", { cage, state }), want);
  });
}
