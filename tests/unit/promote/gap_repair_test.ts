import assert from "node:assert/strict";
import { join } from "node:path";
import { hasGap, repairGap } from "../../../src/promote/gap_repair.ts";
import { findLanded, findUnsettled } from "../../../src/promote/journal.ts";
import { lookAtCage } from "../../../src/promote/look.ts";
import { recoverLanding } from "../../../src/promote/recover.ts";
import { localLooks } from "../support/look_options.ts";
import { type LandingWorld, openLandingWorld, runGit, testEnv } from "../support/landing_world.ts";

const FILES = {
  "changed": "old",
  "edited": "line\n".repeat(50),
  "gone/deep/file": "gone",
  "file-to-dir": "f",
  "dir-to-file/a": "a",
  "script": "run",
  "to-link": "content",
  "own": "own",
};

/** A git of the user that was overtaken by a landing. */
type Overtaken = "index" | "index, then checkout" | "switch";
const KINDS: readonly Overtaken[] = ["index", "index, then checkout", "switch"];

type Scene = { world: LandingWorld; from: string; to: string; landed: Record<string, string> };

/** A landing with every kind of change, and a git that had read before it and writes after it. */
async function openScene(kind: Overtaken): Promise<Scene> {
  const world = await openLandingWorld(FILES);
  const { user, inner, run } = world;
  await run(inner, "rm", "-q", "-r", "gone", "file-to-dir", "to-link", "dir-to-file");
  await Deno.symlink("changed", join(inner, "to-link"));
  await Deno.chmod(join(inner, "script"), 0o755);
  const changes = { "changed": "new", "edited": "line\n".repeat(60), "added/deep/er": "added" };
  const to = await world.commit({ ...changes, "file-to-dir/in": "i", "dir-to-file": "d" });
  const from = await run(user, "rev-parse", "HEAD");
  await world.write(user, { "mine": "mine" });
  const index = join(user, ".git/index");
  await Deno.copyFile(index, `${index}.read`);
  assert.equal((await world.land()).kind, "landed");
  const landed = await world.observe();
  if (kind === "switch") {
    // What `git switch main` does with a branch that it read before and a HEAD that it read after.
    await run(user, "read-tree", "-m", "-u", to, from);
    await run(user, "add", "mine");
  } else {
    const env = { ...testEnv(world.root), GIT_INDEX_FILE: `${index}.read` };
    await runGit(env, { dir: user, args: ["add", "mine"] });
    await Deno.rename(`${index}.read`, index);
    if (kind === "index, then checkout") await run(user, "checkout", "-q", "--", ".");
  }
  await Deno.remove(`${index}.read`).catch(() => {});
  assert.equal(await run(user, "rev-parse", "HEAD"), to);
  assert.notEqual(await run(user, "diff", "--cached", "--name-only", "HEAD"), "mine");
  return { world, from, to, landed };
}

/** As each look begins. */
async function lookAfter(
  { options }: LandingWorld,
  more: { at?: (moment: string) => void; nowMs?: number } = {},
): Promise<void> {
  const wait = await recoverLanding({ ...options, ...more }) ??
    await repairGap({ ...options, nowMs: Date.now(), ...more });
  assert.equal(wait, undefined);
}

/** All is as it landed, and beside it what the user staged. */
async function checkRepaired({ world, to, landed }: Scene, where: string): Promise<void> {
  assert.equal(await world.run(world.user, "status", "--porcelain", "-uall"), "A  mine", where);
  const { index: _, ...files } = await world.observe();
  const { index: __, ...wanted } = landed;
  assert.deepEqual(files, wanted, where);
  assert.equal(await world.run(world.user, "rev-parse", "HEAD"), to, where);
  assert.equal(await findUnsettled(world.options.stateDir), undefined, where);
  const left = [...Deno.readDirSync(join(world.user, ".git"))].map(({ name }) => name)
    .filter((name) => name.includes("sandcage") || name.endsWith(".lock"));
  assert.deepEqual(left, [], where);
  assert.equal(await hasGap(world.options), false, where);
}

