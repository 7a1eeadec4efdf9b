import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT, UserError } from "../../../src/errors.ts";
import { readHostRules } from "../../../src/transfer/host_rules.ts";
import { findTrackedIgnored } from "../../../src/transfer/tracked_ignored.ts";
import { createIgnoreMatcher } from "../../../src/tree/ignore_rules.ts";
import { git, makeTemp, testHost } from "../support/workspace.ts";

/** A home, and a project in it with a git directory; files by path below the home. */
async function makeHost(files: Readonly<Record<string, string>>) {
  const temp = await makeTemp();
  const root = join(temp.path, "project");
  await Deno.mkdir(join(root, ".git", "info"), { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(join(temp.path, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(temp.path, path), text);
  }
  const gitDir = join(root, ".git");
  // Nothing of this machine's own configuration counts.
  const env = { GIT_CONFIG_NOSYSTEM: "1" };
  return {
    root,
    read: (options: Partial<Parameters<typeof readHostRules>[0]> = {}) =>
      readHostRules({
        host: testHost({ home: temp.path, cwd: root, env }),
        root,
        git: { gitDir, commonDir: gitDir },
        protect: [],
        ...options,
      }),
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

type Rules = Awaited<ReturnType<typeof readHostRules>>;

function origins({ before, after }: Rules): string[][] {
  return [before.map(({ origin }) => origin), after.map(({ origin }) => origin)];
}

function excluded({ before, after }: Rules, path: string, gitignore = ""): boolean {
  const nested = { base: "", text: gitignore, origin: ".gitignore" };
  const directory = path.endsWith("/");
  const matcher = createIgnoreMatcher([...before, nested, ...after]);
  return matcher(directory ? path.slice(0, -1) : path, { directory }) !== undefined;
}

Deno.test("readHostRules() puts every source in its place", async () => {
  await using host = await makeHost({
    ".config/git/ignore": "*.global",
    "project/.git/info/exclude": "*.info",
    "project/.cageprotect": "CLAUDE.md",
  });
  const rules = await host.read({ protect: ["*.md"], hide: [".env"] });
  assert.deepEqual(origins(rules), [
    ["caches", "~/.config/git/ignore", ".git/info/exclude"],
    [".cageprotect", "workspace.protect, --protect", "workspace.hide", "sandcage"],
  ]);
});

Deno.test("readHostRules() has nothing of files that are not there", async () => {
  await using host = await makeHost({});
  assert.deepEqual(origins(await host.read({ includeCache: true })), [[], ["sandcage"]]);
});

for (
  const [title, path, gitignore, expected] of [
    ["a directory of caches", "a/__pycache__/", "", true],
    ["a compiled file", "a/x.pyc", "", true],
    ["installed packages", "node_modules/", "", true],
    ["caches that .gitignore takes in again", "node_modules/", "!node_modules/", false],
    ["an environment", "venv/", "", true],
    ["an environment that .gitignore takes in again", "a/.venv/", "!.venv/", true],
    ["git's own files", ".git/", "!.git", true],
    ["the file that protects", ".cageprotect", "!.cageprotect", true],
    ["what an export put aside", "a/.gitignore.pre-export", "", true],
    ["a file with the name of an environment", "venv", "", false],
    [".gitignore itself", ".gitignore", "", false],
    ["an ordinary file", "src/main.ts", "", false],
  ] as const
) {
  Deno.test(`readHostRules() ${expected ? "keeps back" : "lets through"} ${title}`, async () => {
    await using host = await makeHost({});
    assert.equal(excluded(await host.read(), path, gitignore), expected);
  });
}

Deno.test("readHostRules() lets caches through when asked, environments never", async () => {
  await using host = await makeHost({});
  const rules = await host.read({ includeCache: true });
  assert.equal(excluded(rules, "node_modules/"), false);
  assert.equal(excluded(rules, "venv/"), true);
});

Deno.test("readHostRules() lets .cageprotect and --protect win over .gitignore", async () => {
  await using host = await makeHost({ "project/.cageprotect": "secrets/\n!notes.md\n" });
  const rules = await host.read({ protect: ["*.key", ".gitignore"] });
  assert.equal(excluded(rules, "secrets/", "!secrets/"), true);
  assert.equal(excluded(rules, "notes.md", "*.md"), false);
  assert.equal(excluded(rules, "a.key", "!*.key"), true);
  assert.equal(excluded(rules, ".gitignore"), true);
});

for (
  const [title, files, path] of [
    ["the default place", { ".config/git/ignore": "x" }, "x"],
    ["the user's config", { ".gitconfig": "[core]\nexcludesFile = ~/mine", "mine": "x" }, "x"],
    ["an included config", {
      ".gitconfig": "[include]\npath = more",
      "more": "[core]\nexcludesfile = ~/mine",
      "mine": "x",
    }, "x"],
    ["the repository's own config", {
      ".gitconfig": "[core]\nexcludesFile = ~/mine",
      "project/.git/config": "[core]\nexcludesFile = ~/own",
      "mine": "no",
      "own": "x",
    }, "x"],
    ["a path from the project", {
      ".gitconfig": "[core]\nexcludesFile = .ignored",
      "project/.ignored": "x",
    }, "x"],
  ] as const
) {
  Deno.test(`readHostRules() finds core.excludesFile by ${title}`, async () => {
    await using host = await makeHost(files);
    const rules = await host.read();
    assert.equal(excluded(rules, path), true);
    assert.equal(excluded(rules, path, `!${path}`), false);
    assert.equal(excluded(rules, "no"), false);
  });
}

Deno.test("readHostRules() knows the ignore files above a part of a repository", async () => {
  await using host = await makeHost({
    "project/.git/HEAD": "ref: refs/heads/main\n",
    "project/.git/objects/x": "",
    "project/.git/info/exclude": "/web/app/info\n",
    "project/.gitignore": ".env\n/web/app/top\n/other/top\nweb/*/deep/*.log\nweb/\n",
    "project/web/.gitignore": "app/near\n!.env.example\n",
    "project/web/app/a": "",
  });
  const rules = await host.read({ root: join(host.root, "web", "app"), git: {} });
  const found = [".env", "info", "top", "near", "deep/x.log", "sub/near", "a", "app/near", "x.log"]
    .filter((path) => excluded(rules, path));
  assert.deepEqual(found, [".env", "info", "top", "near", "deep/x.log"]);
  assert.deepEqual(origins(rules)[0], [
    ...["caches", ".git/info/exclude", "../../.gitignore", "../.gitignore"],
  ]);
});

Deno.test("readHostRules() takes nothing from a home that is kept in git", async () => {
  await using host = await makeHost({
    ".git/HEAD": "ref: refs/heads/main\n",
    ".git/objects/x": "",
    ".gitignore": "*\n",
  });
  await Deno.remove(join(host.root, ".git"), { recursive: true });
  assert.deepEqual(origins(await host.read({ git: {} })), [["caches"], ["sandcage"]]);
});

Deno.test("readHostRules() fails when .cageprotect is no ordinary file", async () => {
  await using host = await makeHost({});
  await Deno.symlink("/etc/hostname", join(host.root, ".cageprotect"));
  await assert.rejects(host.read(), (error) => {
    return error instanceof UserError && error.exit === EXIT.config &&
      /\.cageprotect.*no ordinary file/.test(error.message);
  });
});

Deno.test("findTrackedIgnored() names files that are tracked and match all the same", async () => {
  await using temp = await makeTemp();
  await git(temp.path, ["init", "-q", "."]);
  const files = { "a.log": "", "b.txt": "", "d/\n.log": "", ".gitignore": "*.log\n" };
  await Deno.mkdir(join(temp.path, "d"));
  for (const [path, text] of Object.entries(files)) {
    await Deno.writeTextFile(join(temp.path, path), text);
  }
  await git(temp.path, ["add", "-f", "."]);
  // A repository can be told to run this when its files are listed.
  await git(temp.path, ["config", "core.fsmonitor", `touch ${join(temp.path, "ran")} #`]);
  const env = { PATH: Deno.env.get("PATH"), GIT_DIR: "/nowhere", GIT_CONFIG_GLOBAL: "/dev/null" };
  const isLeftOut = createIgnoreMatcher([{ base: "", text: "*.log\n", origin: "" }]);
  const found = await findTrackedIgnored(temp.path, { env, isLeftOut });
  assert.deepEqual(found, ["a.log", "d/\n.log"]);
  await assert.rejects(Deno.lstat(join(temp.path, "ran")), Deno.errors.NotFound);
});

Deno.test("findTrackedIgnored() finds nothing outside of a repository, and without git", async () => {
  await using temp = await makeTemp();
  const env = { PATH: Deno.env.get("PATH"), GIT_CEILING_DIRECTORIES: "/" };
  const isLeftOut = () => ({ base: "", text: "*\n", origin: "" });
  assert.deepEqual(await findTrackedIgnored(temp.path, { env, isLeftOut }), []);
  const without = { env: { PATH: temp.path }, isLeftOut };
  assert.deepEqual(await findTrackedIgnored(temp.path, without), []);
});
