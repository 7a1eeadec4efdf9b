import assert from "node:assert/strict";
import { join } from "node:path";
import { UserError } from "../../../src/errors.ts";
import { hostFiles } from "../../../src/promote/host_files.ts";
import { landCommits, previewLanding } from "../../../src/promote/land.ts";
import { findUnsettled } from "../../../src/promote/journal.ts";
import { moveRefs, RefsMovedError } from "../../../src/promote/settle.ts";
import { recoverLanding } from "../../../src/promote/recover.ts";
import {
  copyLandingWorld,
  type LandingWorld,
  openLandingWorld,
  settle,
} from "../support/landing_world.ts";

/** A history with every kind of change a landing can make. */
async function makeRichWorld(): Promise<LandingWorld> {
  const world = await openLandingWorld({
    ".gitattributes": "*.win text eol=crlf\n",
    "mixed.win": "one\r\ntwo\n",
    "changed": "old",
    "gone/deep/file": "gone",
    "file-to-dir": "f",
    "dir-to-file/a": "a",
    "dir-to-file/b": "b",
    "script": "run",
    "to-link": "content",
    "ünï/cödé": "u",
    "line\nbreak": "n",
  });
  await world.run(world.inner, "rm", "-q", "gone/deep/file", "file-to-dir", "to-link");
  await world.run(world.inner, "rm", "-q", "-r", "dir-to-file");
  await Deno.symlink("changed", join(world.inner, "to-link"));
  await Deno.chmod(join(world.inner, "script"), 0o755);
  await world.commit({
    "changed": "new",
    "mixed.win": "one\r\ntwo\nthree\r\n",
    "added/deep/er": "added",
    "file-to-dir/inside": "i",
    "dir-to-file": "d",
    "ünï/cödé": "v",
    "line\nbreak": "m",
  });
  return world;
}

const RICH = await makeRichWorld();
Deno.test.afterAll(async () => await RICH[Symbol.asyncDispose]());
const RICH_TIP = await RICH.run(RICH.inner, "rev-parse", "HEAD");

async function openRichWorld(): Promise<{ world: LandingWorld; from: string; to: string }> {
  const world = await copyLandingWorld(RICH);
  return { world, from: world.pin.base, to: RICH_TIP };
}

/** The moments of a landing that is not disturbed. */
async function listMoments(): Promise<string[]> {
  const { world, from, to } = await openRichWorld();
  await using _world = world;
  const moments: string[] = [];
  const options = { ...world.options, at: (moment: string) => void moments.push(moment) };
  assert.equal((await landCommits({ from, to, inner: to }, options)).kind, "landed");
  return moments;
}

const MOMENTS = await listMoments();

Deno.test("a landing that fails at any moment leaves all as it was, or has landed", async () => {
  assert.ok(MOMENTS.length > 25, MOMENTS.join());
  for (const nth of MOMENTS.keys()) {
    const { world, from, to } = await openRichWorld();
    await using _world = world;
    const before = await world.observe();
    let count = 0;
    const at = () => {
      if (count++ === nth) throw new Error("disk full");
    };
    const failed = await landCommits({ from, to, inner: to }, { ...world.options, at })
      .catch((error) => error);
    const where = `at ${MOMENTS[nth]}`;
    assert.ok(failed instanceof Error, where);
    const hasLanded = ["committed", "index"].includes(MOMENTS[nth]!);
    if (!hasLanded) {
      assert.deepEqual(await world.observe(), before, where);
      assert.equal(await world.run(world.user, "status", "--porcelain"), "", where);
    }
    await checkLandsOnce(world, { from, to, where });
  }
});

Deno.test("a landing that is cut at any moment, and its taking back too, is settled by the next look", async () => {
  for (const nth of MOMENTS.keys()) {
    if (nth % 2 === 0) continue;
    const cut = ["undo 3", "back 4", "undone", "index back"][(nth >> 1) % 4]!;
    const { world, from, to } = await openRichWorld();
    await using _world = world;
    const before = await world.observe();
    let count = 0;
    const at = (moment: string) => {
      if (count++ === nth || moment === cut) throw new Error("killed");
    };
    await landCommits({ from, to, inner: to }, { ...world.options, at }).catch(() => {});
    const where = `at ${MOMENTS[nth]}, then at ${cut}`;
    // The settling is cut as well.
    await recoverLanding({ ...world.options, at }).catch(() => {});
    await settle(world);
    const tip = await world.run(world.user, "rev-parse", "HEAD");
    if (tip === from) assert.deepEqual(await world.observe(), before, where);
    assert.equal(await world.run(world.user, "status", "--porcelain"), "", where);
    await checkLandsOnce(world, { from, to, where });
  }
});

