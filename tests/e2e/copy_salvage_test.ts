/** Everything comes out of a cage, whatever is broken about it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../src/engine/process.ts";
import { LABEL } from "../../src/names.ts";
import { docker } from "../../tools/engine_state.ts";
import { type CopiedProject, listTree, makeCopiedProject } from "./support/copied_project.ts";
import { exists } from "./support/files.ts";

/** Ignored files, a cache, a repository below another, and an additional directory. */
async function makeFull(name: string): Promise<CopiedProject> {
  const cage = await makeCopiedProject(name, { "a.txt": "first\n", ".gitignore": "out\n" });
  await cage.inside(`mkdir -p out node_modules/x empty sub/deep ../lib; echo built > out/app
    chmod 755 out/app; echo m > node_modules/x/i.js; ln -s out/app current; touch /work/stray
    mkdir sub/deep/.git; echo evil > sub/deep/.git/config; mkdir -p .git/hooks
    printf '#!/bin/sh\\ntouch /tmp/pwned-by-salvage\\n' > .git/hooks/post-checkout
    chmod 755 .git/hooks/post-checkout; echo lib > ../lib/l.txt
    mkdir /work/.git; echo all > /work/.git/HEAD`);
  return cage;
}

const WHOLE = [
  "lib/",
  "lib/l.txt",
  "project.git.tar",
  "project/",
  "project/.gitignore",
  "project/README.md",
  "project/a.txt",
  "project/current -> out/app",
  "project/empty/",
  "project/node_modules/",
  "project/node_modules/x/",
  "project/node_modules/x/i.js",
  "project/out/",
  "project/out/app *",
  "project/sub/",
  "project/sub/deep/",
  "stray",
  "work.git.tar",
];

/** Paths without what their contents are. */
async function paths(dir: string): Promise<string[]> {
  return (await listTree(dir)).map((line) => line.replace(/ [0-9a-f]{12}(?= \*|$)/, "")).sort();
}

async function volumes(cage: CopiedProject): Promise<string> {
  const { id } = cage.record;
  const format = `{{.Name}} {{.Label "${LABEL.role}"}}`;
  return await docker(["volume", "ls", "--filter", `name=${id}`, "--format", format]);
}

Deno.test("salvage: every file, and repositories as archives that nobody here opens", async () => {
  await using cage = await makeFull("salvage");
  const before = await listTree(cage.project);
  const to = join(cage.root, "saved");
  const { stdout, stderr } = await cage.must(["salvage", "--output-dir", to]);
  assert.equal(stdout, `${to}\n`);
  assert.match(stderr, /project\.git\.tar, work\.git\.tar/);
  assert.deepEqual(await paths(to), WHOLE);
  assert.equal(await Deno.readTextFile(join(to, "project", "out", "app")), "built\n");
  const listed = await run("tar", ["-tvf", join(to, "project.git.tar")], { timeoutMs: 10_000 });
  assert.match(listed.stdout, /-rwxr-xr-x .* \.git\/hooks\/post-checkout\n/);
  assert.match(listed.stdout, / sub\/deep\/\.git\/config\n/);
  assert.doesNotMatch(listed.stdout, /a\.txt/);
  // With its archive a directory is the repository that it was.
  await Deno.mkdir(join(cage.root, "there"));
  const opened = await run("sh", [
    "-ec",
    "cp -R project ../there; cd ../there/project; tar -xf ../../saved/project.git.tar; rm -r sub/deep/.git;" +
    "git -c core.hooksPath=/dev/null -c safe.directory=* log --format=%s; rm -r .git",
  ], { cwd: to, timeoutMs: 10_000 });
  assert.equal(opened.stdout, "chore: begin\n", opened.stderr);
  assert.deepEqual(await listTree(cage.project), before, "the project is as it was");

  const again = await cage.must(["salvage", "--output-dir", to], 5);
  assert.match(again.stderr, /is not empty/);
  assert.deepEqual(await paths(to), WHOLE);
  await Deno.writeTextFile(join(cage.root, "file"), "mine");
  await cage.must(["salvage", "--output-dir", join(cage.root, "file")], 5);
  assert.equal(await Deno.readTextFile(join(cage.root, "file")), "mine");
});

