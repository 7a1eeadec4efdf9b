/** What reaches a cage from the project, what does not, and what comes back. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { docker, inspect, listContainers } from "../../tools/engine_state.ts";
import { git } from "../unit/support/workspace.ts";
import { waitFor } from "./support/files.ts";
import { openTerminal } from "./support/tmux.ts";
import { makeWorld, type World } from "./support/world.ts";

/** Trusted configuration of the user; a project file may only tighten as well. */
const MASKS = '[workspace]\nhide = [".env", "secrets/", "*.pem"]\nreadonly = ["config/"]\n';

async function fill(world: World): Promise<void> {
  const files = [".env", "secrets/deep/key", "config/app", "config/tls.pem", "src/main"];
  for (const file of files) {
    await Deno.mkdir(dirname(join(world.project, file)), { recursive: true });
    await world.write(file, `content of ${file}\n`);
  }
  await Deno.symlink(".env", join(world.project, "link"));
}

/** Runs a script inside with every attempt reported on a line of its own, whatever it does. */
async function attempt(world: World, commands: readonly string[], cwd?: string): Promise<string[]> {
  const script = commands.map((command) =>
    `if (${command}) >/dev/null 2>&1; then echo yes; else echo no; fi`
  );
  const result = await world.sandcage(
    ["shell", "--", "sh", "-c", script.join("\n")],
    cwd === undefined ? {} : { cwd },
  );
  assert.equal(result.code, 0, result.stderr);
  return result.stdout.trim().split("\n");
}

Deno.test("hidden content cannot be read, read-only content cannot be written", async () => {
  await using world = await makeWorld("masks", { config: MASKS });
  await fill(world);
  const commands = [
    ["test -e .env", "yes"],
    ["test -s .env", "no"],
    ["test -s link", "no"],
    ["test -d secrets", "yes"],
    ["ls secrets | grep .", "no"],
    ["test -s config/tls.pem", "no"],
    ["grep app config/app", "yes"],
    ["grep -r 'content of .env' .", "no"],
    ["echo x > .env", "no"],
    ["rm -f .env", "no"],
    ["mv .env x", "no"],
    ["ln .env x", "no"],
    ["mv secrets x", "no"],
    ["rmdir secrets", "no"],
    ["touch secrets/x", "no"],
    ["echo x > config/app", "no"],
    ["touch config/new", "no"],
    ["mv config x", "no"],
    ["echo x > src/main", "yes"],
  ] as const;
  const answers = await attempt(world, commands.map(([command]) => command));
  assert.deepEqual(
    commands.map(([command], at) => `${command}: ${answers[at]}`),
    commands.map(([command, want]) => `${command}: ${want}`),
  );
  assert.equal(await world.read(".env"), "content of .env\n");
  assert.equal(await world.read("secrets/deep/key"), "content of secrets/deep/key\n");
});

Deno.test("a path that is both hidden and read-only is refused, naming both patterns", async () => {
  await using world = await makeWorld("both", {
    config: '[workspace]\nhide = ["*.pem"]\nreadonly = ["a.*"]\n',
  });
  await world.write("a.pem", "");
  const result = await world.sandcage(["shell", "--", "true"]);
  assert.equal(result.code, 3, result.stderr);
  assert.match(result.stderr, /"\*\.pem".*"a\.\*"/s);
});

/** Attempts to change what the host's git executes; all must fail. */
const PLANT = [
  "echo evil > $G/hooks/pre-commit",
  "mv $G/hooks $G/h",
  "git config core.fsmonitor evil",
  "echo evil >> $G/config",
  "mv .git x",
  "rm -rf $G/hooks",
  "rm -f $G/config",
];

Deno.test("git commits work inside, hooks and config cannot be planted", async () => {
  await using world = await makeWorld("protected");
  const planted = await attempt(world, PLANT.map((line) => `G=.git; ${line}`));
  assert.deepEqual(planted, PLANT.map(() => "no"));
  const result = await world.sandcage([
    ...["shell", "--", "sh", "-ec"],
    "echo x > new; git add new; git commit -qm 'feat: inside'; git switch -qc topic; git status --porcelain",
  ]);
  assert.deepEqual([result.code, result.stdout], [0, ""], result.stderr);
  assert.equal((await git(world.project, ["log", "-1", "--format=%s"])).trim(), "feat: inside");
});

Deno.test("git commits work in a worktree and in a submodule, hooks cannot be planted", async (t) => {
  await using world = await makeWorld("trees");
  const tree = join(world.root, "work", "tree");
  const inner = join(world.root, "inner");
  await Deno.mkdir(inner);
  await git(inner, ["init", "-q"]);
  await git(inner, ["commit", "-q", "--allow-empty", "-m", "first"]);
  await git(world.project, ["worktree", "add", "-q", tree]);
  const file = ["-c", "protocol.file.allow=always"];
  await git(world.project, [...file, "submodule", "add", "-q", inner, "sub"]);
  for (const cwd of [tree, join(world.project, "sub")]) {
    await t.step(cwd === tree ? "worktree" : "submodule", async () => {
      const find = "G=$(git rev-parse --git-common-dir)";
      const planted = await attempt(world, PLANT.map((line) => `${find}; ${line}`), cwd);
      assert.deepEqual(planted, PLANT.map(() => "no"));
      const script = "echo x > new; git add new; git commit -qm 'feat: inside'";
      const result = await world.sandcage(["shell", "--", "sh", "-ec", script], { cwd });
      assert.equal(result.code, 0, result.stderr);
      assert.equal((await git(cwd, ["log", "-1", "--format=%s"])).trim(), "feat: inside");
    });
  }
});

