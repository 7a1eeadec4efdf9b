import assert from "node:assert/strict";
import { join } from "node:path";
import { reviewCommits } from "../../../src/promote/review.ts";
import { type LandingWorld, openLandingWorld } from "../support/landing_world.ts";

const BEFORE = {
  "package.json": '{ "name": "a", "scripts": { "test": "a" } }',
  "kept.sh": "#!/bin/sh\n",
  ".envrc": "export A=1\n",
  ".github/workflows/ci.yml": "on: push\n",
  "src/a.ts": "a\n",
};

async function review(world: LandingWorld): Promise<Record<string, string>> {
  const { git, pin, inner, run } = world;
  await run(inner, "add", "-A", "-f");
  await run(inner, "commit", "-q", "--allow-empty", "-m", "inside");
  const reviewed = await reviewCommits(git, { from: pin.base, to: await world.take() });
  return Object.fromEntries(reviewed.map(({ path, reason }) => [path, reason]));
}

Deno.test("what tools run or trust on sight is listed, each with its reason", async () => {
  await using world = await openLandingWorld(BEFORE);
  await world.write(world.inner, {
    ".vscode/tasks.json": "{}",
    ".gitattributes": "* text\n",
    ".envrc": "export A=2\n",
    "new.sh": "#!/bin/sh\n",
    "package.json": '{ "name": "a", "scripts": { "test": "b" } }',
    "src/a.ts": "b\n",
  });
  await Deno.chmod(join(world.inner, "new.sh"), 0o755);
  const reviewed = await review(world);
  assert.deepEqual(Object.keys(reviewed), [
    ".envrc",
    ".gitattributes",
    ".vscode/tasks.json",
    "new.sh",
    "package.json",
  ]);
  assert.match(reviewed["package.json"]!, /npm runs its scripts/);
  assert.match(reviewed["new.sh"]!, /new program/);
});

Deno.test("what is unchanged, harmless or gone is not listed", async () => {
  await using world = await openLandingWorld(BEFORE);
  await world.write(world.inner, {
    ".envrc": undefined,
    "package.json": '{ "name": "b", "scripts": { "test": "a" } }',
    "src/b.ts": "b\n",
  });
  assert.deepEqual(await review(world), {});
});

Deno.test("a package file that is too large or none is listed unread", async () => {
  await using world = await openLandingWorld({ ...BEFORE, "a/package.json": "{}" });
  await world.write(world.inner, {
    "package.json": `{ "name": "${"a".repeat(1 << 20)}" }`,
    "a/package.json": "{",
  });
  const reviewed = await review(world);
  for (const path of ["package.json", "a/package.json"]) {
    assert.match(reviewed[path]!, /they cannot be read/);
  }
});

Deno.test("a submodule is listed, and a link that takes the place of a package file", async () => {
  await using world = await openLandingWorld(BEFORE);
  const { inner, run } = world;
  await Deno.remove(join(inner, "package.json"));
  await Deno.symlink("/etc/passwd", join(inner, "package.json"));
  await run(inner, "add", "-A");
  const cacheinfo = `160000,${"1".repeat(40)},lib`;
  await run(inner, "update-index", "--add", "--cacheinfo", cacheinfo);
  await run(inner, "commit", "-q", "-m", "inside");
  const { git, pin } = world;
  const reviewed = await reviewCommits(git, { from: pin.base, to: await world.take() });
  assert.deepEqual(reviewed.map(({ path }) => path), ["package.json", "lib"]);
  assert.match(reviewed[1]!.reason, /git fetches/);
});
