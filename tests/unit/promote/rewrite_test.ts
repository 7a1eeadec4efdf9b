import assert from "node:assert/strict";
import { findCounterparts } from "../../../src/promote/counterparts.ts";
import type { Rewritten } from "../../../src/promote/rewrite.ts";
import { gitIn, type HistoryChange, type HistoryCommit, planHistory } from "../support/history.ts";
import {
  addRawCommit,
  cutCommit,
  landPlainly,
  makeScene,
  readObjects,
  type Scene,
  userCommits,
} from "../support/promote_scene.ts";
import { makeTemp } from "../support/workspace.ts";

type Built = Extract<Rewritten, { kind: "built" }>;

const write = (path: string, content: string): HistoryChange => ({
  kind: "write",
  mode: "100644",
  path,
  content,
});

/** A line of commits on a snapshot of three files. */
function line(...changes: HistoryChange[][]): HistoryCommit[] {
  const base = [write("a", "a1\n"), write("b", "b1\n"), write("d/c", "c1\n")];
  return [base, ...changes].map((each, index) => ({
    mark: index + 1,
    parents: index === 0 ? [] : [index],
    message: `commit ${index + 1}\n`,
    changes: each,
  }));
}

async function build(scene: Scene, options?: Parameters<Scene["rewrite"]>[1]): Promise<Built> {
  const fetched = await scene.fetch();
  assert.equal(fetched.kind, "new", JSON.stringify(fetched));
  assert.ok(fetched.kind === "new");
  const built = await scene.rewrite(fetched.tip, options);
  assert.equal(built.kind, "built", JSON.stringify(built));
  return built as Built;
}

/** Every commit of the map: message and dates byte for byte, identity the user's, parents mapped. */
async function assertCounterparts(scene: Scene, map: ReadonlyMap<string, string>): Promise<void> {
  const inner = await readObjects(scene.inner, [...map.keys()]);
  const outer = await readObjects(scene.outer, [...map.values()]);
  for (const [id, counterpart] of map) {
    const [was, is] = [cutCommit(inner.get(id)!), cutCommit(outer.get(counterpart)!)];
    assert.equal(is.message, was.message);
    const person = /^(author|committer) .* <.*>( \d+ [+-]\d{4})$/;
    const dates = (head: string[]) => head.flatMap((each) => person.exec(each)?.slice(1) ?? []);
    assert.deepEqual(dates(is.head), dates(was.head));
    const people = is.head.filter((each) => person.test(each));
    for (const each of people) {
      assert.match(each, /^\w+ Ursula M(\xc3\xbc|\xfc)ller <ursula@example\.com> /);
    }
    const others = (head: string[]) =>
      head.filter((each) => !/^(tree|parent|author|committer) /.test(each));
    assert.deepEqual(others(is.head), others(was.head));
    const parents = (head: string[]) =>
      head.filter((each) => each.startsWith("parent ")).map((each) => each.slice(7));
    const known = new Map([[scene.pin.snapshot, scene.pin.base], ...map]);
    assert.deepEqual(parents(is.head), parents(was.head).map((parent) => known.get(parent)));
  }
}

async function listFiles(dir: string, commit: string): Promise<string[]> {
  return (await gitIn(dir, ["ls-tree", "-r", "-z", "--full-tree", commit])).split("\0").filter((
    each,
  ) => each !== "");
}

async function assertSound(scene: Scene): Promise<void> {
  const said = await gitIn(scene.outer, ["fsck", "--strict", "--no-dangling"], {
    fails: "may fail",
  });
  assert.equal(said, "");
}

Deno.test("a long history of odd commits: trees, messages, modes, merges and dates are those inside", async () => {
  await using temp = await makeTemp();
  const commits = planHistory({ files: 60, commits: 220, merges: 8, seed: 7 });
  const scene = await makeScene(temp.path, commits);
  const built = await build(scene);
  assert.deepEqual([built.commits, built.trees], [220, 0]);
  await assertCounterparts(scene, built.map);
  const trees = (dir: string, ids: Iterable<string>) =>
    gitIn(dir, ["rev-parse", ...[...ids].map((id) => `${id}^{tree}`)]);
  assert.equal(
    await trees(scene.outer, built.map.values()),
    await trees(scene.inner, built.map.keys()),
  );
  await landPlainly(scene, { tip: built.tip, done: scene.marks.get(commits.at(-1)!.mark)! });
  await assertSound(scene);
  const merges = await gitIn(scene.outer, ["rev-list", "--merges", "--count", "HEAD"]);
  assert.equal(merges.trim(), "8");
});

