import assert from "node:assert/strict";
import { join } from "node:path";
import {
  buildRepository,
  formatRepositoryConfig,
  listTracked,
  observeRepository,
} from "../../../src/copy/git.ts";
import type { HostGit } from "../../../src/cage/host_git.ts";
import { run } from "../../../src/engine/process.ts";

const GIT: HostGit = {
  run,
  host: {
    env: {
      PATH: Deno.env.get("PATH"),
      HOME: "/nonexistent",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@example.test",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@example.test",
    },
  },
};

/** A folder with a repository `from` in it, made by `lines` of git; `to` is what a cage gets. */
async function makeRepository(lines: readonly string[]) {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "sandcage-git-" }));
  const from = join(root, "from");
  await Deno.mkdir(from);
  const git = async (line: string, cwd = from) => {
    const result = await run("git", line.split(" "), {
      cwd,
      env: GIT.host.env as Record<string, string>,
      clearEnv: true,
      timeoutMs: 20_000,
    });
    assert.equal(result.code, 0, `git ${line}: ${result.stderr}`);
    return result.stdout;
  };
  for (const line of lines) {
    const [word, path, text] = line.split("|");
    if (word === "write") await Deno.writeTextFile(join(from, path!), text!);
    else await git(line);
  }
  return {
    from,
    to: join(root, "to"),
    git,
    /** Runs git with the cage's repository over the files of `tree`. */
    inside: (line: string, tree = from) =>
      git(`--git-dir=${join(root, "to")} --work-tree=${tree} ${line}`),
    async [Symbol.asyncDispose]() {
      await Deno.remove(root, { recursive: true });
    },
  };
}

const BASIC = [
  "init -q -b main",
  "write|a.txt|one",
  "add .",
  "commit -qm first",
  "tag v1",
  "branch other",
];

async function build(repository: { from: string; to: string }, skipped: string[] = []) {
  const facts = await observeRepository(repository.from, GIT);
  await buildRepository(facts, repository.to, { from: repository.from, git: GIT, skipped });
  return facts;
}

Deno.test("buildRepository() takes one branch, clean, and nothing of the user's set-up", async () => {
  await using repository = await makeRepository([
    ...BASIC,
    "write|a.txt|two",
    "commit -qam second",
    "remote add origin https://ann:s3cret@host.example/x",
    "config credential.helper store",
    "config include.path ../absent",
    "config core.sshCommand touch-me",
    "config user.name Ann",
    "write|.git/hooks/post-checkout|#!/bin/sh",
    "checkout -q other",
    "write|secret.txt|of-another-branch",
    "add .",
    "commit -qm secret",
    "checkout -q main",
  ]);
  const facts = await build(repository);
  assert.equal(facts.branch, "refs/heads/main");
  const { inside, to } = repository;
  assert.equal(await inside("status --porcelain --branch"), "## main\n");
  assert.equal(await inside("log --format=%s"), "second\nfirst\n");
  assert.equal(await inside("for-each-ref --format=%(refname)"), "refs/heads/main\n");
  assert.equal(await inside("remote"), "");
  const secret = await repository.git("rev-parse other");
  await assert.rejects(inside(`cat-file -e ${secret.trim()}`));
  assert.equal(
    await Deno.readTextFile(join(to, "config")),
    "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n" +
      "\tlogallrefupdates = true\n",
  );
  const names = (await Array.fromAsync(Deno.readDir(to))).map(({ name }) => name).sort();
  assert.deepEqual(names, ["HEAD", "config", "index", "objects", "packed-refs", "refs"]);
});

Deno.test("buildRepository() shows what the user has not committed as not committed", async () => {
  await using repository = await makeRepository([
    ...BASIC,
    "write|a.txt|changed",
    "write|new.txt|new",
    "add new.txt",
  ]);
  await build(repository);
  assert.equal(await repository.inside("status --porcelain"), " M a.txt\n?? new.txt\n");
});

