import assert from "node:assert/strict";
import { join } from "node:path";
import { rawId } from "../../../src/promote/tree.ts";
import { gitIn } from "../support/history.ts";
import { addRawCommit, makeScene, type Scene, sceneRefs } from "../support/promote_scene.ts";
import {
  commitTree,
  leftovers,
  LINE,
  makeBlob,
  photograph,
  write,
} from "../support/promote_inside.ts";
import { makeTemp } from "../support/workspace.ts";

const onLinux = { ignore: Deno.build.os !== "linux" };

async function readRef(scene: Scene, name: string): Promise<string> {
  return (await gitIn(scene.outer, ["rev-parse", "-q", "--verify", name], { fails: "may fail" }))
    .trim();
}

Deno.test("fetchInner() brings the branch into the cage's own refs, and nothing else", async () => {
  await using temp = await makeTemp();
  const scene = await makeScene(temp.path, LINE);
  await gitIn(scene.inner, ["tag", "v1", "main"]);
  await gitIn(scene.inner, ["branch", "other", "main"]);
  const before = await gitIn(scene.outer, ["for-each-ref"]);
  const tip = scene.marks.get(3)!;
  const range = { from: scene.pin.snapshot, tip, ids: [scene.marks.get(2)!, tip] };
  assert.deepEqual(await scene.fetch(), { kind: "new", tip, range });
  const after = await gitIn(scene.outer, ["for-each-ref"]);
  assert.equal(after, `${before}${tip} commit\t${sceneRefs(scene).in}\n`);
  assert.deepEqual(await leftovers(scene), []);
});

Deno.test("fetchInner() says so when there is nothing new, and looks again", async () => {
  await using temp = await makeTemp();
  const scene = await makeScene(temp.path, LINE);
  await gitIn(scene.inner, ["update-ref", "refs/heads/main", scene.pin.snapshot]);
  assert.deepEqual(await scene.fetch(), { kind: "nothing", tip: scene.pin.snapshot });
  await gitIn(scene.inner, ["update-ref", "refs/heads/main", scene.marks.get(2)!]);
  const tip = scene.marks.get(2)!;
  const fetched = { kind: "new", tip, range: { from: scene.pin.snapshot, tip, ids: [tip] } };
  assert.deepEqual(await scene.fetch(), fetched);
  // It waits: it is still what is new.
  assert.deepEqual(await scene.fetch(), fetched);
  await gitIn(scene.outer, ["update-ref", sceneRefs(scene).done, scene.marks.get(2)!]);
  assert.deepEqual(await scene.fetch(), { kind: "nothing", tip: scene.marks.get(2)! });
});

Deno.test("fetchInner() tells commits that do not follow those that are promoted", async () => {
  await using temp = await makeTemp();
  const other = { mark: 4, parents: [1], message: "instead\n", changes: [write("file", "4\n")] };
  const scene = await makeScene(temp.path, [...LINE, other]);
  await gitIn(scene.inner, ["update-ref", "refs/heads/main", scene.marks.get(3)!]);
  await scene.fetch();
  await gitIn(scene.outer, ["update-ref", sceneRefs(scene).done, scene.marks.get(3)!]);
  for (const tip of [scene.marks.get(4)!, scene.marks.get(2)!]) {
    await gitIn(scene.inner, ["update-ref", "refs/heads/main", tip]);
    assert.deepEqual(await scene.fetch(), { kind: "rewritten", tip });
    assert.equal(await readRef(scene, sceneRefs(scene).in), tip);
    assert.equal(await readRef(scene, sceneRefs(scene).done), scene.marks.get(3)!);
  }
});

Deno.test("fetchInner() brings a history that shares nothing, and tells it", async () => {
  await using temp = await makeTemp();
  const orphan = { mark: 4, parents: [], message: "x\n", changes: [write("y", "z")] };
  const scene = await makeScene(temp.path, [...LINE, orphan]);
  assert.deepEqual(await scene.fetch(), { kind: "rewritten", tip: scene.marks.get(4)! });
});

