import assert from "node:assert/strict";
import { findCounterparts } from "../../../src/promote/counterparts.ts";
import { createRandom, type Random } from "../../fuzz/random.ts";
import { gitIn, type HistoryChange, type HistoryCommit } from "../support/history.ts";
import {
  cutCommit,
  landPlainly,
  makeScene,
  readObjects,
  type Scene,
  sceneRefs,
  userCommits,
} from "../support/promote_scene.ts";
import { makeTemp } from "../support/workspace.ts";

/** Files of a commit by path. */
type Files = ReadonlyMap<string, string>;

type Model = { commits: HistoryCommit[]; files: Map<number, Files>; way: number[] };

const PATHS = ["a", "b", "d/a", "d/b", "d/e/a", "d/e/b", "f/g/h/i", "z"];
const SEEDS = 4;
const COMMITS = 24;

/** A random history; `way` are the commits by which the agent's branch came to its tip. */
function planRandom(random: Random): Model {
  const first = new Map([["a", "first\n"], ["d/a", "first\n"], ["f/g/h/i", "first\n"]]);
  const commits: HistoryCommit[] = [{
    mark: 1,
    parents: [],
    message: "snapshot\n",
    changes: writes(first),
  }];
  const files = new Map<number, Files>([[1, first]]);
  const way = [1];
  const side: number[] = [];
  while (commits.length < COMMITS) {
    const mark = commits.length + 1;
    const isSide = random.oneIn(4);
    const begin = isSide ? 1 + random.integer(mark - 1) : way.at(-1)!;
    const merged = !isSide && side.length > 0 && random.oneIn(3) ? side.pop() : undefined;
    // Agents merge their main line into an old branch, too: then it is the second parent.
    const turned = merged !== undefined && random.oneIn(3);
    const parents = merged === undefined ? [begin] : turned ? [merged, begin] : [begin, merged];
    const was = files.get(parents[0]!)!;
    const is = new Map(turned ? files.get(begin)! : was);
    if (merged !== undefined) {
      for (const [path, text] of files.get(merged)!) if (random.oneIn(2)) is.set(path, text);
    }
    for (let change = random.integer(4); change > 0; change--) {
      const path = random.pick(PATHS);
      if (random.oneIn(4)) is.delete(path);
      else is.set(path, `${random.integer(5)}\n`);
    }
    const message = random.oneIn(3) ? "the same\n" : `commit ${mark}\n`;
    commits.push({ mark, parents, message, changes: changesOf(was, is) });
    files.set(mark, is);
    if (isSide) side.push(mark);
    else way.push(mark);
  }
  return { commits, files, way };
}

function writes(files: Files): HistoryChange[] {
  return [...files].map(([path, content]) => ({ kind: "write", mode: "100644", path, content }));
}

function changesOf(was: Files, is: Files): HistoryChange[] {
  const gone = [...was.keys()].filter((path) => !is.has(path));
  const changed = [...is].filter(([path, content]) => was.get(path) !== content);
  return [
    ...gone.map((path): HistoryChange => ({ kind: "delete", path })),
    ...writes(new Map(changed)),
  ];
}

async function readFiles(dir: string, commit: string): Promise<Map<string, string>> {
  const list = await gitIn(dir, ["ls-tree", "-r", "-z", commit]);
  const entries = list.split("\0").filter((entry) => entry !== "").map((entry) =>
    entry.split("\t")
  );
  const ids = entries.map(([head]) => head!.split(" ")[2]!);
  const blobs = await readObjects(dir, ids);
  return new Map(entries.map(([, path], index) => [path!, blobs.get(ids[index]!)!]));
}

async function parentsOf(dir: string, id: string): Promise<string[]> {
  const object = (await readObjects(dir, [id])).get(id)!;
  return cutCommit(object).head.filter((line) => line.startsWith("parent ")).map((line) =>
    line.slice(7)
  );
}

