import assert from "node:assert/strict";
import { formatLosses, type Losses, observeClone } from "../../../src/copy/losses.ts";
import { parseInsideGit, planAsk } from "../../../src/copy/inside.ts";
import { run } from "../../../src/engine/process.ts";

const NONE: Losses = { dirs: [], git: undefined, clone: undefined, unknown: [] };

Deno.test("formatLosses() says nothing when all is on the host", () => {
  assert.deepEqual(formatLosses(NONE), []);
  assert.deepEqual(
    formatLosses({
      ...NONE,
      dirs: [{ name: "project", paths: 0 }],
      git: { ahead: 0, stashes: 0 },
      clone: { path: "/c", changed: 0, unpushed: 0, stashes: 0 },
    }),
    [],
  );
});

Deno.test("formatLosses() has a line for everything that is nowhere else", () => {
  assert.deepEqual(
    formatLosses({
      dirs: [{ name: "project", paths: 1 }, { name: "lib", paths: 12 }],
      git: { ahead: 3, stashes: 1 },
      clone: { path: "/c", changed: 2, unpushed: 1, stashes: 2 },
      unknown: ["files inside: the engine does not answer"],
    }),
    [
      "1 change in project that did not come out",
      "12 changes in lib that did not come out",
      "3 commits inside that did not come out",
      "1 stash inside",
      "2 changes not committed, 1 commit not pushed, 2 stashes in the clone /c",
      "files inside: the engine does not answer",
    ],
  );
});

Deno.test("formatLosses() takes what git inside cannot say for a loss", () => {
  assert.deepEqual(formatLosses({ ...NONE, git: { stashes: 0 } }), [
    "commits inside: git there cannot say how many",
  ]);
});

Deno.test("parseInsideGit() believes nothing but plain answers", () => {
  const id = "a".repeat(40);
  assert.deepEqual(parseInsideGit(`head=${id}\nbranch=x=y\nstashes=2\nahead=7\n`), {
    branch: "x=y",
    head: id,
    ahead: 7,
    stashes: 2,
  });
  assert.deepEqual(parseInsideGit("head=\nbranch=main\nstashes=\nahead=0\n"), {
    branch: "main",
    ahead: 0,
    stashes: 0,
  });
  assert.deepEqual(parseInsideGit("head=\x1b[31m\nbranch=\nstashes=-1\nahead=99999999999\n"), {
    stashes: 0,
  });
  assert.equal(parseInsideGit(""), undefined);
  assert.equal(parseInsideGit("sh: git: not found\n"), undefined);
});

Deno.test("planAsk() gives git inside no network, no rights and no way to write", () => {
  const args = planAsk({
    id: "web-0a0a0a",
    user: { uid: 64000, gid: 64000 },
    volumes: { work: "w", checkpoints: "c" },
    baseCommit: "b".repeat(40),
    takenCommits: ["c".repeat(40)],
  }, "image");
  for (
    const must of [
      "--network=none",
      "--read-only",
      "--cap-drop=ALL",
      "--user=64000:64000",
      "--mount=type=volume,source=w,target=/work,readonly",
    ]
  ) assert.ok(args.includes(must), must);
  assert.deepEqual(args.slice(-2), ["b".repeat(40), "c".repeat(40)]);
});

Deno.test("observeClone() counts what only the clone has", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "sandcage-clone-" }));
  const env = {
    PATH: Deno.env.get("PATH")!,
    GIT_CONFIG_NOSYSTEM: "1",
    HOME: "/nonexistent",
    GIT_AUTHOR_NAME: "a",
    GIT_AUTHOR_EMAIL: "a@example.test",
    GIT_COMMITTER_NAME: "a",
    GIT_COMMITTER_EMAIL: "a@example.test",
  };
  const git = async (dir: string, line: string) => {
    const options = { cwd: `${root}/${dir}`, env, clearEnv: true, timeoutMs: 20_000 };
    const { code, stderr } = await run("git", line.split(" "), options);
    assert.equal(code, 0, stderr);
  };
  try {
    await git("", "init -q -b main from");
    await Deno.writeTextFile(`${root}/from/a`, "1");
    await git("from", "add a");
    await git("from", "commit -qm one");
    await git("", "clone -q from clone");
    const path = `${root}/clone`;
    const clean = { path, changed: 0, unpushed: 0, stashes: 0 };
    assert.deepEqual(await observeClone(path, { run, host: { env } }), clean);
    await Deno.writeTextFile(`${path}/a`, "stashed");
    await git("clone", "stash");
    await Deno.writeTextFile(`${path}/a`, "2");
    await git("clone", "commit -qam two");
    await Deno.writeTextFile(`${path}/a`, "3");
    await Deno.writeTextFile(`${path}/new`, "3");
    assert.deepEqual(await observeClone(path, { run, host: { env } }), {
      path,
      changed: 2,
      unpushed: 1,
      stashes: 1,
    });
    assert.equal(await observeClone(`${root}/gone`, { run, host: { env } }), undefined);
    await Deno.remove(`${path}/.git`, { recursive: true });
    const broken = await observeClone(path, { run, host: { env } });
    assert.ok(broken !== undefined && "problem" in broken);
    assert.match(broken.problem, /not a git repository/);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
