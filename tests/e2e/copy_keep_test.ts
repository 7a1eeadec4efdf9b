/** What is kept, brought back, taken out and cleaned of a cage's files. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../src/engine/process.ts";
import { type CopiedProject, listTree, makeCopiedProject } from "./support/copied_project.ts";
import { exists } from "./support/files.ts";

const AGENT = "git config user.name agent && git config user.email agent@localhost";

async function git(cage: CopiedProject, args: readonly string[], cwd: string): Promise<string> {
  const env = { HOME: cage.home, GIT_CONFIG_NOSYSTEM: "1" };
  const result = await run("git", [...args], { cwd, env, timeoutMs: 30_000 });
  assert.equal(result.code, 0, `git ${args.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

/** Runs a line of shell with git in it, as the agent would. */
async function agent(cage: CopiedProject, line: string): Promise<string> {
  return (await cage.must(["shell", "--name", cage.record.id, "--", "sh", "-ec", line])).stdout;
}

type Listed = { name: string; takenAt: string; entries: number; bytes: number };

async function checkpoints(cage: CopiedProject): Promise<string[]> {
  const listed: Listed[] = JSON.parse((await cage.must(["checkpoints", "--json"])).stdout);
  return listed.map(({ name }) => name);
}

Deno.test("checkpoints keep everything under a name, come back, and lose nothing", async () => {
  await using cage = await makeCopiedProject("keep", { "a.txt": "first\n", ".gitignore": "out\n" });
  await cage.inside("mkdir out && echo built > out/app && chmod 700 out");
  assert.equal((await cage.must(["checkpoint", "one"])).stdout, "one\n");
  await cage.inside("echo second > a.txt; rm -r out; echo new > b.txt");
  const unnamed = (await cage.must(["checkpoint"])).stdout.trim();
  assert.match(unnamed, /^\d{4}-\d\d-\d\d-\d{6}$/);
  assert.deepEqual(await checkpoints(cage), ["one", unnamed]);

  const taken = await cage.must(["checkpoint", "one"], 1);
  assert.match(taken.stderr, /There is a checkpoint "one" already/);
  const absent = await cage.must(["restore", "none", "-y"], 2);
  assert.match(
    absent.stderr,
    new RegExp(`no checkpoint "none"[\\s\\S]*There are: one, ${unnamed}`),
  );
  const unasked = await cage.must(["restore", "one"], 1);
  assert.match(unasked.stderr, /add --yes/);
  assert.equal(await cage.inside("cat a.txt"), "second", "nothing was changed");

  const back = await cage.must(["restore", "one", "-y"]);
  assert.equal(
    await cage.inside("cat a.txt out/app; stat -c %a out; ls"),
    "first\nbuilt\n700\nREADME.md\na.txt\nout",
  );
  const [saved] = (await checkpoints(cage)).filter((name) => name.startsWith("before-restore-"));
  assert.match(back.stderr, new RegExp(`sandcage restore ${saved} --cage`));
  await cage.must(["restore", saved!, "-y"]);
  assert.equal(await cage.inside("cat a.txt b.txt; ls"), "second\nnew\nREADME.md\na.txt\nb.txt");
  const { stdout } = await cage.must(["diff", "--json"]);
  const changed = JSON.parse(stdout).dirs[0].changes.map(({ path }: { path: string }) => path);
  assert.deepEqual(changed.sort(), ["a.txt", "b.txt"], "compared by contents, not by times");

  await cage.must(["checkpoints", "--remove", "one"]);
  assert.ok(!(await checkpoints(cage)).includes("one"));
  await cage.must(["checkpoints", "--remove", "one"], 2);
});

Deno.test("a checkpoint does not come back under what runs", async () => {
  await using cage = await makeCopiedProject("keep-runs", { "a.txt": "first\n" });
  await cage.must(["checkpoint", "one"]);
  await cage.must(["start", cage.record.id]);
  const refused = await cage.must(["restore", "one", "-y"], 5);
  assert.match(refused.stderr, /while ".*" runs[\s\S]*sandcage stop /);
  assert.deepEqual(await checkpoints(cage), ["one"]);
  await cage.must(["stop"]);
  await cage.must(["restore", "one", "-y"]);
});

Deno.test("patch: commits come out as files that git am takes, and destroy knows them", async () => {
  await using cage = await makeCopiedProject("patch", { "a.txt": "first\n" });
  const nothing = await cage.must(["patch"]);
  assert.match(nothing.stderr, /no commit is ahead/);
  assert.equal(nothing.stdout, "");

  await agent(
    cage,
    `${AGENT}; printf 'caf\\351\\n' > latin; git add latin; git commit -qm 'feat: one';
    printf '\\000\\001' > blob; git add blob; git commit -qm 'feat: two
    ' ; git config diff.noprefix true; git config format.subjectPrefix EVIL;
    git config diff.external 'touch /work/project/pwned'; echo '* diff=x' > .gitattributes`,
  );
  const lost = await cage.must(["destroy", "-y"], 5);
  assert.match(lost.stderr, /2 commits inside that did not come out/);
  const made = await cage.must(["patch"]);
  const dir = join(cage.project, ".sandcage-patches");
  const paths = made.stdout.trim().split("\n");
  assert.deepEqual(paths.map((path) => path.split("/").at(-1)), [
    "0001-feat-one.patch",
    "0002-feat-two.patch",
  ]);
  assert.ok(paths.every((path) => path.startsWith(`${dir}/`)));
  assert.equal(await cage.inside("ls -A /work"), "project", "nothing is left inside");
  assert.match(await git(cage, ["status", "--porcelain"], cage.project), /^(?!.*patches)/);
  assert.doesNotMatch((await cage.must(["diff", "--json"])).stdout, /sandcage-patches/);
  // Nothing is applied here, and the second time nothing is written.
  assert.ok(!await exists(join(cage.project, "latin")));
  assert.match((await cage.must(["patch"])).stderr, /2 of them there already/);
  assert.doesNotMatch((await cage.must(["status", "--json"])).stdout, /"ahead": [1-9]/);
  await git(cage, ["am", "--quiet", ...paths], cage.project);
  assert.deepEqual(
    [...await Deno.readFile(join(cage.project, "latin"))],
    [0x63, 0x61, 0x66, 0xe9, 0x0a],
  );
  assert.deepEqual([...await Deno.readFile(join(cage.project, "blob"))], [0, 1]);

  await Deno.writeTextFile(paths[0]!, "mine\n");
  const other = await cage.must(["patch"], 5);
  assert.match(other.stderr, /other patches of these names: 0001-feat-one\.patch/);
  assert.equal(await Deno.readTextFile(paths[0]!), "mine\n");
  const printed = await cage.must(["patch", "--stdout", "--base", "HEAD~1"]);
  assert.match(printed.stdout, /^From [0-9a-f]{40} [\s\S]*Subject: \[PATCH\] feat: two/);
  assert.doesNotMatch(printed.stdout, /feat: one/);
  const elsewhere = join(cage.root, "out");
  await cage.must(["patch", "--output-dir", elsewhere]);
  assert.deepEqual((await listTree(elsewhere)).length, 2);
});

