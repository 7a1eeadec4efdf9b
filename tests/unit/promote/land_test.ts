import assert from "node:assert/strict";
import { join } from "node:path";
import { openLandingWorld, settle } from "../support/landing_world.ts";

Deno.test("commits land in branch, files and index, and git status is clean", async () => {
  await using world = await openLandingWorld({
    "kept": "kept",
    "changed": "old",
    "gone/deep/file": "gone",
    "file-to-dir": "f",
    "dir-to-file/a": "a",
    "script": "run",
  });
  await world.run(world.inner, "rm", "-q", "gone/deep/file", "file-to-dir", "dir-to-file/a");
  await world.write(world.inner, {
    changed: "new",
    "added/deep/er": "added",
    "file-to-dir/inside": "i",
    "dir-to-file": "d",
    "name with\nnewline": "n",
    "ünï": "u",
  });
  await Deno.chmod(join(world.inner, "script"), 0o755);
  await Deno.symlink("../kept", join(world.inner, "added/link"));
  const to = await world.commit({});
  const landed = await world.land();
  assert.equal(landed.kind, "landed");
  assert.equal(await world.run(world.user, "rev-parse", "HEAD"), to);
  assert.equal(await world.run(world.user, "status", "--porcelain"), "");
  assert.equal(await world.run(world.user, "diff-files", "--name-only"), "");
  assert.equal(
    await world.run(world.user, "for-each-ref", "refs/sandcage"),
    [
      `${to} commit\trefs/sandcage/demo-1/done/main`,
      `${to} commit\trefs/sandcage/demo-1/out/main`,
    ].join("\n"),
  );
  const seen = await world.observe();
  assert.equal(seen["script"], "x:run");
  assert.equal(seen["added/link"], "-> ../kept");
  assert.equal("gone/deep/file" in seen, false);
  assert.deepEqual(
    [...Deno.readDirSync(join(world.user, ".git"))].filter(({ name }) =>
      name.includes("sandcage") || name.endsWith(".lock")
    ),
    [],
  );
  await settle(world);
});