for (const kind of KINDS) {
  Deno.test(`what an overtaken git took back (${kind}) comes again, once`, async () => {
    const scene = await openScene(kind);
    await using world = scene.world;
    assert.equal(await hasGap(world.options), true);
    await lookAfter(world);
    await checkRepaired(scene, kind);
    const before = await world.observe();
    await lookAfter(world);
    assert.deepEqual(await world.observe(), before);
    assert.notEqual(await findLanded(world.options.stateDir), undefined);
    await lookAfter(world, { nowMs: Date.now() + 60_000 });
    assert.equal(await findLanded(world.options.stateDir), undefined);
    assert.deepEqual(await world.observe(), before);
  });

  Deno.test(`with commits of the user on top it comes again (${kind})`, async () => {
    const scene = await openScene(kind);
    await using world = scene.world;
    await world.write(world.user, { own: "more" });
    await world.run(world.user, "commit", "-q", "-m", "user", "--", "own");
    await lookAfter(world);
    assert.equal(await world.run(world.user, "status", "--porcelain", "-uall"), "A  mine");
    const { own, changed } = await world.observe();
    assert.deepEqual([own, changed], ["f:more", "f:new"]);
  });

  Deno.test(`a file that the user edited in between stays, and the next commits wait for it (${kind})`, async () => {
    const scene = await openScene(kind);
    await using world = scene.world;
    const { user, run } = world;
    await world.write(user, { edited: "the user's" });
    await lookAfter(world);
    const status = await run(user, "status", "--porcelain", "-uall");
    assert.equal(status, " M edited\nA  mine");
    assert.equal((await world.observe())["edited"], "f:the user's");
    await world.commit({ edited: "inside" });
    const waiting = await world.land();
    assert.ok(waiting.kind === "paused" && waiting.reason === "collision");
    assert.deepEqual(waiting.paths, ["edited"]);
    assert.equal((await world.observe())["edited"], "f:the user's");
  });

  Deno.test(`killed or failed at any moment, the next look brings it again (${kind})`, async () => {
    const moments: string[] = [];
    {
      const { world } = await openScene(kind);
      await using _world = world;
      await lookAfter(world, { at: (moment) => void moments.push(moment) });
    }
    assert.ok(moments.includes("gap index") && moments.length >= 6, moments.join());
    for (const [nth, moment] of moments.entries()) {
      for (const isKilled of [true, false]) {
        const scene = await openScene(kind);
        await using world = scene.world;
        let count = 0;
        let isCut = false;
        const at = (now: string) => {
          if (count++ === nth) isCut = true;
          else if (!isCut || !isKilled || now === "settled") return;
          throw new Error("cut");
        };
        const where = `${isKilled ? "killed" : "failed"} at ${moment}`;
        await assert.rejects(lookAfter(world, { at }), /cut/, where);
        // A settling that is cut as well.
        if (isKilled && nth % 2 === 0) {
          await lookAfter(world, {
            at: (now) => {
              if (now.startsWith("back") || now === "index back") throw new Error("cut");
            },
          }).catch(() => {});
        }
        await lookAfter(world);
        await checkRepaired(scene, where);
      }
    }
  });
}