for (
  const [mode, commit, repository] of [["readonly", "no", "yes"], ["none", "no", "no"]] as const
) {
  Deno.test(`git: ${mode} lets nothing be committed`, async () => {
    await using world = await makeWorld(`git-${mode}`, {
      config: `[workspace]\ngit = "${mode}"\n`,
    });
    const answers = await attempt(world, [
      "git commit --allow-empty -m x",
      "git log -1",
      "rm -rf .git/objects && test ! -e .git/objects && test ! -d .git",
    ]);
    assert.deepEqual(answers, [commit, repository, "no"]);
    assert.equal((await git(world.project, ["rev-list", "--count", "HEAD"])).trim(), "1");
  });
}

Deno.test("what is planted where no mount can be is taken away after the session", async () => {
  await using world = await makeWorld("tamper");
  const plant = "mkdir -p .git/info; echo '* filter=x' > .git/info/attributes; sleep 0.1";
  const result = await world.sandcage(["shell", "--", "sh", "-c", plant]);
  assert.match(result.stderr, /info\/attributes/);
  await assert.rejects(Deno.lstat(join(world.project, ".git/info/attributes")));
});

for (
  const [what, path, act] of [
    ["an editor saves a hidden file", ".env", async (file: string) => {
      await Deno.writeTextFile(`${file}.new`, "NEW SECRET\n");
      await Deno.rename(`${file}.new`, file);
    }],
    ["a read-only directory is made anew", "config", async (path: string) => {
      await Deno.remove(path, { recursive: true });
      await Deno.mkdir(path);
    }],
  ] as const
) {
  Deno.test(`an unattended session is ended at once when ${what} on the host`, async () => {
    await using world = await makeWorld("lost", { config: MASKS });
    await fill(world);
    const child = world.spawn(["shell", "--", "sleep", "300"]);
    await waitForContainer(world);
    await act(join(world.project, path));
    const startMs = performance.now();
    const { code, stderr } = await child.ended;
    // Long before the agent, which sleeps for five minutes.
    assert.ok(performance.now() - startMs < 120_000, "the session went on");
    assert.equal(code, 137, stderr);
    assert.match(stderr, new RegExp(`${path.replace(".", "\\.")}.*(hidden|read-only)`));
    assert.match(stderr, /The session was ended/);
    assert.deepEqual(await listContainers(world.root), []);
  });
}

Deno.test("with a person at the terminal the cage is paused until he decides", async () => {
  await using world = await makeWorld("pause", { config: MASKS });
  await fill(world);
  await using terminal = await openTerminal(world);
  await terminal.type("sandcage shell -- sh -c 'echo inside; sleep 300'");
  await terminal.expect(/^inside$/m);
  const name = await waitForContainer(world);
  await Deno.writeTextFile(join(world.project, ".env.new"), "NEW SECRET\n");
  await Deno.rename(join(world.project, ".env.new"), join(world.project, ".env"));
  await terminal.expect(/The cage is paused/);
  assert.equal(((await inspect(name)).State as { Paused: boolean }).Paused, true);
  await docker(["unpause", name]);
  await docker(["kill", name]);
  await terminal.expect(/host\$\s*$/);
  assert.deepEqual(await listContainers(world.root), []);
});

async function waitForContainer(world: World): Promise<string> {
  return await waitFor("a running container", async () => {
    const [first] = await listContainers(world.root);
    if (first === undefined) return undefined;
    const state = (await inspect(first)).State as { Running: boolean };
    return state.Running ? first : undefined;
  });
}

Deno.test("a hidden file that went along with a renamed directory refuses the next start", async () => {
  await using world = await makeWorld("renamed", {
    config: '[workspace]\nhide = ["/sub/key"]\n',
  });
  await Deno.mkdir(join(world.project, "sub"));
  await world.write("sub/key", "SECRET\n");
  const first = await world.sandcage(["shell", "--", "mv", "sub", "sub9"]);
  assert.equal(first.code, 0, first.stderr);
  const second = await world.sandcage(["shell", "--", "cat", "sub9/key"]);
  assert.notEqual(second.code, 0);
  assert.doesNotMatch(second.stdout, /SECRET/);
  assert.match(second.stderr, /sub9\/key/);
});

for (
  const name of [
    ...["with space", "q'uo\"te", "cost$HOME$$x${PATH}", "new\nline", "ünï-日本", "a:b,c=d"],
    ...["#%25", "back\\slash", "-rf"],
  ]
) {
  Deno.test(`a project named ${JSON.stringify(name)} is mounted at its own path`, async () => {
    await using world = await makeWorld("name", {
      projectName: name,
      config: '[workspace]\nhide = [".env"]\n',
    });
    await world.write(".env", "SECRET\n");
    const script = 'pwd; echo made > made; cat .env; git add made; git commit -qm x; echo "$?"';
    const result = await world.sandcage(["shell", "--", "sh", "-c", script]);
    assert.equal(result.stdout, `${world.project}\n0\n`, result.stderr);
    assert.equal(await world.read("made"), "made\n");
  });
}

for (
  const [what, path, words] of [
    ["the home directory", "home", /home directory/],
    ["the state directory", "state", /state directory/],
    ["a missing directory", "gone", /no such directory/],
    ["a file", "work/f", /not a directory/],
  ] as const
) {
  Deno.test(`${what} is refused as a project`, async () => {
    await using world = await makeWorld("refused");
    await Deno.writeTextFile(join(world.root, "work/f"), "");
    const result = await world.sandcage(["shell", "-p", join(world.root, path), "--", "true"]);
    assert.equal(result.code, 3, result.stderr);
    assert.match(result.stderr, words);
    assert.deepEqual(await listContainers(world.root), []);
  });
}
