/** Sandcage with a text of its sources replaced: it is what was asked for, and nothing of it stays. */
import assert from "node:assert/strict";
import { LABEL } from "../../src/names.ts";
import { docker } from "../../tools/engine_state.ts";
import { buildMutant } from "./support/verify/mutant.ts";
import { exists } from "./support/files.ts";
import { makeWorld } from "./support/world.ts";

Deno.test("a mutant is another program with images of its own, and both go", async () => {
  const before = await listCouriers();
  let entry: string;
  let own: string[];
  {
    await using mutant = await buildMutant({
      name: "another courier",
      edits: [
        {
          file: "src/courier/main.ts",
          find: 'import * as fs from "node:fs";',
          replace: '// Another one.\nimport * as fs from "node:fs";',
        },
        { file: "src/cli/commands/create.ts", find: "Open it: ", replace: "Open the mutant: " },
      ],
    });
    await using world = await makeWorld("mutant", { network: 'mode = "none"' });
    const { program } = mutant;
    entry = program.entry;
    const made = await world.sandcage(["create", "--service", "shell", "--no-attach"], { program });
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stderr, /Open the mutant: /);
    own = (await listCouriers()).filter((id) => !before.includes(id));
    assert.equal(own.length, 1, "it has built a courier of its own");
    const gone = await world.sandcage(["destroy", "-y", "--force"], { program });
    assert.equal(gone.code, 0, gone.stderr);
  }
  assert.equal(await exists(entry), false);
  assert.deepEqual((await listCouriers()).filter((id) => own.includes(id)), []);
});

Deno.test("an edit that does not say one thing is refused", async (t) => {
  for (
    const [what, edit, problem] of [
      ["not there", { file: "src/names.ts", find: "no such text" }, /src\/names\.ts holds 0 times/],
      ["there twice", { file: "src/names.ts", find: "export const" }, /src\/names\.ts holds \d+ /],
      ["no such file", { file: "src/none.ts", find: "a" }, /not made from src\/none\.ts/],
      ["no part of a bundle", { file: "compose/agent.yml", find: "a" }, /not made from compose/],
    ] as const
  ) {
    await t.step(what, async () => {
      await assert.rejects(buildMutant({ name: what, edits: [{ ...edit, replace: "" }] }), problem);
    });
  }
});

async function listCouriers(): Promise<string[]> {
  const filter = ["--filter", `label=${LABEL.managed}=true`];
  const list = await docker(["image", "ls", "--quiet", ...filter, "sandcage/courier"]);
  return list.split("\n");
}