Deno.test("files that never went in stay, and every other tree entry is the one inside", async () => {
  await using temp = await makeTemp();
  const commits = planHistory({ files: 60, commits: 220, merges: 8, seed: 8 });
  const excluded = [write(".env", "SECRET=1\n"), write("src/part1/.env", "SECRET=2\n")];
  const scene = await makeScene(temp.path, commits, { excluded });
  const built = await build(scene);
  await assertCounterparts(scene, built.map);
  for (const [id, counterpart] of built.map) {
    const outer = await listFiles(scene.outer, counterpart);
    const isExcluded = (each: string) => /\t(src\/part1\/)?\.env$/.test(each);
    assert.equal(outer.filter(isExcluded).length, 2);
    assert.deepEqual(outer.filter((each) => !isExcluded(each)), await listFiles(scene.inner, id));
  }
  await gitIn(scene.outer, ["update-ref", "refs/heads/main", built.tip]);
  await assertSound(scene);
});

Deno.test("the same request gives the same ids", async () => {
  await using temp = await makeTemp();
  const commits = planHistory({ files: 20, commits: 60, merges: 3, seed: 9 });
  const scene = await makeScene(temp.path, commits, { excluded: [write(".env", "x")] });
  const [first, second] = [await build(scene), await build(scene)];
  assert.deepEqual(second, first);
});

Deno.test("commits come in portions: the second goes onto the first", async () => {
  await using temp = await makeTemp();
  const commits = planHistory({ files: 20, commits: 90, merges: 4, seed: 10 });
  const scene = await makeScene(temp.path, commits);
  const half = scene.marks.get(40)!;
  const tip = scene.marks.get(commits.at(-1)!.mark)!;
  await gitIn(scene.inner, ["update-ref", "refs/heads/main", half]);
  const first = await build(scene);
  await landPlainly(scene, { tip: first.tip, done: half });
  await gitIn(scene.inner, ["update-ref", "refs/heads/main", tip]);
  const known = new Map([[scene.pin.snapshot, scene.pin.base], ...first.map]);
  const second = await build(scene, { done: half, known });
  const map = new Map([...first.map, ...second.map]);
  await assertCounterparts(scene, map);
  assert.equal(map.size, 90);
  const crossed = {
    inner: { from: scene.pin.snapshot, tip },
    outer: { from: scene.pin.base, tip: second.tip },
  };
  const found = await findCounterparts(scene.git, crossed);
  assert.deepEqual([...found].sort(), [[scene.pin.snapshot, scene.pin.base], ...map].sort());
});

const ODD: readonly (readonly [string, string])[] = [
  [
    "a signature",
    "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\nsigned\n",
  ],
  [
    "a merged tag",
    "mergetag object X\n type commit\n tag v\n tagger A <a> 1 +0000\n \n text\n\nmerged\n",
  ],
  ["headers of other tools", "change-id abc\nHG:extra x\n y\n\nhello\n"],
  ["latin-1 bytes and no encoding", "\nR\xe9sum\xe9\n"],
  ["bytes next to NUL", "\n\x01\x02\x03\x7f\xff\n"],
  ["a patch", "\nx\n\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a1\n+a9\n"],
  ["an author line", "\nauthor X <y> z\ncommitter X <y> z\n"],
  ["a megabyte", `\n${"all work and no play\n".repeat(50_000)}`],
  ["no end of line", "\nhello"],
  ["nothing", "\n"],
];
for (const [name, rest] of ODD) {
  Deno.test(`a commit with ${name} crosses, its message byte for byte`, async () => {
    await using temp = await makeTemp();
    const scene = await makeScene(temp.path, line([write("a", "a2\n")]));
    const tree = (await gitIn(scene.inner, ["rev-parse", "HEAD^{tree}"])).trim();
    const people = "author G <g@x> 1700000000 +0000\ncommitter G <g@x> 1700000000 +0000\n";
    const id = await addRawCommit(
      scene,
      `tree ${tree}\nparent ${scene.marks.get(2)}\n${people}${rest}`,
    );
    const built = await build(scene);
    const object = (await readObjects(scene.outer, [built.map.get(id)!])).values().next().value!;
    assert.equal(
      cutCommit(object).message,
      rest.slice(rest.startsWith("\n") ? 1 : rest.indexOf("\n\n") + 2),
    );
    assert.doesNotMatch(cutCommit(object).head.join("\n"), /gpgsig|mergetag|G <g@x>/);
    await gitIn(scene.outer, ["update-ref", "refs/heads/main", built.tip]);
    await assertSound(scene);
  });
}

Deno.test("the user committed beside: both sides' work is there", async () => {
  await using temp = await makeTemp();
  const scene = await makeScene(temp.path, line([write("a", "a2\n")], [write("d/new", "n\n")]));
  const own = await userCommits(scene, { b: "user\n", "d/user": "u\n" });
  const built = await build(scene);
  await landPlainly(scene, { tip: built.tip, done: scene.marks.get(3)! });
  const show = (path: string) => gitIn(scene.outer, ["show", `HEAD:${path}`]);
  assert.deepEqual(await Promise.all(["a", "b", "d/new", "d/user", "d/c"].map(show)), [
    "a2\n",
    "user\n",
    "n\n",
    "u\n",
    "c1\n",
  ]);
  assert.equal((await gitIn(scene.outer, ["rev-parse", "HEAD~2"])).trim(), own);
  await assertSound(scene);
});