Deno.test("patch: what is wrong is said with what there is", async () => {
  await using cage = await makeCopiedProject("patch-bad", { "a.txt": "first\n" });
  const both = await cage.must(["patch", "--stdout", "--output-dir", "x"], 2);
  assert.match(both.stderr, /contradict/);
  await agent(cage, `${AGENT}; git branch other; git tag v1`);
  for (const base of ["nowhere", "--help", "HEAD:a.txt"]) {
    const bad = await cage.must(["patch", `--base=${base}`], 2);
    assert.match(bad.stderr, /is no commit in[\s\S]*There are: main, other, v1/, base);
  }
  // What a merge settled is in no patch: its commits still count as inside only.
  await agent(
    cage,
    `git checkout -q other; echo o > o; git add o; git commit -qm o; git checkout -q main;
     echo m > m; git add m; git commit -qm m; git merge -q other -m both; git branch -q third HEAD~1;
     git checkout -q third; echo t > t; git add t; git commit -qm t; git checkout -q main`,
  );
  const merged = await cage.must(["patch"]);
  assert.match(merged.stderr, /1 merge in between/);
  assert.match(merged.stderr, /1 commit of other branches/);
  assert.equal(merged.stdout.trim().split("\n").length, 2);
  assert.match((await cage.must(["destroy", "-y"], 5)).stderr, /4 commits inside/);
  await agent(cage, "rm -rf .git");
  assert.match((await cage.must(["patch"])).stderr, /no repository inside/);
  await agent(cage, "mkdir .git; echo broken > .git/HEAD");
  const broken = await cage.must(["patch"], 1);
  assert.match(broken.stderr, /cannot make patches: .*not a git repository/);
});

Deno.test("tidy removes caches inside or what is named, and nothing else", async () => {
  await using cage = await makeCopiedProject("tidy", { "src/a.py": "x\n", "build/keep": "k\n" });
  await cage.inside(`mkdir -p src/__pycache__ .ruff_cache/0.1 deep/.pytest_cache deep/.mypy_cache
    echo 12345 > src/__pycache__/a.pyc; echo 1 > .ruff_cache/0.1/x; ln -s /etc deep/link
    mkdir -p .git/__pycache__; ln -s ../../src src/link; echo file > deep/__pycache__`);
  const before = await cage.inside("find /work -name .git -prune -o -print | sort");
  const dry = await cage.must(["tidy", "--dry-run"]);
  assert.match(dry.stdout, /^project\/\.ruff_cache {2}2 B\n/);
  assert.match(dry.stderr, /Would remove 4 paths, 8 B/);
  assert.equal(await cage.inside("find /work -name .git -prune -o -print | sort"), before);
  const went = JSON.parse((await cage.must(["tidy", "--json"])).stdout);
  assert.deepEqual(went.paths.map(({ path }: { path: string }) => path), [
    ".ruff_cache",
    "deep/.mypy_cache",
    "deep/.pytest_cache",
    "src/__pycache__",
  ]);
  assert.equal(
    await cage.inside("ls -A deep src; ls -d .git/__pycache__; ls /etc/passwd"),
    "deep:\n__pycache__\nlink\n\nsrc:\na.py\nlink\n.git/__pycache__\n/etc/passwd",
  );
  assert.match((await cage.must(["tidy"])).stderr, /nothing to remove/);

  for (
    const path of ["*.py", "/etc", "", " ", "../x", "a/../b", ".git", "sub/.git/x", "a?", "[a]"]
  ) {
    const refused = await cage.must(["tidy", "--paths", "build", path], 2);
    assert.match(refused.stderr, /Cannot remove/, path);
  }
  const absent = await cage.must(["tidy", "--paths", "build", "dist"], 2);
  assert.match(absent.stderr, /There is no "dist" in project/);
  assert.equal(await cage.inside("ls build"), "keep");
  assert.match(
    (await cage.must(["tidy", "--paths", "./build/", "deep/link"])).stdout,
    /^build {2}2 B\n/,
  );
  assert.equal(
    await cage.inside("ls -A . deep; ls /etc/passwd"),
    ".:\n.git\nREADME.md\ndeep\nsrc\n\ndeep:\n__pycache__\n/etc/passwd",
  );
});
