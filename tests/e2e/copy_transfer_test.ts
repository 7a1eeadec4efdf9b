/** Files between the host and a cage with files of its own: diff, export, sync, in real containers. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../src/engine/process.ts";
import { type CopiedProject, listTree, makeCopiedProject } from "./support/copied_project.ts";
import { exists } from "./support/files.ts";
import { makeRandomTree } from "./support/random_tree.ts";

type Row = { path: string; change: string; kind?: string; binary?: true; reason?: string };

/** The rows of `diff --json` as `change path`, directories left out. */
async function diffRows(world: CopiedProject, args: readonly string[] = []): Promise<string[]> {
  const result = await world.sandcage(["diff", "--json", ...args]);
  const [dir] = JSON.parse(result.stdout).dirs as { changes: Row[] }[];
  return dir!.changes.filter(({ kind }) => kind !== "dir")
    .map(({ change, path, kind, binary }) =>
      [change, path, ...(kind === "link" ? ["symlink"] : []), ...(binary ? ["binary"] : [])].join(
        " ",
      )
    );
}

Deno.test("whatever a cage changes comes out as it is, and then nothing differs", async () => {
  await using world = await makeCopiedProject("out", {
    "kept.txt": "kept\n",
    "src/a.ts": "let a = 1;\n",
    "src/touched.ts": "same\n",
    "run.sh": ["#!/bin/sh\n", true],
    "plain.sh": "#!/bin/sh\n",
    "gone.txt": "gone\n",
    "becomes-dir": "a file\n",
  });
  assert.deepEqual(await diffRows(world), []);
  await world.inside(`
    echo 'let a = 2;' > src/a.ts
    touch -d 2001-01-01 src/touched.ts
    chmod -x run.sh; chmod +x plain.sh
    rm gone.txt becomes-dir
    mkdir -p becomes-dir new/deep new/empty
    echo in > becomes-dir/inner
    : > new/zero; head -c 3000000 /dev/urandom > new/deep/large.bin
    printf 'grüße\\n' > 'new/日本 語.txt'
    ln -s ../src/a.ts new/link
    printf 'no end' > -leading; printf '\\033[31mred\\n' > esc.txt
  `);
  assert.deepEqual(await diffRows(world), [
    "added -leading",
    "added becomes-dir/inner",
    "added esc.txt",
    "deleted gone.txt",
    "added new/deep/large.bin",
    "added new/link symlink",
    "added new/zero",
    "added new/日本 語.txt",
    "mode plain.sh",
    "mode run.sh",
    "modified src/a.ts",
  ]);
  const full = await world.must(["diff", "--full"]);
  assert.match(full.stdout, /-let a = 1;\n\+let a = 2;/);
  assert.match(full.stdout, /\+\^\[\[31mred/);
  assert.ok(!full.stdout.includes("\x1b"), "nothing acts on the terminal");
  assert.match(full.stdout, /new\/deep\/large\.bin[^]*Large files differ/);
  const stats = await world.must(["diff", "--stats"]);
  assert.match(stats.stdout, /src\/a\.ts +\| +2 \+-/);
  await world.must(["export", "-y", "--delete"]);
  const inner = await world.inside(
    "find . -path ./.git -prune -o -type f -printf '%P %m ' -exec sha256sum {} \\; | " +
      "sed 's/ .*64//' | wc -l",
  );
  const tree = await listTree(world.project);
  assert.equal(
    tree.filter((line) => !line.endsWith("/") && !line.includes("->")).length,
    Number(inner),
  );
  const shas = await world.inside(
    "find . -path ./.git -prune -o -type f -exec sha256sum -z {} + | tr '\\0' '\\n' | cut -c1-12 | sort",
  );
  assert.deepEqual(
    tree.flatMap((line) => /^.* ([0-9a-f]{12})( \*)?$/.exec(line)?.[1] ?? []).sort(),
    shas.split("\n"),
  );
  assert.ok(tree.includes("new/link -> ../src/a.ts"));
  assert.ok(tree.includes("new/empty/"));
  assert.ok(tree.some((line) => /^plain\.sh .* \*$/.test(line)));
  assert.ok(tree.some((line) => /^run\.sh [0-9a-f]+$/.test(line)));
  assert.ok(!tree.some((line) => line.startsWith("gone.txt")));
  assert.deepEqual(await diffRows(world), []);
  const again = await world.must(["export", "-y"]);
  assert.match(again.stderr, /There is nothing to export/);
});

Deno.test("W07: edits on both sides are conflicts that stay; everything else travels both ways", async () => {
  await using world = await makeCopiedProject("both", {
    "both.txt": "base\n",
    "inner.txt": "base\n",
    "host.txt": "base\n",
    "edit-delete.txt": "base\n",
    "same.txt": "base\n",
  });
  await world.inside(
    "echo inner > both.txt; echo inner > inner.txt; rm edit-delete.txt; echo same > same.txt; echo i > new.txt",
  );
  await world.write("both.txt", "host\n");
  await world.write("host.txt", "host\n");
  await world.write("edit-delete.txt", "host\n");
  await world.write("same.txt", "same\n");
  await world.write("new.txt", "h\n");
  const diff = await world.sandcage(["diff", "--json"]);
  assert.equal(diff.code, 5);
  const exported = await world.must(["export", "-y", "--delete"], 5);
  assert.match(exported.stdout, /conflict +both\.txt +modified in the cage, modified here/);
  assert.match(exported.stdout, /conflict +edit-delete\.txt +deleted in the cage, modified here/);
  assert.match(exported.stdout, /conflict +new\.txt +added in the cage, added here/);
  for (
    const [path, text] of [
      ["both.txt", "host\n"],
      ["inner.txt", "inner\n"],
      ["host.txt", "host\n"],
      ["edit-delete.txt", "host\n"],
      ["new.txt", "h\n"],
    ] as const
  ) assert.equal(await world.read(path), text, path);
  const synced = await world.must(["sync", "-y"], 5);
  assert.match(synced.stdout, /conflict +both\.txt/);
  assert.equal(
    await world.inside(
      "cat both.txt inner.txt host.txt same.txt new.txt; ls edit-delete.txt || true",
    ),
    "inner\ninner\nhost\nsame\ni",
  );
  // Positive control: once both agree, the same commands carry and are content.
  await world.write("both.txt", "inner\n");
  await world.write("new.txt", "i\n");
  await Deno.remove(join(world.project, "edit-delete.txt"));
  await world.must(["diff"]);
  await world.write("host.txt", "again\n");
  await world.must(["sync", "-y"]);
  assert.equal(await world.inside("cat host.txt"), "again");
});

Deno.test("nothing is removed but with --delete, and then only what the cage had and nobody changed", async () => {
  await using world = await makeCopiedProject("delete", {
    "a.txt": "a\n",
    "changed.txt": "c\n",
    "dir/one": "1\n",
    "dir/two": "2\n",
  });
  await world.inside("rm -r a.txt changed.txt dir");
  await world.write("changed.txt", "mine\n");
  await world.write("host-only.txt", "mine\n");
  const kept = await world.must(["export", "-y"], 5);
  assert.match(kept.stdout, /deleted +a\.txt +stays without --delete/);
  assert.ok(await exists(join(world.project, "a.txt")));
  await world.must(["export", "-y", "--delete"], 5);
  assert.deepEqual(
    (await listTree(world.project)).map((line) => line.split(" ")[0]),
    ["README.md", "changed.txt", "host-only.txt"],
  );
});

Deno.test("W04: what rules name is never replaced or removed; a swap under an export is refused", async () => {
  await using world = await makeCopiedProject("rules", {
    ".gitignore": "*.log\n!keep.log\nsecret/\n",
    "sub/.gitignore": "/local\n",
    ".cageprotect": "# mine\nCLAUDE.md\nconf/\n!conf/free.txt\n",
    "CLAUDE.md": "mine\n",
    "conf/a": "mine\n",
    "keep.log": "old\n",
    "docs/x.md": "old\n",
    "free.txt": "old\n",
    "removed.txt": "old\n",
  });
  await world.write("host.log", "mine\n");
  await Deno.mkdir(join(world.project, "secret"));
  await world.write("secret/key", "mine\n");
  await world.write("sub/local", "mine\n");
  await world.inside(`
    echo theirs > CLAUDE.md; mkdir -p conf secret venv .venv node_modules
    echo theirs > conf/a; echo theirs > host.log; echo theirs > secret/key
    echo theirs > sub/local; echo theirs > sub/other; echo theirs > keep.log
    echo theirs > docs/x.md; echo theirs > free.txt; rm removed.txt
    echo theirs > venv/x; echo theirs > .venv/x; echo theirs > node_modules/x; echo x > .cageprotect
  `);
  await world.must(["export", "-y", "--delete", "--protect", "*.md"]);
  const texts = Object.fromEntries(
    await Promise.all(
      ["CLAUDE.md", "conf/a", "host.log", "secret/key", "sub/local", "docs/x.md"].map(
        async (path) => [path, await world.read(path)] as const,
      ),
    ),
  );
  assert.deepEqual(texts, {
    "CLAUDE.md": "mine\n",
    "conf/a": "mine\n",
    "host.log": "mine\n",
    "secret/key": "mine\n",
    "sub/local": "mine\n",
    "docs/x.md": "old\n",
  });
  for (const path of ["venv", ".venv", "node_modules"]) {
    assert.equal(await exists(join(world.project, path)), false, path);
  }
  assert.match(await world.read(".cageprotect"), /^# mine/);
  // Positive control: what no rule names is replaced and removed.
  assert.equal(await world.read("free.txt"), "theirs\n");
  assert.equal(await world.read("keep.log"), "theirs\n");
  assert.equal(await world.read("sub/other"), "theirs\n");
  assert.equal(await exists(join(world.project, "removed.txt")), false);
  await world.must(["export", "-y", "--include-cache"]);
  assert.equal(await world.read("node_modules/x"), "theirs\n");
});

Deno.test("a .gitignore that differs travels, with the former one beside it", async () => {
  await using world = await makeCopiedProject("ignore", { ".gitignore": "*.log\n" });
  await world.inside("echo '*.tmp' > .gitignore");
  await world.must(["export", "-y"]);
  assert.equal(await world.read(".gitignore"), "*.tmp\n");
  assert.equal(await world.read(".gitignore.pre-export"), "*.log\n");
  assert.deepEqual(await diffRows(world), []);
});

Deno.test("W01: symlinks that lead outside never come out, and are never followed", async () => {
  await using world = await makeCopiedProject("links", { "dir/file": "mine\n", "plain": "mine\n" });
  const outside = join(world.root, "outside");
  await Deno.mkdir(outside);
  await Deno.writeTextFile(join(outside, "file"), "untouched\n");
  await world.inside(`
    ln -s /etc/passwd system; ln -s /root/.ssh keys; ln -s ${outside} absolute
    ln -s ../../outside up; ln -s ../../../../../../etc/passwd deep; ln -s /proc/self/root proc
    ln -s nowhere dangling; ln -s dir/file good; ln -s dir/../../outside around
    rm -r dir plain; ln -s ${outside} dir; ln -s /etc/hostname plain
  `);
  const diff = await world.must(["diff"]);
  for (
    const name of ["system", "keys", "absolute", "up", "deep", "proc", "around", "dir", "plain"]
  ) {
    assert.match(diff.stderr, new RegExp(`"${name}" in the cage is a symlink that leads outside`));
  }
  await world.must(["export", "-y", "--delete"]);
  const tree = await listTree(world.project);
  assert.deepEqual(tree.filter((line) => line.includes("->")), [
    "dangling -> nowhere",
    "good -> dir/file",
  ]);
  assert.equal(await world.read("dir/file"), "mine\n");
  assert.equal(await world.read("plain"), "mine\n");
  assert.equal(await Deno.readTextFile(join(outside, "file")), "untouched\n");
  // The other way: a symlink of the host's is sent as one or not at all, never what it leads to.
  await Deno.symlink(outside, join(world.project, "host-link"));
  await world.write("sent.txt", "sent\n");
  const synced = await world.must(["sync", "-y"]);
  assert.match(synced.stderr, /"host-link" here is a symlink that leads outside/);
  assert.equal(
    await world.inside("cat sent.txt; ls host-link 2>/dev/null || echo none"),
    "sent\nnone",
  );
});

Deno.test("W02: special files, twins of .git and names that act on terminals are refused or shown harmless", async () => {
  await using world = await makeCopiedProject("special", { "plain.txt": "old\n" });
  await world.inside(`
    mkfifo fifo; echo setuid > tool; chmod 6755 tool; ln plain.txt hard
    mkdir -p .GIT sub/.git 'GIT~1'; echo '[core]' > .GIT/config; echo x > sub/.git/config
    echo x > 'GIT~1/config'; mkdir mod; echo 'gitdir: ../../../elsewhere' > mod/.git
    echo nl > "$(printf 'new\\nline')"; echo esc > "$(printf 'e\\033[31msc')"; echo dash > -rf
    echo bad > "$(printf 'bad\\377name')"; echo back > 'back\\slash'
    echo new > plain.txt
  `);
  const diff = await world.must(["diff"]);
  assert.ok(!diff.stdout.includes("\x1b") && !diff.stderr.includes("\x1b"));
  assert.match(diff.stdout, /new\^Jline/);
  assert.match(diff.stdout, /e\^\[\[31msc/);
  for (const name of ["fifo", "\\.GIT", "GIT~1"]) {
    assert.match(diff.stderr, new RegExp(`"${name}" in the cage is`));
  }
  await world.must(["export", "-y"]);
  const names = (await listTree(world.project)).map((line) => line.replace(/ [0-9a-f]{12}/, ""));
  assert.deepEqual(names, [
    "-rf",
    "README.md",
    "e\x1b[31msc",
    "hard",
    "mod/",
    "new\nline",
    "plain.txt",
    "sub/",
    "tool *",
  ]);
  assert.equal(((await Deno.lstat(join(world.project, "tool"))).mode ?? 0) & 0o7777, 0o755);
  assert.equal((await Deno.lstat(join(world.project, "hard"))).nlink, 1);
  // Positive control: an ordinary name of the same run came.
  assert.equal(await world.read("plain.txt"), "new\n");
});

Deno.test("W05: what tools run or trust on sight is listed, and lands only with a yes", async () => {
  await using world = await makeCopiedProject("review", {
    "package.json": '{"name":"x","scripts":{"test":"true"}}\n',
    ".envrc": "export A=1\n",
    "Makefile": "all:\n",
    "src/a.ts": "a\n",
  });
  // Positive control: unchanged ones are not listed, and nobody has to be asked.
  await world.inside("echo b > src/a.ts");
  const plain = await world.must(["export"]);
  assert.ok(!plain.stderr.includes("on sight"));
  assert.equal(await world.read("src/a.ts"), "b\n");
  await world.inside(`
    mkdir -p .vscode .claude .github/workflows
    echo '{}' > .vscode/tasks.json; echo '{}' > .claude/settings.json
    echo 'on: push' > .github/workflows/ci.yml; echo 'export B=1' >> .envrc
    echo '	rm -rf x' >> Makefile
    echo '{"name":"x","scripts":{"test":"true","postinstall":"evil"}}' > package.json
    echo c > src/a.ts
  `);
  const before = await listTree(world.project);
  const refused = await world.must(["export"], 5);
  const listed = [
    ".claude/settings.json",
    ".envrc",
    ".github/workflows/ci.yml",
    ".vscode/tasks.json",
    "Makefile",
    "package.json",
  ];
  for (const path of listed) assert.ok(refused.stderr.includes(`"${path}": `), path);
  assert.ok(!refused.stderr.includes("src/a.ts"));
  assert.deepEqual(await listTree(world.project), before);
  const dry = JSON.parse((await world.must(["export", "--dry-run", "--json"])).stdout);
  assert.deepEqual(dry.dirs[0].review.map(({ path }: Row) => path), listed);
  assert.deepEqual(await listTree(world.project), before);
  await world.must(["export", "-y"]);
  assert.equal(await world.read("src/a.ts"), "c\n");
});

Deno.test("sync sends files of the host, only those named, and nothing from elsewhere", async () => {
  await using world = await makeCopiedProject("sync", {
    "main.py": "1\n",
    "src/a.py": "1\n",
    "src/b.py": "1\n",
    "run.sh": "x\n",
    ".gitignore": "*.log\n",
  });
  for (const path of ["main.py", "src/a.py", "src/b.py"]) await world.write(path, "2\n");
  await Deno.chmod(join(world.project, "run.sh"), 0o755);
  await world.write("x.log", "log\n");
  await world.must(["sync", "--files", "main.py"]);
  const read = () =>
    world.inside("cat main.py src/a.py src/b.py; test -x run.sh && echo x || true");
  assert.equal(await read(), "2\n1\n1");
  await world.must(["sync", "--files", "src", "-y"]);
  assert.equal(await read(), "2\n2\n2");
  const escape = await world.must(["sync", "--files", "../x"], 2);
  assert.match(escape.stderr, /Cannot send "\.\.\/x": it is not in/);
  const unknown = await world.must(["sync", "--files", "mian.py"], 2);
  assert.match(unknown.stderr, /Did you mean "main\.py"\?/);
  const ignored = await world.must(["sync", "--files", "x.log"], 2);
  assert.match(ignored.stderr, /"x\.log" does not go in: \.gitignore names it/);
  await world.must(["sync"]);
  assert.equal(await read(), "2\n2\n2\nx");
  await Deno.remove(join(world.project, "src/b.py"));
  await world.must(["sync"]);
  assert.equal(await world.inside("ls src"), "a.py\nb.py");
  await world.must(["sync", "--delete"]);
  assert.equal(await world.inside("ls src"), "a.py");
});

Deno.test("every directory of a cage is carried by its name, or all at once", async () => {
  await using world = await makeCopiedProject(
    "dirs",
    { "a.txt": "a\n", "../docs-of-it/d.txt": "d\n" },
    {
      createArgs: ["--add-dir", "../docs-of-it"],
    },
  );
  await world.inside("echo b > a.txt; echo e > ../docs-of-it/d.txt");
  const all = JSON.parse((await world.must(["diff", "--all", "--json"])).stdout);
  assert.deepEqual(
    all.dirs.map(({ name, changes }: { name: string; changes: Row[] }) =>
      `${name} ${changes.map(({ path }) => path)}`
    ),
    ["project a.txt", "docs-of-it d.txt"],
  );
  await world.must(["export", "-y", "--dir", "docs-of-it"]);
  assert.equal(await world.read("../docs-of-it/d.txt"), "e\n");
  assert.equal(await world.read("a.txt"), "a\n");
  const unknown = await world.must(["diff", "--dir", "dosc-of-it"], 2);
  assert.match(unknown.stderr, /Did you mean "docs-of-it"\?/);
  await world.must(["export", "-y", "--all"]);
  assert.equal(await world.read("a.txt"), "b\n");
  await world.write("../docs-of-it/d.txt", "f\n");
  await world.must(["sync", "--dir", "docs-of-it"]);
  assert.equal(await world.inside("cat ../docs-of-it/d.txt"), "f");
});

Deno.test("random trees go in and come out byte for byte, and back again", async () => {
  const seed = Math.floor(Math.random() * 1e9);
  await using world = await makeCopiedProject("random", {}, {
    prepare: (project) => makeRandomTree(project, { seed, entries: 150 }),
  });
  const before = await listTree(world.project);
  assert.deepEqual(await diffRows(world), [], `seed ${seed}`);
  const out = join(world.root, "out");
  await world.must(["export", "-y", "--output-dir", out]);
  assert.deepEqual(await listTree(out), before, `seed ${seed}`);
  // Another tree on the host goes in over the first, and comes out to a third place.
  for (const { name } of [...Deno.readDirSync(world.project)]) {
    if (name !== ".git") await Deno.remove(join(world.project, name), { recursive: true });
  }
  await makeRandomTree(world.project, { seed: seed + 1, entries: 150 });
  await world.must(["sync", "--delete"]);
  const third = join(world.root, "third");
  await world.must(["export", "-y", "--output-dir", third]);
  assert.deepEqual(await listTree(third), await listTree(world.project), `seed ${seed}`);
});

Deno.test("a disk that fills up under an export leaves the host as it was", async () => {
  await using world = await makeCopiedProject("full", { "a.txt": "a\n" });
  await world.inside("head -c 4000000 /dev/urandom > large; echo b > a.txt");
  const small = join(world.root, "small");
  await Deno.mkdir(small);
  await mount(["-t", "tmpfs", "-o", "size=1m", "tmpfs", small]);
  try {
    await Deno.writeTextFile(join(small, "a.txt"), "mine\n");
    await Deno.writeTextFile(join(small, "other"), "other\n");
    const before = await listTree(small);
    const full = await world.must(["export", "-y", "--output-dir", small], 1);
    assert.match(full.stderr, /The disk is full: ".*small" cannot take what comes/);
    assert.deepEqual(await listTree(small), before);
  } finally {
    const { code, stderr } = await run("umount", [small], { timeoutMs: 10_000 });
    assert.equal(code, 0, stderr);
  }
  // Positive control: with room it comes.
  await world.must(["export", "-y", "--output-dir", small]);
  assert.equal((await Deno.stat(join(small, "large"))).size, 4_000_000);
  await world.must(["export", "-y", "--output-dir", join(world.root, "made", "anew")]);
  assert.ok(await exists(join(world.root, "made", "anew", "large")));
});

async function mount(args: readonly string[]): Promise<void> {
  const { code, stderr } = await run("mount", args, { timeoutMs: 10_000 });
  assert.equal(code, 0, stderr);
}
