import assert from "node:assert/strict";
import { join } from "node:path";
import { denoFs } from "../../../src/transfer/deno_fs.ts";
import { foldsNames } from "../../../src/tree/folds.ts";
import { foldingFs } from "../support/folding_fs.ts";

/** What is in a directory whose file system folds names, or does not. */
const rows: [name: string, files: readonly string[]][] = [
  ["a file", ["readme"]],
  ["nothing", []],
  ["a name without letters, and one with", ["1", "2a"]],
  ["only names without letters", ["1"]],
];

for (const [name, files] of rows) {
  Deno.test(`foldsNames() tells where case does not count by ${name}`, async () => {
    const dir = await Deno.realPath(await Deno.makeTempDir({ prefix: "sandcage-folds-" }));
    try {
      for (const file of files) await Deno.writeTextFile(join(dir, file), "");
      assert.equal(foldsNames(foldingFs(), dir), true);
      assert.equal(foldsNames(denoFs(), dir), false);
      // It only looks.
      assert.deepEqual((await Array.fromAsync(Deno.readDir(dir))).length, files.length);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

Deno.test("foldsNames() does not take two names of one file for it", async () => {
  const dir = await Deno.realPath(await Deno.makeTempDir({ prefix: "sandcage-folds-" }));
  try {
    await Deno.writeTextFile(join(dir, "a"), "");
    await Deno.link(join(dir, "a"), join(dir, "A"));
    assert.equal(foldsNames(denoFs(), dir), false);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