const FAILURES: readonly {
  name: string;
  kind: string;
  text: RegExp;
  spoil(scene: Scene): Promise<unknown>;
  fetch?(scene: Scene): ReturnType<Scene["fetch"]>;
}[] = [
  {
    name: "the branch is gone",
    kind: "branch-gone",
    text: /^The branch main is gone inside; there are kept$/,
    async spoil(scene) {
      await gitIn(scene.inner, ["branch", "-m", "main", "kept"]);
    },
  },
  {
    name: "all branches are gone",
    kind: "branch-gone",
    text: /^The branch main is gone inside$/,
    spoil: (scene) => gitIn(scene.inner, ["update-ref", "-d", "refs/heads/main"]),
  },
  {
    name: "the agent removed .git",
    kind: "no-repository",
    text: /^There is no repository inside any more: '.*' does not appear to be a git repository$/,
    spoil: (scene) => Deno.remove(join(scene.inner, ".git"), { recursive: true }),
  },
  {
    name: "the cage does not run",
    kind: "unreachable",
    text: /^The repository inside cannot be asked: Error response: container x is not running$/,
    spoil: () => Promise.resolve(),
    fetch: (scene) =>
      scene.fetch({
        source: {
          kind: "container",
          command: ["sh", "-c", "echo 'Error response: container x is not running' >&2; exit 1"],
        },
      }),
  },
  {
    name: "the program says nonsense",
    kind: "unreachable",
    text: /^The repository inside cannot be asked: \^\[\[31mowned$/,
    spoil: () => Promise.resolve(),
    fetch: (scene) =>
      scene.fetch({
        source: {
          kind: "container",
          command: ["sh", "-c", "printf '\\033[31mowned\\n' >&2; head -c 100000 /dev/zero"],
        },
      }),
  },
  {
    name: "the pack is too big",
    kind: "too-big",
    text: /^The commits inside are larger than 1 MB$/,
    spoil: (scene) => commitFile(scene, crypto.getRandomValues(new Uint8Array(60_000)), 50),
    fetch: (scene) => scene.fetch({ limits: { bytes: 1_000_000 } }),
  },
  {
    name: "a small pack holds a large file",
    kind: "too-big",
    text: /^The commits inside are larger than 8 MB$/,
    spoil: (scene) => commitFile(scene, new Uint8Array(1_000_000), 20),
    fetch: (scene) => scene.fetch({ limits: { bytes: 1_000_000 } }),
  },
  {
    name: "a message is larger than any",
    kind: "too-big",
    text: /^The commits inside are larger than 4 MB$/,
    spoil: async (scene) => {
      const tree = (await gitIn(scene.inner, ["rev-parse", "main^{tree}"])).trim();
      const person = "G <g@x> 1700000000 +0000";
      const head = `tree ${tree}\nparent ${
        scene.marks.get(3)
      }\nauthor ${person}\ncommitter ${person}\n\n`;
      await addRawCommit(scene, head + "x\n".repeat(2_000_001));
    },
  },
  {
    name: "the program says nothing",
    kind: "timeout",
    text: /^The commits inside did not arrive within 0 seconds$/,
    spoil: () => Promise.resolve(),
    fetch: (scene) =>
      scene.fetch({
        limits: { timeoutMs: 300 },
        source: { kind: "container", command: ["sh", "-c", 'trap "" TERM; sleep 600; sleep 600'] },
      }),
  },
  {
    name: "a tree inside has an entry without a name",
    kind: "failed",
    text: /^The commits inside cannot be taken: /,
    spoil: async (scene) => commitTree(scene, `100644 \0${await makeBlob(scene, "x")}`),
  },
  {
    name: "the history inside is cut off",
    kind: "failed",
    text: /^The commits inside cannot be taken: the history inside is cut off/,
    spoil: (scene) =>
      Deno.writeTextFile(join(scene.inner, ".git", "shallow"), `${scene.marks.get(2)}\n`),
  },
  {
    name: "the stream breaks off",
    kind: "failed",
    text: /^The commits inside cannot be taken: /,
    spoil: () => Promise.resolve(),
    fetch: (scene) =>
      scene.fetch({
        source: {
          kind: "container",
          command: ["sh", "-c", 'git upload-pack "$1" </dev/null', "x", scene.inner],
        },
      }),
  },
];
for (const { name, kind, text, spoil, fetch } of FAILURES) {
  Deno.test(`fetchInner() takes nothing and leaves nothing when ${name}`, onLinux, async () => {
    await using temp = await makeTemp();
    const scene = await makeScene(temp.path, LINE);
    await spoil(scene);
    const before = await photograph(scene);
    const failure = await (fetch === undefined ? scene.fetch() : fetch(scene));
    assert.equal(failure.kind, kind, JSON.stringify(failure));
    assert.match("text" in failure ? failure.text : "", text);
    assert.equal(await photograph(scene), before);
  });
}

/** Commits a file of so many copies of these bytes. */
async function commitFile(scene: Scene, bytes: Uint8Array, copies: number): Promise<void> {
  const all = new Uint8Array(bytes.length * copies);
  for (let index = 0; index < copies; index++) {
    // The last few of each differ, so that not one of them is the same as another.
    all.set(bytes, index * bytes.length);
    all.set(crypto.getRandomValues(new Uint8Array(8)), index * bytes.length);
  }
  const blob = (await gitIn(scene.inner, ["hash-object", "-w", "--stdin"], { stdin: all })).trim();
  await commitTree(scene, `100644 large\0${rawId(blob)}`);
}

Deno.test("the cage is told of no commit but its own", onLinux, async () => {
  await using temp = await makeTemp();
  const scene = await makeScene(temp.path, LINE);
  const said = join(temp.path, "said");
  const command = ["sh", "-c", `tee -a ${said} | git upload-pack "$1"`, "x", scene.inner];
  await scene.fetch({ source: { kind: "container", command } });
  const text = await Deno.readTextFile(said);
  assert.match(text, new RegExp(`want ${scene.marks.get(3)}`));
  const haves = [...text.matchAll(/have ([0-9a-f]{40})/g)].map((match) => match[1]);
  assert.deepEqual(haves, []);
  await gitIn(scene.inner, ["update-ref", "refs/heads/main", scene.marks.get(2)!]);
  await gitIn(scene.outer, ["update-ref", sceneRefs(scene).in, scene.marks.get(2)!]);
  await Deno.remove(said);
  await gitIn(scene.inner, ["update-ref", "refs/heads/main", scene.marks.get(3)!]);
  await scene.fetch({ source: { kind: "container", command } });
  const later = await Deno.readTextFile(said);
  const told = new Set([...later.matchAll(/have ([0-9a-f]{40})/g)].map((match) => match[1]));
  assert.deepEqual([...told].filter((id) => ![...scene.marks.values()].includes(id!)), []);
});

Deno.test("what a killed fetch left is gone after the next", async () => {
  await using temp = await makeTemp();
  const scene = await makeScene(temp.path, LINE);
  const left = join(
    scene.outer,
    ".git",
    "objects",
    `tmp_objdir-sandcage-${scene.pin.cage}`,
    "objects",
  );
  await Deno.mkdir(left, { recursive: true });
  await Deno.writeTextFile(join(left, "tmp_pack_x"), "half");
  assert.equal((await scene.fetch()).kind, "new");
  assert.deepEqual(await leftovers(scene), []);
});

Deno.test("an aborted fetch leaves nothing", onLinux, async () => {
  await using temp = await makeTemp();
  const scene = await makeScene(temp.path, LINE);
  const before = await photograph(scene);
  await assert.rejects(
    scene.fetch({
      source: { kind: "container", command: ["sh", "-c", `touch ${temp.path}/begun; sleep 600`] },
      signal: await abortOnce(join(temp.path, "begun")),
    }),
    /stopped/,
  );
  assert.equal(await photograph(scene), before);
});

/** A signal that is aborted as soon as the file is there. */
async function abortOnce(path: string): Promise<AbortSignal> {
  const abort = new AbortController();
  const watcher = Deno.watchFs(join(path, ".."), { recursive: false });
  await Promise.resolve();
  (async () => {
    for await (const event of watcher) {
      if (!event.paths.includes(path)) continue;
      watcher.close();
      abort.abort(new Error("stopped"));
    }
  })();
  return abort.signal;
}