Deno.test("buildRepository() takes files that stay outside for unchanged", async () => {
  await using repository = await makeRepository([
    ...BASIC,
    "write|gone\nline.txt|x",
    "add .",
    "commit -qm more",
    "rm -q --cached a.txt",
  ]);
  await build(repository, ["a.txt", "gone\nline.txt"]);
  for (const name of ["a.txt", "gone\nline.txt"]) await Deno.remove(join(repository.from, name));
  assert.equal(await repository.inside("status --porcelain"), "");
});

Deno.test("buildRepository() keeps a detached HEAD detached, without a branch", async () => {
  await using repository = await makeRepository([...BASIC, "checkout -q --detach"]);
  const facts = await build(repository);
  assert.equal(facts.branch, undefined);
  assert.equal(await repository.inside("rev-parse HEAD"), `${facts.commit}\n`);
  assert.equal(await repository.inside("for-each-ref"), "");
  assert.equal(await repository.inside("status --porcelain --branch"), "## HEAD (no branch)\n");
});

Deno.test("buildRepository() makes an empty repository of an empty one", async () => {
  await using repository = await makeRepository(["init -q -b trunk", "write|a.txt|x"]);
  const facts = await build(repository);
  assert.equal(facts.commit, undefined);
  assert.match(
    await repository.inside("status --porcelain --branch"),
    /^## No commits yet on trunk/,
  );
  assert.equal(await repository.inside("add a.txt"), "");
});

Deno.test("buildRepository() takes a linked worktree's own branch", async () => {
  await using repository = await makeRepository([...BASIC, "worktree add -q -b side ../side"]);
  const from = join(repository.from, "..", "side");
  const facts = await observeRepository(from, GIT);
  await buildRepository(facts, repository.to, { from, git: GIT });
  assert.equal(await repository.inside("status --porcelain --branch", from), "## side\n");
});

Deno.test("buildRepository() takes a shallow history as it is", async () => {
  await using repository = await makeRepository([...BASIC, "commit -q --allow-empty -m second"]);
  const shallow = join(repository.from, "..", "shallow");
  await repository.git(`clone -q --depth 1 file://${repository.from} ${shallow}`);
  const facts = await observeRepository(shallow, GIT);
  await buildRepository(facts, repository.to, { from: shallow, git: GIT });
  assert.equal(await repository.inside("log --format=%s", shallow), "second\n");
  await repository.inside("fsck --strict", shallow);
});

Deno.test("buildRepository() keeps SHA-256 and how lines end", async () => {
  await using repository = await makeRepository([
    "init -q -b main --object-format=sha256",
    "config core.autocrlf true",
    "write|a.txt|one\r\n",
    "add .",
    "commit -qm first",
  ]);
  const facts = await build(repository);
  assert.equal(facts.objectFormat, "sha256");
  assert.equal(await repository.inside("status --porcelain"), "");
});

Deno.test("listTracked() tells what a sparse checkout leaves out", async () => {
  await using repository = await makeRepository([
    ...BASIC,
    "write|b.txt|b",
    "add .",
    "commit -qm second",
    "sparse-checkout set --no-cone a.txt",
  ]);
  assert.deepEqual(await listTracked(repository.from, GIT), [
    { path: "a.txt", isSkipped: false },
    { path: "b.txt", isSkipped: true },
  ]);
});

Deno.test("formatRepositoryConfig() writes what it is given and the format", () => {
  assert.equal(
    formatRepositoryConfig({ objectFormat: "sha256", settings: { "core.eol": "lf" } }),
    "[core]\n\trepositoryformatversion = 1\n\tfilemode = true\n\tbare = false\n" +
      "\tlogallrefupdates = true\n\teol = lf\n[extensions]\n\tobjectformat = sha256\n",
  );
});

Deno.test("observeRepository() passes on what git says about a broken one", async () => {
  await using repository = await makeRepository(["init -q"]);
  await Deno.remove(join(repository.from, ".git", "HEAD"));
  await assert.rejects(observeRepository(repository.from, GIT), {
    message: /not a git repository/,
    hint: /workspace: \{ git: none \}/,
    exit: 1,
  });
});