Deno.test("salvage: what cannot be taken is listed, with exit code 5", async () => {
  await using cage = await makeFull("salvage-left");
  await cage.inside(`mkfifo pipe; ln -s /etc/passwd away; printf x > "$(printf 'bad\\377')"
    echo s > shut; chmod 000 shut; mkdir closed; echo c > closed/in; chmod 000 closed
    printf y > "$(printf 'esc\\033[31m')"`);
  const to = join(cage.root, "saved");
  const { stdout } = await cage.must(["salvage", "--json", "--output-dir", to], 5);
  const { left } = JSON.parse(stdout);
  assert.deepEqual(left, [
    { path: "project/away", reason: "a symlink that leads outside" },
    { path: "project/bad\\xff", reason: "its name is no UTF-8" },
    { path: "project/closed", reason: "it cannot be read" },
    { path: "project/pipe", reason: "a pipe, socket or device" },
    { path: "project/shut", reason: "it changed or could not be read" },
  ]);
  assert.ok((await paths(to)).includes("project/esc\x1b[31m"));
  const told = await cage.must(["salvage", "--output-dir", join(cage.root, "told")], 5);
  assert.match(told.stderr, /Left behind: project\/pipe: a pipe, socket or device/);
});

/** What is broken, by what a user would say of it; the word that finds the cage then. */
const BROKEN: readonly [string, (cage: CopiedProject) => Promise<string>][] = [
  ["the project is gone and the configuration is broken", async (cage) => {
    await Deno.remove(cage.project, { recursive: true });
    await Deno.mkdir(cage.project);
    await Deno.writeTextFile(join(cage.project, ".sandcage.yml"), "version: [\n");
    await Deno.writeTextFile(join(cage.state, "config.toml"), "= broken\n");
    return cage.record.id;
  }],
  ["its record is damaged", async (cage) => {
    const path = join(cage.state, "cages", cage.record.id, "copy.json");
    await Deno.truncate(path, 40);
    return cage.record.id;
  }],
  ["only the volume of its work is there", async (cage) => {
    await Deno.remove(join(cage.state, "cages"), { recursive: true });
    await docker(["rm", "--force", `sandcage-courier-${cage.record.id}`]);
    await docker(["volume", "rm", `sandcage-checkpoints-${cage.record.id}`]);
    return cage.record.volumes.work;
  }],
];

Deno.test("salvage: a broken cage gives all it has", async (t) => {
  for (const [name, breakIt] of BROKEN) {
    await t.step(name, async () => {
      await using cage = await makeFull("salvage-broken");
      const word = await breakIt(cage);
      const there = await volumes(cage);
      const to = join(cage.root, "saved");
      await cage.must(["-p", cage.root, "salvage", word, "--output-dir", to]);
      assert.deepEqual(await paths(to), WHOLE);
      assert.equal(await volumes(cage), there, "nothing is made, nothing goes");
      // No record leads the world to them any more.
      const rest = there.split("\n").map((line) => line.split(" ")[0]!);
      if (!await exists(join(cage.state, "cages"))) await docker(["volume", "rm", ...rest]);
    });
  }
});

Deno.test("salvage: nothing left, or nothing known, is said with what there is", async () => {
  await using cage = await makeFull("salvage-none");
  const unknown = await cage.must(["salvage", "nowhere"], 2);
  assert.match(
    unknown.stderr,
    new RegExp(`Nothing of "nowhere"[\\s\\S]*${cage.record.volumes.work}`),
  );
  assert.ok(!await exists(join(cage.project, "nowhere-salvage")));
  await docker(["rm", "--force", `sandcage-courier-${cage.record.id}`]);
  await docker(["volume", "rm", cage.record.volumes.work]);
  const gone = await cage.must(["salvage"], 2);
  assert.match(gone.stderr, /is not on .* any more/);
});