Deno.test("the user changed the same file: nothing is built, the path and what fits are named", async () => {
  await using temp = await makeTemp();
  const commits = line([write("a", "a2\n")], [write("d/c", "c2\n"), write("b", "b2\n")], [
    write("z", "z"),
  ]);
  const scene = await makeScene(temp.path, commits);
  await userCommits(scene, { b: "user\n", "d/c": null });
  const fetched = await scene.fetch();
  assert.ok(fetched.kind === "new");
  const before = await gitIn(scene.outer, ["rev-parse", "HEAD"]);
  const collision = await scene.rewrite(fetched.tip);
  assert.deepEqual(collision, {
    kind: "collision",
    commit: scene.marks.get(3)!,
    paths: ["b", "d/c"],
    fits: scene.marks.get(2)!,
  });
  assert.equal(await gitIn(scene.outer, ["rev-parse", "HEAD"]), before);
  const fitting = await scene.rewrite(scene.marks.get(2)!);
  assert.equal(fitting.kind, "built");
});

Deno.test("a file the agent adds and the user has, though it never went in, is a collision", async () => {
  await using temp = await makeTemp();
  const scene = await makeScene(temp.path, line([write(".env", "agent\n")]), {
    excluded: [write(".env", "user\n")],
  });
  const fetched = await scene.fetch();
  assert.ok(fetched.kind === "new");
  const collision = await scene.rewrite(fetched.tip);
  assert.ok(collision.kind === "collision");
  assert.deepEqual([collision.paths, collision.fits], [[".env"], undefined]);
});

Deno.test("paths in the way are made visible", async () => {
  await using temp = await makeTemp();
  const name = "odd \xff\x1b[31m\n";
  const scene = await makeScene(temp.path, line([write(name, "agent\n")]), {
    excluded: [write(name, "user\n")],
  });
  const fetched = await scene.fetch();
  assert.ok(fetched.kind === "new");
  const collision = await scene.rewrite(fetched.tip);
  assert.ok(collision.kind === "collision");
  assert.deepEqual(collision.paths, ["odd \\xff^[[31m^J"]);
});

Deno.test("an old side branch that takes the main line in loses none of the user's commits", async () => {
  await using temp = await makeTemp();
  // 2 is promoted; the user commits; the agent goes on from 1 and merges 2 into it, first parent 3.
  const commits: HistoryCommit[] = [
    ...line([write("a", "a2\n")]),
    { mark: 3, parents: [1], message: "side\n", changes: [write("side", "s\n")] },
    { mark: 4, parents: [3, 2], message: "merge\n", changes: [write("a", "a2\n")] },
    { mark: 5, parents: [4], message: "after\n", changes: [write("after", "x\n")] },
  ];
  const scene = await makeScene(temp.path, commits);
  await gitIn(scene.inner, ["update-ref", "refs/heads/main", scene.marks.get(2)!]);
  const first = await build(scene);
  await landPlainly(scene, { tip: first.tip, done: scene.marks.get(2)! });
  const own = await userCommits(scene, { b: "user\n", user: "u\n" });
  await gitIn(scene.inner, ["update-ref", "refs/heads/main", scene.marks.get(5)!]);
  const known = new Map([[scene.pin.snapshot, scene.pin.base], ...first.map]);
  const built = await build(scene, { done: scene.marks.get(2)!, known });
  await landPlainly(scene, { tip: built.tip, done: scene.marks.get(5)! });
  const files = await gitIn(scene.outer, ["ls-tree", "-r", "--name-only", "HEAD"]);
  assert.equal(files, "a\nafter\nb\nd/c\nside\nuser\n");
  assert.equal(await gitIn(scene.outer, ["show", "HEAD:b"]), "user\n");
  const merge = await gitIn(scene.outer, ["rev-list", "--parents", "-1", "HEAD~1"]);
  assert.deepEqual(merge.trim().split(" ").slice(1), [built.map.get(scene.marks.get(3)!), own]);
  const side = await gitIn(scene.outer, ["rev-parse", `${built.map.get(scene.marks.get(3)!)}^`]);
  assert.equal(side.trim(), scene.pin.base);
  await assertSound(scene);
});

Deno.test("a branch without a beginning of ours crosses as one", async () => {
  await using temp = await makeTemp();
  const commits: HistoryCommit[] = [
    ...line([write("a", "a2\n")]),
    { mark: 3, parents: [], message: "orphan\n", changes: [write("lib/x", "x\n")] },
    { mark: 4, parents: [2, 3], message: "subtree\n", changes: [write("lib/x", "x\n")] },
  ];
  const scene = await makeScene(temp.path, commits, { excluded: [write(".env", "x")] });
  const built = await build(scene);
  await assertCounterparts(scene, built.map);
  const files = await gitIn(scene.outer, ["ls-tree", "-r", "--name-only", built.tip]);
  assert.equal(files, ".env\na\nb\nd/c\nlib/x\n");
});
