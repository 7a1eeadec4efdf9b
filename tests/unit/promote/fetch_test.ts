import assert from "node:assert/strict";
import { join } from "node:path";
import { fromLatin1 } from "../../../src/promote/bytes.ts";
import { parseFinding } from "../../../src/promote/fetch_outcome.ts";
import { rawId } from "../../../src/promote/tree.ts";
import { gitIn, type HistoryChange, type HistoryCommit } from "../support/history.ts";
import { addRawCommit, makeScene, type Scene, sceneRefs } from "../support/promote_scene.ts";
import { makeTemp } from "../support/workspace.ts";

const write = (path: string, content: string): HistoryChange => ({
  kind: "write",
  mode: "100644",
  path,
  content,
});

/** Three commits: the snapshot with mark 1, and two on top. */
const LINE: readonly HistoryCommit[] = [1, 2, 3].map((mark) => ({
  mark,
  parents: mark === 1 ? [] : [mark - 1],
  message: `commit ${mark}\n`,
  changes: [write("file", `${mark}\n`)],
}));

const onLinux = { ignore: Deno.build.os !== "linux" };

async function eachFile(dir: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory) files.push(...await eachFile(path));
    else files.push(path);
  }
  return files.sort();
}

/** What a fetch could leave in the user's repository. */
async function leftovers(scene: Scene): Promise<string[]> {
  const files = (await eachFile(join(scene.outer, ".git"))).map((path) =>
    path.slice(scene.outer.length)
  );
  return files.filter((path) => /FETCH_HEAD|tmp_|shallow|sandcage-|\.keep|\.lock/.test(path));
}

/** All of the user's repository: its files, and every byte of the working tree and the index. */
async function photograph(scene: Scene): Promise<string> {
  const files = await eachFile(scene.outer);
  const sizes = await Promise.all(
    files.map(async (path) => `${path} ${(await Deno.stat(path)).size}`),
  );
  return [...sizes, await gitIn(scene.outer, ["for-each-ref"])].join("\n");
}

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
  assert.deepEqual(await scene.fetch(), { kind: "new", tip });
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
  const fetched = { kind: "new", tip: scene.marks.get(2)! };
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
    spoil: async (scene) => commitTree(scene, `100644 \0${await blob(scene, "x")}`),
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

/** Commits a tree of any bytes. */
async function commitTree(scene: Scene, tree: string): Promise<void> {
  const args = ["hash-object", "-t", "tree", "-w", "--stdin", "--literally"];
  const id = (await gitIn(scene.inner, args, { stdin: fromLatin1(tree) })).trim();
  const person = "G <g@x> 1700000000 +0000";
  await addRawCommit(
    scene,
    `tree ${id}\nparent ${scene.marks.get(3)}\nauthor ${person}\ncommitter ${person}\n\nx\n`,
  );
}

const blob = async (scene: Scene, content: string) =>
  rawId(
    (await gitIn(scene.inner, ["hash-object", "-w", "--stdin"], { stdin: fromLatin1(content) }))
      .trim(),
  );