Deno.test("what the user does between a kill and the next look stays", async () => {
  for (const nth of MOMENTS.keys()) {
    if (nth % 2 === 0) continue;
    const { world, from, to } = await openRichWorld();
    await using _world = world;
    let count = 0;
    const at = (moment: string) => {
      if (count++ === nth || /^(undo|back)/.test(moment)) throw new Error("killed");
    };
    await landCommits({ from, to, inner: to }, { ...world.options, at }).catch(() => {});
    const where = `at ${MOMENTS[nth]}`;
    // Whatever is there, old or new: an editor puts its own in its place.
    await writeOver(world.user, "changed", "the user's");
    await writeOver(world.user, "added/deep/er", "the user's too");
    await settle(world);
    const seen = await world.observe();
    assert.equal(seen["changed"], "f:the user's", where);
    assert.equal(seen["added/deep/er"], "f:the user's too", where);
    const tip = await world.run(world.user, "rev-parse", "HEAD");
    if (tip === from) {
      const waiting = await landCommits({ from, to, inner: to }, world.options);
      assert.ok(waiting.kind === "paused" && waiting.reason === "collision", where);
      assert.deepEqual([...waiting.paths].sort(), ["added/deep/er", "changed"], where);
      assert.equal((await world.observe())["changed"], "f:the user's", where);
    } else assert.equal(tip, to, where);
    const changed = await world.run(world.user, "status", "--porcelain", "-uall");
    const isNew = tip === to;
    assert.equal(
      changed.trimStart(),
      isNew ? "M added/deep/er\n M changed" : "M changed\n?? added/deep/er",
      where,
    );
  }
});

Deno.test("a user who removed the lock after a kill and went on loses nothing", async () => {
  for (const nth of MOMENTS.keys()) {
    if (nth % 2 === 1) continue;
    const { world, from, to } = await openRichWorld();
    await using _world = world;
    let count = 0;
    const at = (moment: string) => {
      if (count++ === nth || /^(undo|back)/.test(moment)) throw new Error("killed");
    };
    await landCommits({ from, to, inner: to }, { ...world.options, at }).catch(() => {});
    const where = `at ${MOMENTS[nth]}`;
    await Deno.remove(join(world.user, ".git/index.lock")).catch(() => {});
    // Refreshes the index, and so writes it.
    await world.write(world.user, { "mine": "mine" });
    await world.run(world.user, "add", "mine");
    await settle(world);
    assert.equal(await world.run(world.user, "status", "--porcelain"), "A  mine", where);
    const tip = await world.run(world.user, "rev-parse", "HEAD");
    assert.ok(tip === from || tip === to, where);
    if (tip === from) {
      const landed = await landCommits({ from, to, inner: to }, world.options);
      assert.equal(landed.kind, "landed", where + JSON.stringify(landed));
    }
    assert.equal(await world.run(world.user, "status", "--porcelain"), "A  mine", where);
    assert.equal((await world.observe())["mine"], "f:mine");
  }
});

Deno.test("a git that was killed between two refs is finished", async () => {
  for (const moved of ["refs/heads/main", "refs/sandcage/demo-1/done/main"]) {
    const { world, from, to } = await openRichWorld();
    await using _world = world;
    await cutAt(world, { from, to, moment: "indexed" });
    await world.run(world.user, "update-ref", moved, to);
    if (moved !== "refs/heads/main") {
      await world.run(world.user, "update-ref", "refs/heads/main", to);
    }
    await checkLandsOnce(world, { from, to, where: moved });
  }
});

Deno.test("a git that an earlier landing left cannot land a later one of the same commits", async () => {
  const { world, from, to } = await openRichWorld();
  await using _world = world;
  await cutAt(world, { from, to, moment: "indexed" });
  const late = await findUnsettled(world.options.stateDir);
  await settle(world);
  await cutAt(world, { from, to, moment: "aside" });
  await assert.rejects(moveRefs(world.git, late!), RefsMovedError);
  assert.equal(await world.run(world.user, "rev-parse", "main"), from);
  await checkLandsOnce(world, { from, to, where: "afterwards" });
});

