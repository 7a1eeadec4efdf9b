import assert from "node:assert/strict";
import { join } from "node:path";
import { UserError } from "../../../src/errors.ts";
import { lookAtCage, type LookOutcome } from "../../../src/promote/look.ts";
import { landSideBranch, offerCommits } from "../../../src/promote/offer.ts";
import { openQuarantine } from "../../../src/promote/quarantine.ts";
import { writePack } from "../../../src/promote/pack.ts";
import { rewriteCommits } from "../../../src/promote/rewrite.ts";
import { localLooks } from "../support/look_options.ts";
import { type LandingWorld, openLandingWorld } from "../support/landing_world.ts";

const look = (world: LandingWorld): Promise<LookOutcome> =>
  lookAtCage({ ...localLooks(world.root, world.pin), nowMs: Date.now() });

/** Commits inside only: nothing is brought over but by the look. */
async function commitInside(
  world: LandingWorld,
  files: Parameters<LandingWorld["write"]>[1],
  message = "inside",
): Promise<string> {
  await world.write(world.inner, files);
  await world.run(world.inner, "add", "-A", "-f");
  await world.run(world.inner, "commit", "-q", "--allow-empty", "-m", message);
  return await world.run(world.inner, "rev-parse", "HEAD");
}

const plant = async (path: string, canary: string) => {
  await Deno.writeTextFile(path, `#!/bin/sh\necho fired >> '${canary}'\n`);
  await Deno.chmod(path, 0o755);
};

Deno.test("a look lands what is new, and the next one is idle", async () => {
  await using world = await openLandingWorld({ a: "a" });
  assert.deepEqual(await look(world), { kind: "idle" });
  await commitInside(world, { a: "b", "dir/new": "n" });
  await commitInside(world, {}, "nothing in it");
  const landed = await look(world);
  assert.ok(landed.kind === "landed");
  assert.equal(landed.commits, 2);
  assert.deepEqual(landed.changed, ["a", "dir/new"]);
  assert.equal(landed.from, world.pin.base);
  assert.equal(await world.run(world.user, "rev-parse", "main"), landed.to);
  assert.equal(await world.run(world.user, "log", "-1", "--format=%an"), "The User");
  assert.deepEqual(await look(world), { kind: "idle" });
  assert.equal(await world.run(world.user, "fsck", "--strict"), "");
});

Deno.test("commits of the user stay below those that land", async () => {
  await using world = await openLandingWorld({ a: "a", b: "b" });
  await commitInside(world, { a: "inside" });
  await world.write(world.user, { b: "user" });
  await world.run(world.user, "commit", "-q", "-a", "-m", "user");
  assert.equal((await look(world)).kind, "landed");
  const subjects = await world.run(world.user, "log", "--format=%s");
  assert.deepEqual(subjects.split("\n"), ["inside", "user", "first"]);
  const seen = await world.observe();
  assert.deepEqual([seen["a"], seen["b"]], ["f:inside", "f:user"]);
  assert.equal(await world.run(world.user, "status", "--porcelain"), "");
});

Deno.test("where a later commit does not fit, those before it land, and the rest waits by name", async () => {
  await using world = await openLandingWorld({ a: "a", b: "b" });
  await commitInside(world, { a: "inside" }, "fits");
  await commitInside(world, { b: "inside" }, "does not");
  await world.write(world.user, { b: "user" });
  await world.run(world.user, "commit", "-q", "-a", "-m", "user");
  const landed = await look(world);
  assert.ok(landed.kind === "landed" && landed.commits === 1, JSON.stringify(landed));
  for (let time = 0; time < 2; time++) {
    const waiting = await look(world);
    assert.ok(waiting.kind === "waiting" && waiting.wait.kind === "paused");
    assert.equal(waiting.pending, 1);
    assert.equal(waiting.wait.reason, "collision");
    assert.deepEqual(waiting.wait.paths, ["b"]);
    assert.match(waiting.wait.text, /"b" was committed on both sides/);
  }
  await world.write(world.user, { b: "b" });
  await world.run(world.user, "commit", "-q", "-a", "-m", "user gives in");
  assert.equal((await look(world)).kind, "landed");
  assert.equal((await world.observe())["b"], "f:inside");
});

Deno.test("a wait is over with its cause, without anything started anew", async () => {
  await using world = await openLandingWorld({ a: "a" });
  await commitInside(world, { a: "inside" });
  const { user, run } = world;
  await run(user, "switch", "-q", "-c", "other");
  const held = await look(world);
  assert.ok(held.kind === "waiting" && held.wait.reason === "other-branch" && held.pending === 1);
  await run(user, "switch", "-q", "main");
  await world.write(user, { a: "dirty" });
  const paused = await look(world);
  assert.ok(paused.kind === "waiting" && paused.wait.reason === "collision");
  await run(user, "checkout", "-q", "a");
  assert.equal((await look(world)).kind, "landed");
});

