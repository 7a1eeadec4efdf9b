import assert from "node:assert/strict";
import { join } from "node:path";
import { findRealPath } from "../../../src/acp/real_path.ts";

Deno.test("a path leads where the system would open it, links and all", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir());
  const at = (path: string) => `${root}/${path}`;
  for (const dir of ["project/deep", "outside/below"]) {
    await Deno.mkdir(at(dir), { recursive: true });
  }
  await Deno.writeTextFile(at("outside/file"), "");
  for (
    const [name, target] of [
      ["dir", at("outside/below")],
      ["dangling", at("outside/not-yet")],
      ["crooked", "dir/../not-yet"],
      ["twice", "crooked"],
      ["fine", "deep"],
      ["circle", "circle"],
    ] as const
  ) {
    await Deno.symlink(target, at(join("project", name)));
  }
  for (
    const [path, real] of [
      ["project/deep/new", "project/deep/new"],
      ["project/fine/../new", "project/new"],
      ["project/dir/new", "outside/below/new"],
      ["project/dir/../file", "outside/file"],
      ["project/dir/../new/below", "outside/new/below"],
      ["project/dangling", "outside/not-yet"],
      ["project/crooked", "outside/not-yet"],
      ["project/twice", "outside/not-yet"],
      ["project/missing/new", "project/missing/new"],
      ["project/circle", "project/circle"],
    ] as const
  ) {
    assert.equal(findRealPath(at(path)), at(real), path);
  }
  await Deno.remove(root, { recursive: true });
});