Deno.test("what the user takes back on purpose stays as they have it", async () => {
  const rows: readonly [string, (scene: Scene) => Promise<void>][] = [
    ["git revert", async ({ world: { run, user } }) => {
      await run(user, "revert", "--no-edit", "HEAD");
    }],
    ["one file of it", async ({ world: { run, user }, from }) => {
      await run(user, "restore", "-q", `--source=${from}`, "-SW", "changed");
    }],
    ["out of the index", async ({ world: { run, user }, from }) => {
      await run(user, "restore", "-q", `--source=${from}`, "-S", ".");
    }],
    ["all of it, later", async ({ world: { run, user }, from }) => {
      await run(user, "restore", "-q", `--source=${from}`, "-SW", ".");
      const later = new Date(Date.now() + 60_000);
      for (const path of ["changed", "edited", "file-to-dir", "script", "gone/deep/file"]) {
        await Deno.utime(join(user, path), later, later);
      }
      await run(user, "update-index", "-q", "--refresh");
    }],
    ["the branch back", async ({ world: { run, user }, from }) => {
      await run(user, "reset", "-q", "--hard", from);
    }],
    ["committed anew", async ({ world: { run, user }, from }) => {
      await run(user, "restore", "-q", `--source=${from}`, "-SW", ".");
      await run(user, "commit", "-q", "-m", "no, thanks");
    }],
  ];
  for (const [name, act] of rows) {
    const world = await openLandingWorld(FILES);
    await using _world = world;
    await world.run(world.inner, "rm", "-q", "file-to-dir");
    const to = await world.commit({ "changed": "new", "edited": "new", "file-to-dir/in": "i" });
    const from = await world.run(world.user, "rev-parse", "HEAD");
    assert.equal((await world.land()).kind, "landed");
    await act({ world, from, to, landed: {} });
    const before = await world.observe();
    for (const nowMs of [Date.now(), Date.now() + 60_000]) {
      await lookAfter(world, { nowMs });
      assert.deepEqual(await world.observe(), before, name);
    }
  }
});

Deno.test("nothing lands over what is to be repaired; one look does both", async () => {
  for (const kind of KINDS) {
    const scene = await openScene(kind);
    await using world = scene.world;
    await world.commit({ "another": "inside" });
    const before = await world.observe();
    const wait = await world.land({ isBehind: () => hasGap(world.options) });
    assert.ok(wait.kind === "held" && wait.reason === "locked");
    assert.deepEqual(await world.observe(), before);
    await world.commit({ "changed": "newer", "added/deep/er": undefined });
    const look = await lookAtCage(localLooks(world.root, world.pin));
    assert.equal(look.kind, "landed", JSON.stringify(look));
    assert.equal(await world.run(world.user, "status", "--porcelain", "-uall"), "A  mine");
    const { changed, another } = await world.observe();
    assert.deepEqual([changed, another], ["f:newer", "f:inside"]);
  }
});

Deno.test("a git that slept through two landings takes back both, or the first of them", async () => {
  for (const isBoth of [true, false]) {
    await using world = await openLandingWorld({ ...FILES });
    const { user, run } = world;
    const from = await run(user, "rev-parse", "HEAD");
    const first = await world.commit({ changed: "new", script: "more" });
    assert.equal((await world.land()).kind, "landed");
    const second = await world.commit(isBoth ? { changed: "newer", b: "b" } : { b: "b" });
    assert.equal((await world.land()).kind, "landed");
    const landed = await world.observe();
    await run(user, "read-tree", "-m", "-u", isBoth ? second : first, from);
    assert.notEqual(await run(user, "status", "--porcelain"), "");
    await lookAfter(world);
    assert.equal(await run(user, "status", "--porcelain"), "");
    assert.deepEqual(await world.observe(), landed);
  }
});

Deno.test("a look without effects repairs nothing", async () => {
  const { world } = await openScene("switch");
  await using _world = world;
  const before = await world.observe();
  await lookAtCage({ ...localLooks(world.root, world.pin), dryRun: { env: {} } });
  assert.deepEqual(await world.observe(), before);
});

Deno.test("on another branch, or in the middle of something, nothing is repaired until that is over", async () => {
  const scene = await openScene("index");
  await using world = scene.world;
  const { user, run } = world;
  await run(user, "symbolic-ref", "HEAD", "refs/heads/other");
  const before = await world.observe();
  await lookAfter(world);
  assert.deepEqual(await world.observe(), before);
  await run(user, "symbolic-ref", "HEAD", "refs/heads/main");
  await Deno.writeTextFile(join(user, ".git/MERGE_HEAD"), `${scene.to}\n`);
  await lookAfter(world, { nowMs: Date.now() + 60_000 });
  await Deno.remove(join(user, ".git/MERGE_HEAD"));
  await lookAfter(world, { nowMs: Date.now() + 60_000 });
  await checkRepaired(scene, "afterwards");
});