Deno.test("a history rewritten inside never moves the branch, and is offered on one of its own", async () => {
  await using world = await openLandingWorld({ a: "a" });
  const { user, inner, run, pin } = world;
  await commitInside(world, { a: "one" }, "one");
  const landed = await look(world);
  assert.ok(landed.kind === "landed");
  await run(inner, "commit", "-q", "--amend", "-m", "one, again");
  const before = await world.observe();
  const waiting = await look(world);
  assert.ok(waiting.kind === "waiting" && waiting.wait.reason === "rewritten");
  assert.equal(waiting.pending, 1);
  assert.match(waiting.wait.text, /"main" is never rewritten/);
  assert.match(waiting.wait.hint, /promote --to sandcage\/demo-1\/main-1/);
  assert.deepEqual(await world.observe(), before);

  const options = localLooks(world.root, pin);
  const offer = async () => {
    const tip = await run(inner, "rev-parse", "HEAD");
    const built = await options.rewrite({ tip, done: pin.snapshot, onto: pin.base });
    assert.ok(built.kind === "built");
    return await offerCommits(world.git, { pin, tip: built.tip });
  };
  assert.equal(await offer(), "refs/heads/sandcage/demo-1/main-1");
  assert.equal(await offer(), "refs/heads/sandcage/demo-1/main-1");
  await run(inner, "commit", "-q", "--amend", "-m", "and again");
  await look(world);
  assert.equal(await offer(), "refs/heads/sandcage/demo-1/main-2");
  assert.equal(await run(user, "rev-parse", "main"), landed.to);
  const subject = await run(user, "log", "-1", "--format=%s", "sandcage/demo-1/main-2");
  assert.equal(subject, "and again");

  // What landed is inside again: it goes on from there.
  await run(inner, "reset", "-q", "--hard", "HEAD@{2}");
  assert.deepEqual(await look(world), { kind: "idle" });
});

Deno.test("an offered branch of a given name is made once and never moved", async () => {
  await using world = await openLandingWorld({ a: "a" });
  const { pin, git, user, run } = world;
  const name = "refs/heads/mine";
  assert.equal(await offerCommits(git, { pin, tip: pin.base, name }), name);
  assert.equal(await offerCommits(git, { pin, tip: pin.base, name }), name);
  const other = await world.commit({ a: "b" });
  await assert.rejects(
    offerCommits(git, { pin, tip: other, name }),
    /Cannot move refs\/heads\/mine/,
  );
  assert.equal(await run(user, "rev-parse", name), pin.base);
});

Deno.test("another branch inside goes on, and gets a number when it was rewritten", async () => {
  await using world = await openLandingWorld({ a: "a" });
  const { pin, git, user, run, root } = world;
  const first = await world.commit({ a: "1" });
  const second = await world.commit({ a: "2" });
  const side = (tip: string) => landSideBranch(git, { pin, name: "fix/it", tip });
  assert.equal(await side(first), "refs/heads/sandcage/demo-1/fix/it");
  assert.equal(await side(second), "refs/heads/sandcage/demo-1/fix/it");
  assert.equal(await run(user, "rev-parse", "sandcage/demo-1/fix/it"), second);
  assert.equal(await side(first), "refs/heads/sandcage/demo-1/fix/it-1");
  const third = await world.commit({ a: "3" });
  await run(user, "worktree", "add", "-q", join(root, "side"), "sandcage/demo-1/fix/it");
  assert.equal(await side(third), undefined);
  assert.equal(await run(user, "rev-parse", "sandcage/demo-1/fix/it"), second);
});

Deno.test("a dry run tells what would land and changes nothing at all", async () => {
  await using world = await openLandingWorld({ a: "a" });
  const { user, run, pin, git } = world;
  await commitInside(world, { a: "inside", new: "n" });
  const options = localLooks(world.root, pin);
  // The commits are there since an earlier look.
  await run(user, "switch", "-q", "-c", "other");
  await look(world);
  await run(user, "switch", "-q", "main");
  const before = { ...await world.observe(), objects: await run(user, "count-objects", "-v") };
  const refs = await run(user, "for-each-ref");
  const dry = async () => {
    // Beside that of the fetch, which has the name of the cage.
    await using quarantine = await openQuarantine(git, { pin: { ...pin, cage: "dry-run" } });
    const env = { GIT_ALTERNATE_OBJECT_DIRECTORIES: join(quarantine.git.gitDir, "objects") };
    return await lookAtCage({
      ...options,
      dryRun: { env },
      rewrite: (request) =>
        rewriteCommits({ ...request, identity: { name: "N", email: "n@example.com" } }, {
          git,
          async store(objects) {
            await quarantine.git.read(["unpack-objects", "-q"], {
              what: "Cannot keep them",
              stdin: writePack(objects),
            });
          },
          known: () => Promise.resolve(new Map()),
        }),
    });
  };
  const would = await dry();
  assert.ok(would.kind === "landed" && would.commits === 1, JSON.stringify(would));
  assert.deepEqual(would.changed, ["a", "new"]);
  await world.write(user, { new: "mine" });
  const waiting = await dry();
  assert.ok(waiting.kind === "waiting" && waiting.wait.reason === "collision");
  await world.write(user, { new: undefined });
  const after = { ...await world.observe(), objects: await run(user, "count-objects", "-v") };
  assert.deepEqual(after, before);
  assert.equal(await run(user, "for-each-ref"), refs);
  assert.deepEqual([...Deno.readDirSync(pin.gitDir)].filter(({ name }) => name === "sandcage"), []);
});

