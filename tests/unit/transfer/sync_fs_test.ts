import assert from "node:assert/strict";
import { join } from "node:path";
import { syncFileSystem } from "../../../src/transfer/sync_fs.ts";

Deno.test({
  name: "syncFileSystem() flushes the file system of a directory",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const dir = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(join(dir, "a"), "a");
      assert.equal(syncFileSystem(dir), true);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});

Deno.test("syncFileSystem() says when it could not, and is no reason to stop", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.remove(dir);
  assert.equal(syncFileSystem(dir), false);
});
