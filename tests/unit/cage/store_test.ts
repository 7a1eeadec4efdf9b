import assert from "node:assert/strict";
import { claimCage, findCage, listCages } from "../../../src/cage/store.ts";
import { EXIT, UserError } from "../../../src/errors.ts";
import { withState } from "./support.ts";

Deno.test("claimCage() takes an id once, and again for the same project", async () => {
  await withState(async (stateDir) => {
    const dir = `${stateDir}/cages/demo-1`;
    await claimCage(dir, { id: "demo-1", projectPath: "/p" });
    const first = await findCage(dir);
    await claimCage(dir, { id: "demo-1", projectPath: "/p" });
    assert.deepEqual(await findCage(dir), first);
    assert.deepEqual(await listCages(stateDir), [first]);
    assert.equal((await Deno.stat(`${dir}/cage.json`)).mode! & 0o777, 0o600);
    assert.equal((await Deno.stat(dir)).mode! & 0o777, 0o700);
  });
});

Deno.test("claimCage() refuses a name that is another project's", async () => {
  await withState(async (stateDir) => {
    const dir = `${stateDir}/cages/review`;
    await claimCage(dir, { id: "review", projectPath: "/p" });
    await assert.rejects(claimCage(dir, { id: "review", projectPath: "/q" }), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.exit, EXIT.conflict);
      assert.match(error.message, /"review" belongs to another project: "\/p"/);
      return true;
    });
  });
});

Deno.test("findCage() takes a record that a full disk has cut for absent", async () => {
  await withState(async (stateDir) => {
    await Deno.writeTextFile(`${stateDir}/cage.json`, '{"schema": 1, "id"');
    assert.equal(await findCage(stateDir), undefined);
    await Deno.writeTextFile(`${stateDir}/cage.json`, '{"schema": 2}');
    assert.equal(await findCage(stateDir), undefined);
  });
});
