import assert from "node:assert/strict";
import { join } from "node:path";
import { fetchInner } from "../../../src/promote/fetch.ts";
import { rewriteCommits } from "../../../src/promote/rewrite.ts";
import { landSides, planSides, type Side } from "../../../src/promote/sides.ts";
import { storeObjects } from "../../../src/promote/store.ts";
import { type LandingWorld, openLandingWorld, testEnv } from "../support/landing_world.ts";
import { IDENTITY } from "../support/look_options.ts";

const ID = "a".repeat(40);

const CHOICES: readonly { name: string; patterns: string[]; refs: string[]; want: string[] }[] = [
  { name: "none without a pattern", patterns: [], refs: ["heads/a"], want: [] },
  {
    name: "all but the one that lands",
    patterns: ["*"],
    refs: ["heads/main", "heads/b", "heads/a/b"],
    want: ["a/b", "b"],
  },
  {
    name: "those that a pattern fits as a whole",
    patterns: ["fix/*", "v1.*"],
    refs: ["heads/fix/a/b", "heads/hotfix/a", "heads/v1.2", "heads/v112"],
    want: ["fix/a/b", "v1.2"],
  },
  {
    name: "branches alone",
    patterns: ["*"],
    refs: ["tags/v1", "heads/a", "stash", "remotes/x/y"],
    want: ["a"],
  },
  {
    name: "no name that means something else, or that git refuses",
    patterns: ["*"],
    refs: [
      ...[
        "heads/-a",
        "heads/a:refs/heads/b",
        "heads/a*",
        "heads/a..b",
        "heads/a/.b",
        "heads/a.lock",
      ],
      ...[
        "heads/a@{1}",
        "heads/a~1",
        "heads/a^",
        "heads/.a",
        "heads/a/",
        "heads/\x1b[31m",
        "heads/ü",
      ],
    ],
    want: [],
  },
];

for (const { name, patterns, refs, want } of CHOICES) {
  Deno.test(`planSides() chooses ${name}`, () => {
    const told = refs.map((ref) => ({ id: ID, name: `refs/${ref}` }));
    const { chosen, left } = planSides(told, { patterns, innerBranch: "main" });
    assert.deepEqual([chosen.map((side) => side.name), left], [want, 0]);
  });
}

Deno.test("planSides() leaves a flood of branches inside, and counts it", () => {
  const refs = Array.from({ length: 60 }, (_, at) => ({ id: ID, name: `refs/heads/b${at}` }));
  const { chosen, left } = planSides(refs, { patterns: ["*"], innerBranch: "main" });
  assert.deepEqual([chosen.length, left], [50, 10]);
});

/** Brings all branches of a world out, as a cage does. */
async function bringOut(world: LandingWorld): Promise<Side[]> {
  const { git, pin, run, inner, root } = world;
  const env = testEnv(root);
  const told = await run(inner, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads");
  const refs = told.split("\n").map((line) => ({ id: line.slice(0, 40), name: line.slice(41) }));
  const { chosen } = planSides(refs, { patterns: ["*"], innerBranch: "main" });
  const limits = { bytes: 100_000_000, timeoutMs: 60_000 };
  return await landSides(chosen, {
    git,
    pin,
    refs,
    fetch: (own) =>
      fetchInner({ git, env, source: { kind: "path", path: inner }, pin: own, limits }),
    async build(tip) {
      const built = await rewriteCommits(
        { tip, done: pin.snapshot, onto: pin.base, identity: IDENTITY },
        {
          git,
          store: (objects) => storeObjects(objects, { git, pin }),
          known: () => Promise.resolve(new Map([[pin.snapshot, pin.base]])),
        },
      );
      assert.ok(built.kind === "built");
      return built;
    },
  });
}

async function commit(world: LandingWorld, file: string): Promise<void> {
  await world.write(world.inner, { [file]: file });
  await world.run(world.inner, "add", "-A");
  await world.run(world.inner, "commit", "-q", "-m", file);
}

Deno.test("another branch comes out under the user's name, goes on, and gets a number when rewritten", async () => {
  await using world = await openLandingWorld({ a: "a" });
  const { user, inner, run, pin } = world;
  const at = `sandcage/${pin.cage}/fix/it`;
  const own = (branch: string): Side[] => [{ name: "fix/it", branch }];
  await run(inner, "switch", "-q", "-c", "fix/it");
  assert.deepEqual(await bringOut(world), [], "it has nothing of its own yet");
  await commit(world, "one");
  assert.deepEqual(await bringOut(world), own(at));
  await commit(world, "two");
  assert.deepEqual(await bringOut(world), own(at));
  assert.deepEqual(await bringOut(world), own(at), "a second time changes nothing");
  assert.equal(
    await run(user, "log", "--format=%an %s", `main..${at}`),
    "The User two\nThe User one",
  );
  assert.equal(await run(user, "rev-parse", "main"), pin.base);
  assert.equal(await run(user, "status", "--porcelain"), "");

  const before = await run(user, "rev-parse", at);
  await run(inner, "commit", "-q", "--amend", "-m", "two again");
  assert.deepEqual(await bringOut(world), own(`${at}-1`));
  await commit(world, "three");
  assert.deepEqual(await bringOut(world), own(`${at}-1`), "it goes on where it is");
  assert.equal(await run(user, "rev-parse", at), before);

  // What the user removes stays away; what is gone inside keeps no name.
  await run(user, "branch", "-q", "-D", `${at}-1`, at);
  assert.deepEqual(await bringOut(world), [{ name: "fix/it" }]);
  await run(inner, "switch", "-q", "main");
  await run(inner, "branch", "-q", "-m", "fix/it", "fix");
  assert.deepEqual(await bringOut(world), [{ name: "fix", branch: `sandcage/${pin.cage}/fix` }]);
  await run(user, "fsck", "--strict");
});

Deno.test("a branch that cannot come out is told, and the others come", async () => {
  await using world = await openLandingWorld({ a: "a" });
  const { user, inner, run, pin, root } = world;
  for (const name of ["x", "y"]) {
    await run(inner, "switch", "-q", "-c", name, "main");
    await commit(world, name);
  }
  assert.equal((await bringOut(world)).length, 2);
  const at = `sandcage/${pin.cage}/x`;
  await run(user, "worktree", "add", "-q", join(root, "tree"), at);
  await run(inner, "switch", "-q", "x");
  await commit(world, "more");
  assert.deepEqual(await bringOut(world), [
    { name: "x", problem: `${at} is checked out in a working tree` },
    { name: "y", branch: `sandcage/${pin.cage}/y` },
  ]);
  await run(user, "worktree", "remove", join(root, "tree"));
  // The user's own commit on it: it is never moved.
  await run(user, "update-ref", `refs/heads/${at}`, pin.base);
  assert.deepEqual((await bringOut(world))[0], { name: "x", branch: at });
});
