import assert from "node:assert/strict";
import { join } from "node:path";
import { ensureEmptyDirectory, planPodmanMounts } from "../../../src/cage/podman_mounts.ts";
import { UserError } from "../../../src/errors.ts";
import type { CageMount } from "../../../src/workspace/types.ts";

const bind = (source: string, target = source): CageMount => ({
  type: "bind",
  source,
  target,
  readonly: true,
});

Deno.test("on Podman what is hidden is covered with an empty directory, which a tmpfs is not", () => {
  const work: CageMount = { type: "volume", source: "w", target: "/work", readonly: false };
  const mounts = [bind("/p"), work, { type: "tmpfs", target: "/p/x", readonly: true } as const];
  assert.deepEqual(planPodmanMounts(mounts, "/e"), [bind("/p"), work, bind("/e", "/p/x")]);
});

for (
  const [title, mount] of [
    ["a comma in a name, which begins an option", bind("/p/a,readonly=false")],
    ["an option that names another source", bind("/p/x,src=/etc/shadow")],
    ["a quote", bind('/p/"a')],
    ["a line break", bind("/p/a\nb")],
    ["the target's name", bind("/p", "/p/a,b")],
    ["the name of a hidden directory", { type: "tmpfs", target: "/p/a,b", readonly: true }],
  ] as const satisfies readonly (readonly [string, CageMount])[]
) {
  Deno.test(`Podman is given no mount with ${title}`, () => {
    assert.throws(
      () => planPodmanMounts([mount], "/e"),
      (error) => error instanceof UserError && error.code === "mask-refused",
    );
  });
}

Deno.test("names with blanks, colons and equals signs are mounted as they are", () => {
  const mounts = [bind("/p/a b"), bind("/p/a:b"), bind("/p/a=b")];
  assert.deepEqual(planPodmanMounts(mounts, "/e"), mounts);
});

Deno.test("the empty directory is empty, whatever was put into it", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = await ensureEmptyDirectory(dir);
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o555);
    await Deno.chmod(path, 0o755);
    await Deno.writeTextFile(join(path, "x"), "shown");
    assert.equal(await ensureEmptyDirectory(dir), path);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(path)), []);
    await Deno.remove(path);
    await Deno.writeTextFile(path, "no directory");
    await ensureEmptyDirectory(dir);
    assert.ok((await Deno.stat(path)).isDirectory);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
