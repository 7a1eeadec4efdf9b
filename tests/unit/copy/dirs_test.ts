import assert from "node:assert/strict";
import { join } from "node:path";
import { observeDir } from "../../../src/copy/dirs.ts";
import { bareHost, makeTempDir } from "../cli/support.ts";

async function makePlace() {
  const dir = await makeTempDir();
  for (const name of ["web/src", "My Lib", "state", "home/.ssh"]) {
    await Deno.mkdir(join(dir.path, name), { recursive: true });
  }
  await Deno.writeTextFile(join(dir.path, "file"), "");
  const host = bareHost({
    cwd: dir.path,
    stateDir: join(dir.path, "state"),
    home: join(dir.path, "home"),
  });
  const roots = [{ name: "project", hostPath: join(dir.path, "web") }];
  const options = { host, roots, fix: "--name NAME" };
  return { ...dir, options, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

Deno.test("observeDir() takes a directory by any path to it", async () => {
  await using place = await makePlace();
  await Deno.symlink("My Lib", join(place.path, "link"));
  const want = { name: "my-lib", hostPath: join(place.path, "My Lib") };
  assert.deepEqual(await observeDir("web/../My Lib/", place.options), want);
  assert.deepEqual(await observeDir("link", place.options), want);
  assert.deepEqual(await observeDir("link", { ...place.options, name: "x" }), {
    ...want,
    name: "x",
  });
});

for (
  const [path, problem] of [
    ["web", { exit: 5, message: /the cage has it with/ }],
    ["web/src", { exit: 5, message: /the cage has it with/ }],
    [".", { exit: 3, message: /a parent of your home directory/ }],
    ["home/.ssh", { exit: 3, message: /your SSH directory/ }],
    ["state", { exit: 3, message: /sandcage's own state directory/ }],
    ["file", { exit: 2, message: /it is no directory/ }],
    ["gone", { exit: 2, message: /it does not exist/ }],
    ["/", { exit: 3, message: /the root of the file system/ }],
  ] as const
) {
  Deno.test(`observeDir() refuses ${path}`, async () => {
    await using place = await makePlace();
    await assert.rejects(observeDir(path, place.options), problem);
  });
}