/** Promotes up to a commit; tells the collision's paths, or `undefined` once it has landed. */
async function promote(
  scene: Scene,
  to: { mark: number; done: string },
): Promise<readonly string[] | undefined> {
  const tip = scene.marks.get(to.mark)!;
  await gitIn(scene.inner, ["update-ref", "refs/heads/main", tip]);
  const fetched = await scene.fetch();
  assert.equal(fetched.kind, tip === to.done ? "nothing" : "new");
  assert.equal("tip" in fetched && fetched.tip, tip);
  const onto = (await gitIn(scene.outer, ["rev-parse", "HEAD"])).trim();
  const known = await findCounterparts(scene.git, {
    inner: { from: scene.pin.snapshot, tip: to.done },
    outer: { from: scene.pin.base, tip: onto },
  });
  const rewritten = await scene.rewrite(tip, { done: to.done, known });
  if (rewritten.kind === "collision") {
    assert.equal((await gitIn(scene.outer, ["rev-parse", "HEAD"])).trim(), onto);
    return rewritten.paths;
  }
  for (const [id, counterpart] of rewritten.map) {
    const parents = await parentsOf(scene.inner, id);
    const counterparts: (string | undefined)[] = parents.map((parent) =>
      parent === to.done ? onto : rewritten.map.get(parent) ?? known.get(parent)
    );
    assert.deepEqual(await parentsOf(scene.outer, counterpart), counterparts);
  }
  await landPlainly(scene, { tip: rewritten.tip, done: tip });
  return undefined;
}

for (let seed = 1; seed <= SEEDS; seed++) {
  Deno.test(`random history ${seed}: what lands is what is inside, and what the user made stays`, async () => {
    await using temp = await makeTemp();
    const random = createRandom(seed);
    const model = planRandom(random);
    const scene = await makeScene(temp.path, model.commits, {
      excluded: random.oneIn(2)
        ? []
        : writes(new Map([[".env", "never in\n"], ["d/.env", "never in\n"]])),
    });
    const own = await readFiles(scene.outer, "HEAD");
    for (const path of model.files.get(1)!.keys()) own.delete(path);
    let done = 1;
    for (let at = 1; at < model.way.length; at += 1 + random.integer(4)) {
      const mark = model.way[at]!;
      if (random.oneIn(2)) {
        const path = random.pick(["user", "d/user", "d/e/user", "u/x/y"]);
        own.set(path, `user's ${at}\n`);
        await userCommits(scene, { [path]: own.get(path)! });
      }
      assert.equal(await promote(scene, { mark, done: scene.marks.get(done)! }), undefined);
      done = mark;
      const want = new Map([...model.files.get(mark)!, ...own]);
      assert.deepEqual([...await readFiles(scene.outer, "HEAD")].sort(), [...want].sort());
      assert.equal(await gitIn(scene.outer, ["status", "--porcelain"]), "");
    }
    assert.equal(await gitIn(scene.outer, ["fsck", "--strict", "--no-dangling"]), "");
  });

  Deno.test(`random history ${seed}: a file that both sides changed stops it, and stays the user's`, async () => {
    await using temp = await makeTemp();
    const random = createRandom(1000 + seed);
    const model = planRandom(random);
    const scene = await makeScene(temp.path, model.commits);
    const path = random.pick(["a", "d/a", "f/g/h/i"]);
    await userCommits(scene, { [path]: "the user's\n" });
    const mark = model.way.at(-1)!;
    const paths = await promote(scene, { mark, done: scene.pin.snapshot });
    if (paths === undefined) {
      // The agent left it alone.
      assert.equal(model.files.get(mark)!.get(path), "first\n");
      assert.equal((await readFiles(scene.outer, "HEAD")).get(path), "the user's\n");
    } else {
      assert.deepEqual(paths, [path]);
      assert.equal(await Deno.readTextFile(`${scene.outer}/${path}`), "the user's\n");
      // The user gives way: it lands by itself.
      await userCommits(scene, { [path]: "first\n" });
      assert.equal(await promote(scene, { mark, done: scene.pin.snapshot }), undefined);
      assert.deepEqual(
        [...await readFiles(scene.outer, "HEAD")].sort(),
        [...model.files.get(mark)!].sort(),
      );
    }
    assert.equal(
      await gitIn(scene.outer, ["rev-parse", sceneRefs(scene).in]),
      `${scene.marks.get(mark)}\n`,
    );
  });
}
