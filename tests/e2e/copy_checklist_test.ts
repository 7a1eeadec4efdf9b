/** What cages with files of their own promise and no other test shows, end to end. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { LABEL } from "../../src/names.ts";
import { docker } from "../../tools/engine_state.ts";
import { run } from "../../src/engine/process.ts";
import { type CopiedProject, makeCopiedProject, writeFiles } from "./support/copied_project.ts";
import { exists } from "./support/files.ts";

/** Runs a line of shell in a session of the cage. */
async function agent(cage: CopiedProject, line: string): Promise<string> {
  const words = ["shell", "--name", cage.record.id, "--", "sh", "-ec", line];
  return (await cage.must(words)).stdout;
}

type Row = { path: string; change: string };

async function rows(cage: CopiedProject, args: readonly string[] = []): Promise<string[]> {
  const { stdout } = await cage.must(["diff", "--json", ...args]);
  return JSON.parse(stdout).dirs[0].changes.map(({ path, change }: Row) => `${change} ${path}`);
}

Deno.test("a round of work: diff, export, a fix on the host, sync, and the agent goes on", async () => {
  await using cage = await makeCopiedProject("round", { "app.py": "print(1)\n" });
  await agent(cage, "echo 'print(2)' > app.py; git add -A; git commit -qm 'feat: two'");
  assert.equal(
    await agent(cage, "git log -1 --format='%an <%ae> %cn'; git remote"),
    "agent <agent@localhost> agent\n",
    "nobody's name, and no remote",
  );
  assert.deepEqual(await rows(cage), ["modified app.py"]);
  await cage.must(["export", "-y"]);
  assert.equal(await cage.read("app.py"), "print(2)\n");
  await cage.write("app.py", "print(3)\n");
  await cage.must(["sync", "-y"]);
  assert.equal(await agent(cage, "cat app.py; git status --porcelain"), "print(3)\n M app.py\n");
  await agent(cage, "echo 'print(4)' >> app.py");
  assert.deepEqual(await rows(cage), ["modified app.py"]);
  await cage.must(["export", "-y"]);
  assert.equal(await cage.read("app.py"), "print(3)\nprint(4)\n");
});

Deno.test("a cage that does not run is read without being started", async () => {
  await using cage = await makeCopiedProject("asleep", { "a.txt": "a\n" });
  await cage.inside("echo b > a.txt");
  await cage.must(["diff"]);
  await cage.must(["export", "-y"]);
  await cage.must(["sync", "-y"]);
  const format = `{{.Label "${LABEL.role}"}}`;
  const filter = `label=${LABEL.cage}=${cage.record.id}`;
  assert.equal(await docker(["ps", "--all", "--filter", filter, "--format", format]), "courier");
});

Deno.test("no login of this machine is inside, and no push gets anywhere", async () => {
  await using cage = await makeCopiedProject("logins", { "a.txt": "a\n" });
  await writeFiles(cage.home, {
    ".netrc": "machine host.example login ann password n3trc\n",
    ".git-credentials": "https://ann:st0red@host.example\n",
    ".ssh/id_ed25519": "pr1vate\n",
    ".config/gh/hosts.yml": "oauth_token: gh0\n",
  });
  const config = join(cage.home, ".gitconfig");
  await Deno.writeTextFile(config, "[credential]\n\thelper = store\n", { append: true });
  Object.assign(cage.env, { GH_TOKEN: "t0ken-gh", GITHUB_TOKEN: "t0ken-gh", SSH_AUTH_SOCK: "/s" });
  const seen = await agent(
    cage,
    `env; cat ~/.netrc ~/.git-credentials ~/.ssh/* ~/.config/gh/* 2>/dev/null || :
     git config --get-regexp 'credential|url' || :; ls -A ~
     git push https://host.example/x 2>&1 || echo "push ended with $?"`,
  );
  assert.doesNotMatch(seen, /n3trc|st0red|pr1vate|gh0|t0ken|SSH_AUTH_SOCK|\.netrc|helper/);
  assert.match(seen, /push ended with 128/);
});

Deno.test("export goes over another directory; diff compares with it; a copy by hand does the same", async () => {
  await using cage = await makeCopiedProject("overlay", { "a.txt": "a\n", "sub/b.txt": "b\n" });
  await cage.inside("echo cage > a.txt; echo new > new.txt; rm sub/b.txt");
  const other = join(cage.root, "other");
  await writeFiles(other, { "a.txt": "a\n", "mine.txt": "mine\n", "sub/b.txt": "b\n" });
  assert.deepEqual(
    (await rows(cage, ["--output-dir", other])).filter((row) => !/README/.test(row)),
    ["modified a.txt", "added new.txt"],
    "what that directory never had of the cage is nothing the cage removed",
  );
  const shown = await cage.sandcage(["export", cage.record.id, "-y", "--output-dir", "."], {
    cwd: other,
  });
  assert.equal(shown.code, 0, shown.stderr);
  const read = (path: string) => Deno.readTextFile(join(other, path));
  assert.deepEqual(
    [await read("a.txt"), await read("new.txt"), await read("mine.txt"), await read("sub/b.txt")],
    ["cage\n", "new\n", "mine\n", "b\n"],
    "overlaid, nothing removed",
  );
  assert.equal(await cage.read("a.txt"), "a\n", "the project itself is as it was");
  // An export to a fresh directory is plain files, which cp takes as well; one that nobody agreed to
  // leaves nothing.
  const fresh = join(cage.root, "deep", "fresh");
  await cage.inside("mkdir .vscode; echo '{}' > .vscode/tasks.json");
  assert.match(
    (await cage.must(["export", "--output-dir", fresh], 5)).stderr,
    /Nothing was exported/,
  );
  assert.equal(await exists(join(cage.root, "deep")), false);
  await cage.inside("rm -r .vscode");
  await cage.must(["export", "-y", "--output-dir", fresh]);
  const copied = await run("cp", ["-R", `${fresh}/.`, cage.project], { timeoutMs: 10_000 });
  assert.equal(copied.code, 0, copied.stderr);
  assert.equal(await cage.read("new.txt"), "new\n");
});

