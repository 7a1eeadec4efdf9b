import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT, UserError } from "../../../src/errors.ts";
import type { Host } from "../../../src/host.ts";
import { findProject } from "../../../src/project/root.ts";
import { findLexicalRefusal } from "../../../src/project/refused.ts";
import { git, makeRepository, makeTemp, testHost } from "../support/workspace.ts";

/** A home with nothing in it, next to a directory for projects. */
async function makeHost(): Promise<AsyncDisposable & { path: string; host: Host }> {
  const temp = await makeTemp();
  await Deno.mkdir(join(temp.path, "home"));
  return {
    path: temp.path,
    host: testHost({ home: join(temp.path, "home"), cwd: temp.path }),
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

function refusal(why: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, why);
    assert.equal(error.exit, EXIT.config);
    assert.equal(error.code, "project-refused");
    assert.ok((error.hint ?? "").length > 0);
    return true;
  };
}

Deno.test("findProject() takes a plain directory as it is", async () => {
  await using at = await makeHost();
  await Deno.mkdir(join(at.path, "home/plain"));
  const path = join(at.path, "home/plain");
  assert.deepEqual(await findProject({ host: at.host, path: "home/plain" }), {
    path,
    basename: "plain",
    git: "none",
  });
});

Deno.test("findProject() finds the git root upwards", async () => {
  await using at = await makeHost();
  const repo = await makeRepository(join(at.path, "home/repo"));
  await Deno.mkdir(join(repo, "a/b"), { recursive: true });
  assert.deepEqual(await findProject({ host: { ...at.host, cwd: join(repo, "a/b") } }), {
    path: repo,
    basename: "repo",
    git: "repository",
    gitDir: join(repo, ".git"),
    commonDir: join(repo, ".git"),
  });
});

Deno.test("findProject() resolves a symlinked project", async () => {
  await using at = await makeHost();
  const repo = await makeRepository(join(at.path, "home/repo"));
  await Deno.symlink(repo, join(at.path, "link"));
  assert.equal((await findProject({ host: at.host, path: "link" })).path, repo);
});

Deno.test("findProject() finds worktrees and submodules with their git directories", async () => {
  await using at = await makeHost();
  const repo = await makeRepository(join(at.path, "home/repo"));
  const inner = await makeRepository(join(at.path, "home/inner"));
  await git(repo, ["worktree", "add", "-q", join(at.path, "home/tree")]);
  await git(repo, ["-c", "protocol.file.allow=always", "submodule", "add", "-q", inner, "sub"]);
  assert.deepEqual(await findProject({ host: at.host, path: "home/tree" }), {
    path: join(at.path, "home/tree"),
    basename: "tree",
    git: "worktree",
    gitDir: join(repo, ".git/worktrees/tree"),
    commonDir: join(repo, ".git"),
  });
  assert.deepEqual(await findProject({ host: at.host, path: "home/repo/sub" }), {
    path: join(repo, "sub"),
    basename: "sub",
    git: "submodule",
    gitDir: join(repo, ".git/modules/sub"),
    commonDir: join(repo, ".git/modules/sub"),
  });
});

Deno.test("findProject() follows no .git file whose target does not point back", async () => {
  await using at = await makeHost();
  const victim = await makeRepository(join(at.path, "home/victim"));
  const project = join(at.path, "home/p");
  await Deno.mkdir(join(project, "fake"), { recursive: true });
  for (const target of [join(victim, ".git"), "fake", "/nowhere"]) {
    await Deno.writeTextFile(join(project, "fake/HEAD"), "ref: refs/heads/main\n");
    await Deno.writeTextFile(join(project, "fake/commondir"), join(victim, ".git") + "\n");
    await Deno.writeTextFile(join(project, "fake/gitdir"), join(project, ".git") + "\n");
    await Deno.writeTextFile(join(project, ".git"), `gitdir: ${target}\n`);
    const found = await findProject({ host: at.host, path: "home/p" });
    assert.deepEqual([found.git, found.gitDir, typeof found.gitNote], [
      "none",
      undefined,
      "string",
    ]);
  }
});

Deno.test("findProject() follows no .git symlink out of the project", async () => {
  await using at = await makeHost();
  const victim = await makeRepository(join(at.path, "home/victim"));
  await Deno.mkdir(join(at.path, "home/p"));
  await Deno.symlink(join(victim, ".git"), join(at.path, "home/p/.git"));
  const found = await findProject({ host: at.host, path: "home/p" });
  assert.deepEqual([found.git, found.gitDir], ["none", undefined]);
  assert.match(found.gitNote ?? "", /outside the project/);
});

Deno.test("findProject() is not captured by a home directory kept in git", async () => {
  await using at = await makeHost();
  await makeRepository(join(at.path, "home"));
  await Deno.mkdir(join(at.path, "home/code"));
  const found = await findProject({ host: at.host, path: "home/code" });
  assert.deepEqual([found.path, found.git], [join(at.path, "home/code"), "none"]);
});

for (
  const [path, why] of [
    ["home", /it is your home directory/],
    [".", /a parent of your home directory/],
    ["/", /the root of the file system/],
    ["home/.sandcage", /sandcage's own state directory/],
    ["home/.sandcage/cages", /sandcage's own state directory/],
    ["home/.ssh", /your SSH directory/],
    ["/proc/self", /part of \/proc/],
    ["/usr", /a system directory/],
    ["missing", /there is no such directory/],
    ["home/file", /it is not a directory/],
    ["home/file/x", /not a directory/],
    ["home/loop", /loop/],
  ] as const
) {
  Deno.test(`findProject() refuses ${path}`, async () => {
    await using at = await makeHost();
    await Deno.mkdir(join(at.path, "home/.sandcage/cages"), { recursive: true });
    await Deno.mkdir(join(at.path, "home/.ssh"));
    await Deno.writeTextFile(join(at.path, "home/file"), "");
    await Deno.symlink("loop", join(at.path, "home/loop"));
    await assert.rejects(findProject({ host: at.host, path }), refusal(why));
  });
}

Deno.test("findProject() refuses the home directory reached by a symlink", async () => {
  await using at = await makeHost();
  await Deno.symlink(at.host.home, join(at.path, "innocent"));
  await assert.rejects(findProject({ host: at.host, path: "innocent" }), refusal(/home directory/));
});

Deno.test("findProject() refuses a state directory that does not exist yet, behind a symlink", async () => {
  await using at = await makeHost();
  await Deno.mkdir(join(at.path, "data"));
  await Deno.symlink(join(at.path, "data"), join(at.path, "alias"));
  const host = { ...at.host, stateDir: join(at.path, "alias/state") };
  await assert.rejects(findProject({ host, path: "data" }), refusal(/state directory/));
});

for (
  const name of ["with space", "q'uo\"te", "dol$lar$$", "new\nline", "ünï-日本", "co:lon", "#%25"]
) {
  Deno.test(`findProject() finds ${JSON.stringify(name)}`, async () => {
    await using at = await makeHost();
    const repo = await makeRepository(join(at.path, "home", name));
    const found = await findProject({ host: at.host, path: repo });
    assert.deepEqual([found.path, found.basename, found.git], [repo, name, "repository"]);
  });
}

Deno.test("findLexicalRefusal() lets ordinary places through", () => {
  const host = { home: "/home/u", stateDir: "/home/u/.sandcage" };
  for (const path of ["/home/u/x", "/tmp/x", "/srv", "/home/u/.sshx", "/work/main", "/usr/src/x"]) {
    assert.equal(findLexicalRefusal(path, host), undefined);
  }
});