const HOSTILE: readonly (readonly [string, string, (scene: Scene) => Promise<unknown>])[] = [
  [".git", "hasDotgit", async (s) => commitTree(s, `100644 .git\0${await blob(s, "x")}`)],
  [".GIT", "hasDotgit", async (s) => commitTree(s, `100644 .GIT\0${await blob(s, "x")}`)],
  ["git~1", "hasDotgit", async (s) => commitTree(s, `100644 git~1\0${await blob(s, "x")}`)],
  [
    ".git with an unseen character",
    "hasDotgit",
    async (s) => commitTree(s, `100644 .g\xe2\x80\x8cit\0${await blob(s, "x")}`),
  ],
  ["..", "hasDotdot", async (s) => commitTree(s, `100644 ..\0${await blob(s, "x")}`)],
  [".", "hasDot", async (s) => commitTree(s, `100644 .\0${await blob(s, "x")}`)],
  [
    "a path in one name",
    "fullPathname",
    async (s) => commitTree(s, `100644 ../../etc/passwd\0${await blob(s, "x")}`),
  ],
  [
    "one name twice",
    "duplicateEntries",
    async (s) => commitTree(s, `100644 a\0${await blob(s, "x")}100644 a\0${await blob(s, "y")}`),
  ],
  [
    "a link in place of .gitmodules",
    "gitmodulesSymlink",
    async (s) => commitTree(s, `120000 .gitmodules\0${await blob(s, "/etc/passwd")}`),
  ],
  [
    "a submodule's address that is an option",
    "gitmodulesUrl",
    async (s) =>
      commitTree(
        s,
        `100644 .gitmodules\0${await blob(s, '[submodule "a"]\n\turl = -u./evil\n\tpath = a\n')}`,
      ),
  ],
  [
    "a submodule's name that leads out",
    "gitmodulesName",
    async (s) =>
      commitTree(
        s,
        `100644 .gitmodules\0${await blob(s, '[submodule "../../x"]\n\turl = u\n\tpath = a\n')}`,
      ),
  ],
  ["a NUL in a message", "nulInCommit", async (scene) => {
    const tree = (await gitIn(scene.inner, ["rev-parse", "main^{tree}"])).trim();
    const person = "G <g@x> 1700000000 +0000";
    await addRawCommit(scene, `tree ${tree}\nauthor ${person}\ncommitter ${person}\n\na\0b\n`);
  }],
  ["two names in an author line", "multipleAuthors", async (scene) => {
    const tree = (await gitIn(scene.inner, ["rev-parse", "main^{tree}"])).trim();
    const person = "G <g@x> 1700000000 +0000";
    await addRawCommit(
      scene,
      `tree ${tree}\nauthor ${person}\nauthor ${person}\ncommitter ${person}\n\nx\n`,
    );
  }],
];
for (const [name, rule, spoil] of HOSTILE) {
  Deno.test(`fetchInner() refuses ${name}, by the name of git's rule`, async () => {
    await using temp = await makeTemp();
    const scene = await makeScene(temp.path, LINE);
    await spoil(scene);
    const before = await photograph(scene);
    const failure = await scene.fetch();
    assert.equal(failure.kind, "refused", JSON.stringify(failure));
    assert.match("text" in failure ? failure.text : "", new RegExp(`breaks git's rule ${rule}: `));
    assert.equal(await photograph(scene), before);
  });
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

Deno.test("nothing that is planted inside runs on the host", onLinux, async () => {
  await using temp = await makeTemp();
  const scene = await makeScene(temp.path, [...LINE, {
    mark: 4,
    parents: [3],
    message: "planted\n",
    changes: [
      write(".gitattributes", "* filter=evil diff=evil\n"),
      write(".gitmodules", '[submodule "a"]\n\tpath = a\n\turl = ../evil\n'),
      { kind: "gitlink", path: "a", id: "1".repeat(40) },
    ],
  }]);
  const canary = join(temp.path, "canary");
  const fire = join(temp.path, "fire");
  await Deno.writeTextFile(fire, `#!/bin/sh\necho "$0 $@" >> ${canary}\n`, { mode: 0o755 });
  const included = join(temp.path, "included");
  await Deno.writeTextFile(included, `[core]\n\tfsmonitor = ${fire}\n`);
  for (
    const [key, value] of [
      ["core.fsmonitor", fire],
      ["uploadpack.packObjectsHook", fire],
      ["filter.evil.smudge", fire],
      ["filter.evil.clean", fire],
      ["diff.evil.command", fire],
      ["gpg.program", fire],
      ["core.alternateRefsCommand", fire],
      ["include.path", included],
    ] as const
  ) await gitIn(scene.inner, ["config", key, value]);
  for (
    const hook of ["reference-transaction", "post-checkout", "pre-auto-gc", "post-index-change"]
  ) {
    await Deno.copyFile(fire, join(scene.inner, ".git", "hooks", hook));
    await Deno.copyFile(fire, join(scene.outer, ".git", "hooks", hook));
  }
  assert.equal((await scene.fetch()).kind, "new");
  const fetched = await scene.rewrite(scene.marks.get(4)!);
  assert.equal(fetched.kind, "built");
  await assert.rejects(Deno.stat(canary), Deno.errors.NotFound);
});

Deno.test("parseFinding() reads the object and the rule", () => {
  const object = "a".repeat(40);
  const said =
    `remote: error: object ${
      "b".repeat(40)
    }: x: y\nerror: object ${object}: hasDotgit: contains '.git'\n` +
    "fatal: fsck error in packed object\n";
  assert.deepEqual(parseFinding(said), { object, rule: "hasDotgit", text: "contains '.git'" });
  assert.equal(parseFinding("fatal: early EOF"), undefined);
});
