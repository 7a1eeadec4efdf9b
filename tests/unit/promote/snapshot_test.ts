import assert from "node:assert/strict";
import { join } from "node:path";
import { UserError } from "../../../src/errors.ts";
import { createGit, type Git } from "../../../src/promote/git.ts";
import {
  makeSnapshot,
  observeGround,
  writeSnapshotRepository,
} from "../../../src/promote/snapshot.ts";
import type { Pin } from "../../../src/promote/types.ts";
import { gitIn } from "../support/history.ts";

const GHOST = { name: "Alex Ellis", email: "alex.ellis10@example.com" };

type Place = AsyncDisposable & { outer: string; root: string; git: Git };

/** A repository of somebody called Ursula, with nothing committed. */
async function makePlace(): Promise<Place> {
  const root = await Deno.makeTempDir();
  const outer = join(root, "outer");
  await Deno.mkdir(outer);
  await gitIn(outer, ["init", "-q", "-b", "ursula/work"]);
  await gitIn(outer, ["config", "user.name", "Ursula"]);
  await gitIn(outer, ["config", "user.email", "ursula@example.test"]);
  const env = { PATH: Deno.env.get("PATH")!, GIT_CONFIG_GLOBAL: "/dev/null" };
  return {
    outer,
    root,
    git: createGit({ gitDir: join(outer, ".git"), worktree: outer, env }),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

async function commitAll(outer: string, message: string): Promise<void> {
  await gitIn(outer, ["add", "-A"]);
  await gitIn(outer, ["commit", "-q", "-m", message]);
}

/** Takes a snapshot and unpacks it as it is inside. */
async function takeSnapshot({ outer, root, git }: Place) {
  const gitDir = join(outer, ".git");
  const pin: Omit<Pin, "snapshot"> = {
    cage: "web-123456",
    worktree: outer,
    gitDir,
    commonDir: gitDir,
    ...await observeGround(git),
    innerBranch: "main",
  };
  const scratch = join(root, "snapshot.index");
  const snapshot = await makeSnapshot(git, pin, {
    ghost: GHOST,
    scratch,
    nowMs: 1_795_275_792_000,
  });
  const inner = join(root, "inner");
  await Deno.mkdir(inner);
  await writeSnapshotRepository(git, join(inner, ".git"), { snapshot });
  await gitIn(inner, ["read-tree", "--reset", "-u", "HEAD"]);
  return { pin, snapshot, inner, scratch };
}

async function listInner(inner: string): Promise<string[]> {
  return (await gitIn(inner, ["ls-files"])).split("\n").filter((path) => path !== "");
}

Deno.test("a snapshot is what is committed: one commit, no history, nobody's name", async () => {
  await using place = await makePlace();
  const { outer } = place;
  await Deno.writeTextFile(join(outer, "a.txt"), "first\n");
  await commitAll(outer, "a secret of Ursula");
  await Deno.writeTextFile(join(outer, "a.txt"), "second\n");
  await Deno.mkdir(join(outer, "src"));
  await Deno.writeTextFile(join(outer, "src", "run.sh"), "#!/bin/sh\n", { mode: 0o755 });
  await Deno.symlink("a.txt", join(outer, "link"));
  await Deno.writeTextFile(join(outer, ".env"), "KEY=1\n");
  await Deno.writeTextFile(join(outer, ".env.example"), "KEY=\n");
  await Deno.writeTextFile(join(outer, ".sandcage.yml"), "version: 1\n");
  await Deno.writeTextFile(join(outer, ".gitignore"), "*.log\n.sandcage.local.yml\n");
  await commitAll(outer, "more of Ursula");
  await Deno.writeTextFile(join(outer, "a.txt"), "not committed\n");
  await Deno.writeTextFile(join(outer, "new.txt"), "not tracked\n");
  await Deno.writeTextFile(join(outer, "staged.txt"), "staged\n");
  await gitIn(outer, ["add", "staged.txt"]);
  const before = await gitIn(outer, ["status", "--porcelain=v2", "--branch"]);

  const { pin, snapshot, inner, scratch } = await takeSnapshot(place);
  assert.equal(pin.branch, "refs/heads/ursula/work");
  assert.deepEqual(await listInner(inner), [
    ".env.example",
    ".gitignore",
    "a.txt",
    "link",
    "src/run.sh",
  ]);
  assert.equal(await Deno.readTextFile(join(inner, "a.txt")), "second\n");
  assert.equal(await Deno.readTextFile(join(inner, ".gitignore")), "*.log\n");
  assert.equal(await Deno.readLink(join(inner, "link")), "a.txt");
  assert.ok(Deno.statSync(join(inner, "src", "run.sh")).mode! & 0o100);
  assert.equal((await gitIn(inner, ["rev-parse", "HEAD"])).trim(), snapshot);
  assert.equal(
    await gitIn(inner, ["log", "--format=%an|%ce|%s|%ad"]),
    "Alex Ellis|alex.ellis10@example.com|Initial commit|Sat Nov 21 00:00:00 2026 +0000\n",
  );
  assert.equal(await gitIn(inner, ["status", "--porcelain"]), "");
  assert.equal(await gitIn(inner, ["for-each-ref", "--format=%(refname)"]), "refs/heads/main\n");
  await gitIn(inner, ["fsck", "--strict"]);
  // Nothing of the user's history is in the pack.
  const objects = await gitIn(inner, ["cat-file", "--batch-check", "--batch-all-objects"]);
  assert.equal(objects.split("\n").filter((line) => line.includes(" commit ")).length, 1);
  const config = await Deno.readTextFile(join(inner, ".git", "config"));
  assert.doesNotMatch(config, /ursula/i);
  // Nothing of the user's has moved but the cage's own ref.
  assert.equal(await gitIn(outer, ["status", "--porcelain=v2", "--branch"]), before);
  assert.equal(
    (await gitIn(outer, ["rev-parse", "refs/sandcage/web-123456/in/main"])).trim(),
    snapshot,
  );
  await assert.rejects(() => Deno.stat(scratch), Deno.errors.NotFound);
});

Deno.test("gitlinks, LFS pointers, mixed line ends and empty commits go in as they are", async () => {
  await using place = await makePlace();
  const { outer } = place;
  const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a".repeat(64) +
    "\nsize 5\n";
  await Deno.writeTextFile(join(outer, "big.bin"), pointer);
  await Deno.writeTextFile(join(outer, ".gitattributes"), "*.bin filter=lfs diff=lfs\n");
  await gitIn(outer, ["config", "filter.lfs.clean", "cat"]);
  await gitIn(outer, ["config", "filter.lfs.smudge", "false"]);
  await gitIn(outer, ["config", "filter.lfs.required", "true"]);
  await Deno.writeTextFile(join(outer, "mixed.txt"), "a\r\nb\nc\r\n");
  await gitIn(outer, ["add", "-A"]);
  await gitIn(outer, ["update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},module`]);
  await gitIn(outer, ["commit", "-q", "-m", "all of it"]);
  const { inner } = await takeSnapshot(place);
  assert.equal(await Deno.readTextFile(join(inner, "big.bin")), pointer);
  assert.equal(await Deno.readTextFile(join(inner, "mixed.txt")), "a\r\nb\nc\r\n");
  assert.match(await gitIn(inner, ["ls-files", "-s", "module"]), /^160000 1{40} 0/);
  assert.ok(Deno.statSync(join(inner, "module")).isDirectory);
  assert.equal(await gitIn(inner, ["status", "--porcelain"]), "");
});

Deno.test("without anything to leave out the tree is the user's own, and no index is made", async () => {
  await using place = await makePlace();
  await Deno.writeTextFile(join(place.outer, "a"), "a\n");
  await commitAll(place.outer, "a");
  const { snapshot } = await takeSnapshot(place);
  const trees = await gitIn(place.outer, ["rev-parse", `${snapshot}^{tree}`, "HEAD^{tree}"]);
  assert.equal(new Set(trees.trim().split("\n")).size, 1);
});

Deno.test("a branch of which nothing may go in gives an empty project", async () => {
  await using place = await makePlace();
  await Deno.writeTextFile(join(place.outer, ".env"), "KEY=1\n");
  await gitIn(place.outer, ["add", "-f", ".env"]);
  await gitIn(place.outer, ["commit", "-q", "-m", "oops"]);
  const { inner } = await takeSnapshot(place);
  assert.deepEqual(await listInner(inner), []);
});

for (
  const [name, prepare, message] of [
    ["no commit", () => Promise.resolve(), /has no commit yet/],
    ["a detached HEAD", async (outer: string) => {
      await Deno.writeTextFile(join(outer, "a"), "a\n");
      await commitAll(outer, "a");
      await gitIn(outer, ["checkout", "-q", "--detach"]);
    }, /is on no branch/],
    ["nothing git can read", async (outer: string) => {
      await Deno.remove(join(outer, ".git", "objects"), { recursive: true });
    }, /no repository that git can read/],
  ] as const
) {
  Deno.test(`a working tree with ${name} is refused, with what helps`, async () => {
    await using place = await makePlace();
    await prepare(place.outer);
    await assert.rejects(() => observeGround(place.git), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, message);
      assert.ok(error.hint);
      assert.equal(error.exit, 3);
      return true;
    });
  });
}

Deno.test("ids of SHA-256 do not cross, and that is said", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await gitIn(dir, ["init", "-q", "--object-format=sha256"]);
    const env = { PATH: Deno.env.get("PATH")! };
    const git = createGit({ gitDir: join(dir, ".git"), worktree: dir, env });
    await assert.rejects(() => observeGround(git), /object ids of sha256/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