Deno.test("a lock that a killed git left on our own ref is told by name, and no longer once it is gone", async () => {
  const { world, from, to } = await openRichWorld();
  await using _world = world;
  await cutAt(world, { from, to, moment: "indexed" });
  const lock = join(world.user, ".git", `${await readPending(world)}.lock`);
  await Deno.writeTextFile(lock, "");
  const seen = await world.observe();
  const wait = await recoverLanding(world.options);
  assert.ok(wait?.kind === "held" && wait.reason === "locked");
  assert.ok(wait.hint.endsWith(`remove ${lock}`), wait.hint);
  assert.deepEqual(await world.observe(), seen);
  await Deno.remove(lock);
  await checkLandsOnce(world, { from, to, where: "afterwards" });
});

Deno.test("a disk without room is told as such, and all is as it was", async () => {
  const { world, from, to } = await openRichWorld();
  await using _world = world;
  const before = await world.observe();
  let moves = 0;
  const files = {
    ...hostFiles(),
    moveNew(one: string, other: string) {
      if (++moves === 3) throw Object.assign(new Error("ENOSPC: no room"), { code: "ENOSPC" });
      hostFiles().moveNew(one, other);
    },
  };
  await assert.rejects(
    landCommits({ from, to, inner: to }, { ...world.options, files }),
    (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /^Cannot land commits in \/.*: ENOSPC: no room$/);
      assert.match(error.hint!, /the disk is writable and has room/);
      return true;
    },
  );
  assert.deepEqual(await world.observe(), before);
  await checkLandsOnce(world, { from, to, where: "afterwards" });
});

Deno.test("a preview beside a landing that is not settled leaves what that needs", async () => {
  const { world, from, to } = await openRichWorld();
  await using _world = world;
  const before = await world.observe();
  await cutAt(world, { from, to, moment: "moved" });
  await previewLanding({ from, to }, world.options);
  await settle(world);
  assert.deepEqual(await world.observe(), before);
  assert.equal((await previewLanding({ from, to }, world.options)).kind, "landed");
  assert.deepEqual(await world.observe(), before);
});

async function readPending(world: LandingWorld): Promise<string> {
  return (await findUnsettled(world.options.stateDir))!.pending;
}

/** Leaves a landing as kill -9 leaves it. */
async function cutAt(
  world: LandingWorld,
  { from, to, moment: last }: { from: string; to: string; moment: string },
): Promise<void> {
  const at = (moment: string) => {
    if (moment === last || moment.startsWith("undo")) throw new Error("killed");
  };
  await assert.rejects(landCommits({ from, to, inner: to }, { ...world.options, at }), /killed/);
  // Nothing of the taking back has happened in a process that was killed.
  await world.run(world.user, "update-ref", await readPending(world), to);
}

/** Puts a file in a path's place, as editors save. */
async function writeOver(dir: string, path: string, text: string): Promise<void> {
  await Deno.mkdir(join(dir, path, ".."), { recursive: true });
  await Deno.writeTextFile(join(dir, ".saved"), text);
  await Deno.rename(join(dir, ".saved"), join(dir, path));
}

async function checkLandsOnce(
  world: LandingWorld,
  { from, to, where }: { from: string; to: string; where: string },
): Promise<void> {
  await settle(world);
  const tip = await world.run(world.user, "rev-parse", "HEAD");
  if (tip === from) {
    const landed = await landCommits({ from, to, inner: to }, world.options);
    assert.equal(landed.kind, "landed", `${where}: ${JSON.stringify(landed)}`);
  }
  assert.equal(await world.run(world.user, "rev-parse", "HEAD"), to, where);
  assert.equal(await world.run(world.user, "status", "--porcelain"), "", where);
  const refs = await world.run(world.user, "for-each-ref", "--format=%(refname)", "refs/sandcage");
  assert.equal(refs, "refs/sandcage/demo-1/done/main\nrefs/sandcage/demo-1/out/main", where);
  const left = [...Deno.readDirSync(join(world.user, ".git"))].map(({ name }) => name)
    .filter((name) => name.includes("sandcage") || name.endsWith(".lock"));
  assert.deepEqual(left, [], where);
  const kept = [...Deno.readDirSync(world.options.stateDir)].map(({ name }) => name);
  // Another git may still take it back.
  assert.deepEqual(kept, ["landed.json"], where);
}
