import assert from "node:assert/strict";
import fc from "fast-check";
import { planGhost } from "../../../src/promote/ghost.ts";
import { planPlainNames } from "../../../src/promote/record.ts";

Deno.test("a ghost has a name and an address that nobody has", () => {
  const uint32 = fc.nat({ max: 2 ** 32 - 1 });
  fc.assert(fc.property(uint32, uint32, uint32, (...random) => {
    const { name, email } = planGhost(random);
    assert.match(name, /^[A-Z][a-z]+ [A-Z][a-z]+$/);
    assert.match(email, /^[a-z]+\.[a-z]+\d\d@example\.com$/);
    assert.equal(email.replace(/\d+@.*/, ""), name.toLowerCase().replace(" ", "."));
  }));
});

Deno.test("names of volumes say nothing of who made them", () => {
  const { volumes, plainHome } = planPlainNames("0123456789ab");
  const names = [volumes.work, volumes.checkpoints, plainHome];
  assert.deepEqual(names, ["work-0123456789ab", "checkpoints-0123456789ab", "home-0123456789ab"]);
});