Deno.test("nothing that is planted on either side runs: hooks, monitors, filters, drivers, includes", async () => {
  await using world = await openLandingWorld({ a: "a", ".gitignore": "x\n" });
  const { user, inner, run, root } = world;
  const canary = join(root, "canary");
  const command = join(root, "fire.sh");
  await plant(command, canary);
  const settings = {
    "core.fsmonitor": command,
    "core.pager": command,
    "core.editor": command,
    "core.sshCommand": command,
    "core.gitProxy": command,
    "gpg.program": command,
    "commit.gpgSign": "true",
    "log.showSignature": "true",
    "diff.external": command,
    "diff.evil.command": command,
    "diff.evil.textconv": command,
    "merge.evil.driver": command,
    "credential.helper": command,
    "gc.auto": "1",
    "pack.packObjectsHook": command,
    "uploadpack.packObjectsHook": command,
  };
  // Inside, filters too: the cage can set what it likes there, and no driver of it exists here.
  await commitInside(world, {
    ".gitattributes": "* filter=evil diff=evil merge=evil\n",
    "a": "inside",
    "b": "inside",
  });
  for (const dir of [user, inner]) {
    for (const [key, value] of Object.entries(settings)) {
      // Inside, what packs is run by git inside: that is the cage, and here this very machine.
      if (dir === inner && key.endsWith("packObjectsHook")) continue;
      await run(dir, "config", key, value);
    }
    for (const hook of HOOKS) await plant(join(dir, ".git/hooks", hook), canary);
  }
  await run(inner, "config", "filter.evil.clean", command);
  await run(inner, "config", "filter.evil.smudge", command);
  await Deno.writeTextFile(join(root, "included"), `[core]\n\tfsmonitor = ${command}\n`);
  await run(inner, "config", "include.path", join(root, "included"));
  await Deno.remove(canary).catch(() => {});
  // The control: a plain git of the user does run them.
  await run(user, "status");
  assert.match(await Deno.readTextFile(canary), /fired/);
  await Deno.remove(canary);

  await world.write(user, { a: "dirty" });
  const waiting = await look(world);
  assert.ok(
    waiting.kind === "waiting" && waiting.wait.reason === "collision",
    JSON.stringify(waiting),
  );
  await world.write(user, { a: "a" });
  const landed = await look(world);
  assert.equal(landed.kind, "landed", JSON.stringify(landed));
  assert.deepEqual(await look(world), { kind: "idle" });
  assert.equal(await Deno.readTextFile(canary).catch(() => "silent"), "silent");
});

const HOOKS = [
  "post-index-change",
  "reference-transaction",
  "post-checkout",
  "post-merge",
  "post-commit",
  "pre-commit",
  "commit-msg",
  "post-rewrite",
  "fsmonitor-watchman",
  "pre-auto-gc",
  "update",
  "post-update",
  "pre-receive",
  "post-receive",
];

for (const isInTheWay of [false, true]) {
  const how = isInTheWay ? "beside a file in the way" : "though their files are staged by then";
  Deno.test(`commits that cannot be written do not land, ${how}`, async () => {
    await using world = await openLandingWorld({ a: "a", dir: "d" });
    const { user, run, pin } = world;
    await commitInside(world, { a: "b", "new/file": "n" });
    if (isInTheWay) await world.write(user, { a: "mine" });
    const options = localLooks(world.root, pin);
    const observe =
      async () => [await world.observe(), await run(user, "for-each-ref", pin.branch)];
    const before = await observe();
    const failing = lookAtCage({
      ...options,
      async rewrite(request) {
        const built = await options.rewrite(request);
        assert.equal(built.kind, "built");
        throw new UserError("No room for commits");
      },
    });
    await assert.rejects(failing, /No room for commits/);
    assert.deepEqual(await observe(), before);
    const left = [...Deno.readDirSync(pin.gitDir)].filter(({ name }) => name === "sandcage");
    assert.deepEqual(left, []);
    await world.write(user, { a: "a" });
    assert.equal((await look(world)).kind, "landed");
  });
}
