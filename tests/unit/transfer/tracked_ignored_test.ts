/** Files that git tracks and ignores at the same time, asked of real repositories. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../../src/engine/process.ts";
import { findTrackedIgnored } from "../../../src/transfer/tracked_ignored.ts";
import { createIgnoreMatcher } from "../../../src/tree/ignore_rules.ts";

/** A directory with these files, all of them in a repository. */
async function makeRepository(files: Record<string, string>): Promise<
  AsyncDisposable & {
    root: string;
    env: Record<string, string>;
  }
> {
  const root = await Deno.makeTempDir();
  const env = { PATH: Deno.env.get("PATH")!, HOME: root, GIT_CONFIG_NOSYSTEM: "1" };
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(join(root, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(root, path), text);
  }
  for (const args of [["init", "-q"], ["add", "--force", "--all"]]) {
    assert.equal((await run("git", args, { cwd: root, env, timeoutMs: 30_000 })).code, 0);
  }
  return { root, env, [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }) };
}

const IGNORES = "*.log\n/out/\n";
const FILES = { ".gitignore": IGNORES, "a.log": "", "out/b\nc": "", "d.txt": "" };

/** The rules of a transfer: those of git, then those of `.cageprotect`. */
function rules(protect = "") {
  return createIgnoreMatcher([
    { base: "", text: IGNORES, origin: ".gitignore" },
    { base: "", text: protect, origin: ".cageprotect" },
  ]);
}

Deno.test("findTrackedIgnored() finds what is tracked and ignored, by names as they are", async () => {
  await using made = await makeRepository(FILES);
  assert.deepEqual(await findTrackedIgnored(made.root, { ...made, isLeftOut: rules() }), [
    "a.log",
    "out/b\nc",
  ]);
});

Deno.test("findTrackedIgnored() leaves out what a line of .cageprotect takes in again", async () => {
  await using made = await makeRepository(FILES);
  const isLeftOut = rules("!/a.log\n");
  assert.deepEqual(await findTrackedIgnored(made.root, { ...made, isLeftOut }), ["out/b\nc"]);
});

Deno.test("findTrackedIgnored() asks the repository of its directory, whatever GIT_DIR says", async () => {
  await using made = await makeRepository(FILES);
  await using other = await makeRepository({ "e.log": "" });
  const env = { ...made.env, GIT_DIR: join(other.root, ".git") };
  const found = await findTrackedIgnored(made.root, { env, isLeftOut: rules() });
  assert.deepEqual(found, ["a.log", "out/b\nc"]);
});

Deno.test("findTrackedIgnored() has nothing to tell of a directory without a repository", async () => {
  const root = await Deno.makeTempDir();
  try {
    const env = { PATH: Deno.env.get("PATH")!, HOME: root, GIT_CEILING_DIRECTORIES: root };
    assert.deepEqual(await findTrackedIgnored(root, { env, isLeftOut: rules() }), []);
    assert.deepEqual(await findTrackedIgnored(root, { env: {}, isLeftOut: rules() }), []);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
