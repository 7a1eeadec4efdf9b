import assert from "node:assert/strict";
import { UserError } from "../../../src/errors.ts";
import { listInspectors } from "../../../src/secrets/inspectors.ts";
import { makeTempDir } from "../cli/support.ts";

Deno.test("inspectors are the modules of their folder, by name", async () => {
  await using dir = await makeTempDir();
  assert.deepEqual(await listInspectors(dir.path), []);
  const folder = `${dir.path}/inspectors`;
  await Deno.mkdir(folder);
  for (const name of ["b.ts", "a.js", "c.mjs", "notes.md", ".hidden.js", "d.cjs"]) {
    await Deno.writeTextFile(`${folder}/${name}`, `// ${name}`);
  }
  assert.deepEqual(await listInspectors(dir.path), [
    { name: "a.js", source: "// a.js" },
    { name: "b.ts", source: "// b.ts" },
    { name: "c.mjs", source: "// c.mjs" },
  ]);
});

Deno.test("an inspector that cannot be read is an error: a check is never dropped", async () => {
  for (const make of [Deno.mkdir, (path: string) => Deno.symlink("/nowhere/at/all", path)]) {
    await using dir = await makeTempDir();
    await Deno.mkdir(`${dir.path}/inspectors`);
    await make(`${dir.path}/inspectors/mine.js`);
    await assert.rejects(
      listInspectors(dir.path),
      (error) => error instanceof UserError && error.exit === 3 && /mine\.js/.test(error.message),
    );
  }
});
