import assert from "node:assert/strict";
import { join } from "node:path";
import { fetchInner } from "../../../src/promote/fetch.ts";
import { lookAtCage, type LookOutcome } from "../../../src/promote/look.ts";
import { adoptTaken, findTakenBranch, noteTaken, readTaken } from "../../../src/promote/taken.ts";
import { promoteRefs } from "../../../src/promote/types.ts";
import { type LandingWorld, openLandingWorld, testEnv } from "../support/landing_world.ts";
import { localLooks } from "../support/look_options.ts";
import { makeTemp } from "../support/workspace.ts";

const BRANCH = "refs/heads/review";

async function commitInside(world: LandingWorld, files: Record<string, string>): Promise<string> {
  await world.write(world.inner, files);
  await world.run(world.inner, "add", "-A");
  await world.run(world.inner, "commit", "-q", "-m", Object.keys(files).join());
  return await world.run(world.inner, "rev-parse", "HEAD");
}

/** Looks as a cage does: what was taken and merged counts first. */
async function look(world: LandingWorld): Promise<LookOutcome> {
  const { pin, git, root } = world;
  const looks = localLooks(root, pin);
  return await lookAtCage({
    ...looks,
    async fetch() {
      const fetched = await fetchInner({
        git,
        env: testEnv(root),
        pin,
        source: { kind: "path", path: world.inner },
        limits: { bytes: 100_000_000, timeoutMs: 60_000 },
      });
      if (!("tip" in fetched)) return fetched;
      const { tip } = fetched;
      const adopted = await adoptTaken(git, { pin, stateDir: looks.stateDir, tip });
      return adopted === undefined ? fetched : { kind: adopted === tip ? "nothing" : "new", tip };
    },
  });
}

/** Puts all that is inside on a branch of the user's. */
async function take(world: LandingWorld): Promise<string> {
  const { pin, git, root, user, run, inner } = world;
  const { rewrite, stateDir } = localLooks(root, pin);
  const tip = await run(inner, "rev-parse", "HEAD");
  const built = await rewrite({ tip, done: pin.snapshot, onto: pin.base });
  assert.ok(built.kind === "built");
  await run(user, "update-ref", BRANCH, built.tip);
  await noteTaken(stateDir, { inner: tip, outer: built.tip, branch: BRANCH });
  assert.equal(await findTakenBranch(git, { stateDir, tip }), "review");
  return tip;
}

for (const how of ["merged", "moved there"]) {
  Deno.test(`rewritten commits that are on a branch count as landed once it is ${how}`, async () => {
    await using world = await openLandingWorld({ a: "a" });
    const { user, inner, run, pin } = world;
    await commitInside(world, { b: "one" });
    assert.equal((await look(world)).kind, "landed");
    await run(inner, "commit", "-q", "--amend", "-m", "another");
    const waiting = await look(world);
    assert.ok(waiting.kind === "waiting" && waiting.wait.reason === "rewritten");
    const tip = await take(world);
    // Nothing is merged yet: it waits on.
    assert.equal((await look(world)).kind, "waiting");
    if (how === "merged") await run(user, "merge", "-q", "--no-edit", "review");
    else await run(user, "reset", "-q", "--hard", "review");
    const before = await world.observe();
    assert.deepEqual(await look(world), { kind: "idle" });
    assert.deepEqual((await world.observe())["refs/heads"], before["refs/heads"]);
    assert.equal(await run(user, "rev-parse", promoteRefs(pin).done), tip);
    await commitInside(world, { c: "two" });
    const landed = await look(world);
    assert.ok(landed.kind === "landed" && landed.commits === 1, JSON.stringify(landed));
    assert.deepEqual(landed.changed, ["c"]);
    assert.equal(await run(user, "status", "--porcelain"), "");
    await run(user, "fsck", "--strict");
  });
}

Deno.test("commits that collide and are merged by the user land no second time", async () => {
  await using world = await openLandingWorld({ a: "a\n" });
  const { user, run } = world;
  await world.write(user, { a: "mine\n" });
  await run(user, "commit", "-q", "-am", "mine");
  await commitInside(world, { a: "theirs\n" });
  const waiting = await look(world);
  assert.ok(waiting.kind === "waiting" && waiting.wait.reason === "collision");
  await take(world);
  await run(user, "merge", "-q", "--no-edit", "-X", "ours", "review");
  assert.deepEqual(await look(world), { kind: "idle" });
  assert.equal(await Deno.readTextFile(join(user, "a")), "mine\n");
  await commitInside(world, { b: "b" });
  const landed = await look(world);
  assert.ok(landed.kind === "landed" && landed.commits === 1, JSON.stringify(landed));
  assert.deepEqual(await readTaken(localLooks(world.root, world.pin).stateDir), []);
});

Deno.test("what was taken and landed all the same is forgotten, and never goes back", async () => {
  await using world = await openLandingWorld({ a: "a" });
  const { user, run, pin, git } = world;
  await commitInside(world, { b: "b" });
  await world.take();
  await take(world);
  assert.equal((await look(world)).kind, "landed");
  const last = await commitInside(world, { c: "c" });
  assert.equal((await look(world)).kind, "landed");
  const { stateDir } = localLooks(world.root, pin);
  assert.equal(await adoptTaken(git, { pin, stateDir, tip: last }), undefined);
  assert.deepEqual(await readTaken(stateDir), []);
  assert.equal(await run(user, "rev-parse", promoteRefs(pin).done), last);
});

Deno.test("a branch that is gone or elsewhere is not told as the one to merge", async () => {
  await using world = await openLandingWorld({ a: "a" });
  const { user, run, pin, git } = world;
  await commitInside(world, { b: "b" });
  await world.take();
  const tip = await take(world);
  const { stateDir } = localLooks(world.root, pin);
  await run(user, "update-ref", BRANCH, pin.base);
  assert.equal(await findTakenBranch(git, { stateDir, tip }), undefined);
  await run(user, "update-ref", "-d", BRANCH);
  assert.equal(await findTakenBranch(git, { stateDir, tip }), undefined);
});

for (const text of ["", "{", "{}", '[{"inner": "x", "outer": "y", "branch": "refs/heads/a"}]']) {
  Deno.test(`of a file that is not whole nothing is taken: ${JSON.stringify(text)}`, async () => {
    await using temp = await makeTemp();
    await Deno.writeTextFile(join(temp.path, "taken.json"), text);
    assert.deepEqual(await readTaken(temp.path), []);
  });
}
