import assert from "node:assert/strict";
import { join } from "node:path";
import { createGit } from "../../../src/promote/git.ts";
import { observePlace, type Place } from "../../../src/promote/place.ts";
import type { Wait } from "../../../src/promote/types.ts";
import { type LandingWorld, openLandingWorld, testEnv } from "../support/landing_world.ts";

/** A state of the user's repository in which nothing lands, and the way out of it. */
type Row = {
  name: string;
  enter(world: LandingWorld): Promise<unknown>;
  leave(world: LandingWorld): Promise<unknown>;
  reason: Wait["reason"];
  text: RegExp;
  hint: RegExp;
};

/** Two branches that meet in no way: any operation stops in the middle. */
async function conflict(world: LandingWorld): Promise<void> {
  const { user, run, write } = world;
  await run(user, "switch", "-q", "-c", "side");
  await write(user, { a: "side" });
  await run(user, "commit", "-q", "-a", "-m", "side");
  await run(user, "switch", "-q", "main");
  await write(user, { a: "main" });
  await run(user, "commit", "-q", "-a", "-m", "main");
}

/** Runs git to where it stops because of a conflict. */
async function stops(world: LandingWorld, ...args: string[]): Promise<void> {
  await assert.rejects(world.run(world.user, ...args));
}

const ROWS: Row[] = [
  {
    name: "another branch",
    enter: ({ run, user }) => run(user, "switch", "-q", "-c", "other"),
    leave: ({ run, user }) => run(user, "switch", "-q", "main"),
    reason: "other-branch",
    text: /is on "other"/,
    hint: /git switch main/,
  },
  {
    name: "no branch",
    enter: ({ run, user }) => run(user, "switch", "-q", "--detach"),
    leave: ({ run, user }) => run(user, "switch", "-q", "main"),
    reason: "detached",
    text: /is on no branch/,
    hint: /git switch main/,
  },
  {
    name: "a branch that is gone",
    async enter({ run, user }) {
      await run(user, "switch", "-q", "-c", "other");
      await run(user, "branch", "-q", "-D", "main");
    },
    leave: ({ run, user }) => run(user, "switch", "-q", "-c", "main"),
    reason: "branch-gone",
    text: /the branch "main" is gone/,
    hint: /git branch main/,
  },
  {
    name: "a branch that was moved back",
    async enter({ run, user, commit }) {
      const to = await commit({ a: "landed" });
      await run(user, "update-ref", "refs/sandcage/demo-1/out/main", to);
    },
    leave: ({ run, user }) => run(user, "merge", "-q", "--ff-only", "refs/test/taken"),
    reason: "branch-moved-back",
    text: /no longer contains [0-9a-f]{12}, which landed last/,
    hint: /git merge [0-9a-f]{12}/,
  },
  {
    name: "a branch without the cage's beginning",
    async enter({ run, user }) {
      await run(user, "tag", "first");
      await run(user, "commit", "-q", "--amend", "-m", "another first");
    },
    leave: ({ run, user }) => run(user, "reset", "-q", "--hard", "first"),
    reason: "branch-moved-back",
    text: /which the cage was made of/,
    hint: /git merge/,
  },
  {
    name: "a merge",
    async enter(world) {
      await conflict(world);
      await stops(world, "merge", "side");
    },
    leave: ({ run, user }) => run(user, "merge", "--abort"),
    reason: "operation",
    text: /a merge is in progress/,
    hint: /git merge --abort/,
  },
  {
    name: "a rebase",
    async enter(world) {
      await conflict(world);
      await stops(world, "rebase", "side");
    },
    leave: ({ run, user }) => run(user, "rebase", "--abort"),
    reason: "operation",
    text: /a rebase is in progress/,
    hint: /git rebase --continue/,
  },
  {
    name: "a rebase by patches",
    async enter(world) {
      await conflict(world);
      await stops(world, "rebase", "--apply", "side");
    },
    leave: ({ run, user }) => run(user, "rebase", "--abort"),
    reason: "operation",
    text: /a rebase is in progress/,
    hint: /git rebase --continue/,
  },
  {
    name: "git am",
    async enter(world) {
      await conflict(world);
      const patch = await world.run(world.user, "format-patch", "-1", "--stdout", "side");
      await Deno.writeTextFile(join(world.root, "patch"), patch);
      await stops(world, "am", join(world.root, "patch"));
    },
    leave: ({ run, user }) => run(user, "am", "--abort"),
    reason: "operation",
    text: /: git am is in progress/,
    hint: /git am --continue/,
  },
  {
    name: "a cherry-pick",
    async enter(world) {
      await conflict(world);
      await stops(world, "cherry-pick", "side");
    },
    leave: ({ run, user }) => run(user, "cherry-pick", "--abort"),
    reason: "operation",
    text: /a cherry-pick is in progress/,
    hint: /git cherry-pick --continue/,
  },
  {
    name: "a revert",
    async enter(world) {
      await conflict(world);
      await world.write(world.user, { a: "again" });
      await world.run(world.user, "commit", "-q", "-a", "-m", "again");
      await stops(world, "revert", "HEAD~1");
    },
    leave: ({ run, user }) => run(user, "revert", "--abort"),
    reason: "operation",
    text: /a revert is in progress/,
    hint: /git revert --continue/,
  },
  {
    name: "a bisection",
    enter: ({ run, user }) => run(user, "bisect", "start"),
    leave: ({ run, user }) => run(user, "bisect", "reset"),
    reason: "operation",
    text: /a bisect is in progress/,
    hint: /git bisect reset/,
  },
  {
    name: "a lock that was left",
    async enter({ user }) {
      await Deno.writeTextFile(join(user, ".git/index.lock"), "");
      await Deno.utime(join(user, ".git/index.lock"), new Date(0), new Date(0));
    },
    leave: ({ user }) => Deno.remove(join(user, ".git/index.lock")),
    reason: "locked",
    text: /index\.lock is there for \d+ seconds/,
    hint: /remove that file/,
  },
  {
    name: "a lock of the branch",
    enter: ({ user }) => Deno.writeTextFile(join(user, ".git/refs/heads/main.lock"), ""),
    leave: ({ user }) => Deno.remove(join(user, ".git/refs/heads/main.lock")),
    reason: "locked",
    text: /git is at work/,
    hint: /land by themselves/,
  },
  {
    name: "another working tree with the branch",
    enter: ({ run, user, root }) =>
      run(user, "worktree", "add", "-q", "-f", join(root, "second"), "main"),
    leave: ({ run, user, root }) => run(user, "worktree", "remove", join(root, "second")),
    reason: "elsewhere",
    text: /\/second has it checked out too/,
    hint: /git worktree remove/,
  },
];