Deno.test("diff --delete and export --stats show what would go and how much comes", async () => {
  await using cage = await makeCopiedProject("shown", { "gone.txt": "1\n2\n", "a.txt": "1\n" });
  await cage.inside("rm gone.txt; printf '1\\n2\\n3\\n' > a.txt");
  assert.match((await cage.must(["diff"])).stdout, /deleted +gone\.txt +stays without --delete/);
  const deleting = (await cage.must(["diff", "--delete"])).stdout;
  assert.match(deleting, /deleted +gone\.txt *\n/);
  const stats = await cage.must(["export", "-y", "--stats"]);
  assert.match(stats.stdout, /a\.txt +\| +2 \+\+/);
  assert.ok(await exists(join(cage.project, "gone.txt")));
});

Deno.test("a .gitignore that .cageprotect names stays; a backup is made only where one is replaced", async () => {
  await using cage = await makeCopiedProject("ignores", {
    ".cageprotect": "# the texts\n/.gitignore\n",
    ".gitignore": "*.log\n",
    "same/.gitignore": "*.log\n",
    "other/.gitignore": "*.log\n",
    "empty/x": "x\n",
  });
  await cage.inside(`echo '*.all' > .gitignore; echo '*.tmp' > other/.gitignore
    echo '*.new' > empty/.gitignore; touch -d 2001-01-01 same/.gitignore`);
  await cage.must(["export", "-y"]);
  assert.equal(await cage.read(".gitignore"), "*.log\n", "named by .cageprotect");
  assert.equal(await cage.read("other/.gitignore"), "*.tmp\n");
  assert.equal(await cage.read("other/.gitignore.pre-export"), "*.log\n");
  assert.equal(await cage.read("empty/.gitignore"), "*.new\n");
  for (const dir of [".", "same", "empty"]) {
    assert.equal(await exists(join(cage.project, dir, ".gitignore.pre-export")), false, dir);
  }
  assert.deepEqual((await rows(cage)).filter((row) => !/README/.test(row)), []);
});

Deno.test("caches stay on either side by default, names with blanks travel, and nothing inside is tidied", async () => {
  await using cage = await makeCopiedProject("caches", { "a.py": "a\n" });
  await cage.inside(`mkdir -p __pycache__ .mypy_cache .pytest_cache .ruff_cache node_modules/x
    for f in __pycache__/a .mypy_cache/a .pytest_cache/a .ruff_cache/a node_modules/x/a b.pyc .DS_Store
    do echo c > $f; done; echo s > ' lead'; echo s > 'trail '; echo s > 'in the middle'`);
  assert.deepEqual(await rows(cage), ["added  lead", "added in the middle", "added trail "]);
  await cage.must(["export", "-y"]);
  assert.equal(await cage.read("trail "), "s\n");
  assert.equal(await exists(join(cage.project, "b.pyc")), false);
  assert.equal(await cage.inside("cat __pycache__/a .ruff_cache/a node_modules/x/a"), "c\nc\nc");
  const with_ = await rows(cage, ["--include-cache"]);
  assert.ok(with_.includes("added b.pyc") && with_.includes("added .DS_Store"), with_.join());
  await writeFiles(cage.project, { "node_modules/host/b": "b\n" });
  await cage.must(["sync", "-y"]);
  assert.equal(await cage.inside("ls node_modules"), "x");
});

Deno.test("additional directories: listed, carried by name, removed with the cage", async () => {
  await using cage = await makeCopiedProject(
    "beside",
    { "a.txt": "a\n", "../Shared Lib/s.txt": "s\n" },
    { createArgs: ["--add-dir", "../Shared Lib"] },
  );
  const [listed] = JSON.parse((await cage.must(["list", "--json"])).stdout);
  assert.deepEqual(
    listed.dirs.map(({ name }: { name: string }) => name),
    ["project", "shared-lib"],
  );
  assert.equal(await agent(cage, "cd ../shared-lib; cat s.txt; echo t > t.txt"), "s\n");
  await cage.must(["export", "-y", "--dir", "shared-lib"]);
  assert.equal(await cage.read("../Shared Lib/t.txt"), "t\n");
  await cage.must(["destroy", "-y"]);
  assert.equal(await cage.read("../Shared Lib/t.txt"), "t\n");
  const left = ["volume", "ls", "--quiet", "--filter", `label=${LABEL.cage}=${cage.record.id}`];
  assert.equal(await docker(left), "");
});

Deno.test("create on a Dockerfile of one's own; what it brings is inside", async () => {
  await using cage = await makeCopiedProject(
    "dockerfile",
    { "Dockerfile.mine": "FROM sandcage/base\nRUN echo mine > /etc/mine\n" },
    { createArgs: ["--dockerfile", "Dockerfile.mine"] },
  );
  assert.equal(await agent(cage, "cat /etc/mine"), "mine\n");
  // A configuration that changes is taken over by the next session: the image is made anew.
  await cage.write("Dockerfile.mine", "FROM sandcage/base\nRUN echo newer > /etc/mine\n");
  assert.equal(await agent(cage, "cat /etc/mine"), "newer\n");
});