for (const row of ROWS) {
  Deno.test(`commits wait for ${row.name}, and no longer`, async () => {
    await using world = await openLandingWorld({ a: "a" });
    const observe = () =>
      observePlace({ git: world.git, pin: world.pin, nowMs: Date.now(), lockMs: 5_000 });
    await row.enter(world);
    const before = await world.observe();
    const waiting = await observe() as Wait;
    assert.equal(waiting.kind, "held");
    assert.equal(waiting.reason, row.reason, waiting.text);
    assert.match(waiting.text, row.text);
    assert.match(waiting.hint, row.hint);
    assert.deepEqual(await world.observe(), before);
    await row.leave(world);
    const place = await observe() as Place;
    assert.equal(
      place.tip,
      await world.run(world.user, "rev-parse", "main"),
      JSON.stringify(place),
    );
  });
}

Deno.test("a place is read from packed refs and from a working tree beside the first", async () => {
  await using world = await openLandingWorld({ a: "a" });
  const { user, root, run, pin } = world;
  await run(user, "worktree", "add", "-q", "-b", "beside", join(root, "second"));
  await run(user, "pack-refs", "--all");
  const gitDir = join(user, ".git/worktrees/second");
  const git = createGit({ gitDir, worktree: join(root, "second"), env: testEnv(root) });
  const second = { ...pin, worktree: join(root, "second"), gitDir, branch: "refs/heads/beside" };
  const options = { nowMs: Date.now(), lockMs: 5_000 };
  assert.deepEqual(await observePlace({ git, pin: second, ...options }), { tip: pin.base });
  assert.deepEqual(await observePlace({ git: world.git, pin, ...options }), { tip: pin.base });
  const elsewhere = await observePlace({
    git: world.git,
    pin: { ...pin, branch: second.branch },
    ...options,
  });
  assert.equal("reason" in elsewhere && elsewhere.reason, "other-branch");
});
