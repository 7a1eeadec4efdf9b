import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { denoFs } from "../../../src/transfer/deno_fs.ts";
import { comparePaths, isProblem, type TreeItem } from "../../../src/tree/entry.ts";
import type { TreeFs } from "../../../src/tree/fs.ts";
import type { RuleSource } from "../../../src/tree/rules.ts";
import { scanHostTree, scanTree } from "../../../src/tree/scan.ts";
import { git, makeTemp } from "../support/workspace.ts";

/** Makes a tree: `a/` a directory, `a -> b` a link, else a file with `text`, or its name in it. */
async function makeTree(root: string, names: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(names)) {
    const [path = "", target] = name.split(" -> ");
    const full = join(root, path);
    await Deno.mkdir(path.endsWith("/") ? full : dirname(full), { recursive: true });
    if (target !== undefined) await Deno.symlink(target, full);
    else if (!path.endsWith("/")) await Deno.writeTextFile(full, text);
  }
}

function show(items: Iterable<TreeItem>): string[] {
  return [...items].map((item) => {
    if (isProblem(item)) return `${item.path}: ${item.problem}`;
    if (item.kind === "link") return `${item.path} -> ${item.target}`;
    return item.kind === "dir" ? `${item.path}/` : item.path;
  });
}

function rule(text: string, base = ""): RuleSource {
  return { base, text, origin: "test" };
}

async function scan(names: Readonly<Record<string, string>>, rules: readonly RuleSource[] = []) {
  await using temp = await makeTemp();
  await makeTree(temp.path, names);
  return show(scanTree(temp.path, { fs: denoFs(), rules }));
}

Deno.test("scanTree() visits names in order, a directory before what is in it", async () => {
  const found = await scan({ "a.b": "", "a/z": "", "a/b/": "", "a-": "", "Z": "", "é": "" });
  assert.deepEqual(found, ["Z", "a/", "a/b/", "a/z", "a-", "a.b", "é"]);
});

Deno.test("scanTree() leaves out what is excluded, and git's own", async () => {
  const names = { ".git/HEAD": "", "s/.git": "", "b/x": "", "b/y": "", "c.log": "", "k.log": "" };
  const found = await scan(names, [rule("b/\n*.log\n!k.log")]);
  assert.deepEqual(found, ["k.log", "s/"]);
});

Deno.test("scanTree() tells of names that git could take for its own", async () => {
  const found = await scan({ ".GIT/x": "", "git~1": "", ".g\u200cit": "", "ok": "" });
  assert.deepEqual(found, [
    ".GIT: unsafe name",
    ".g\u200cit: unsafe name",
    "git~1: unsafe name",
    "ok",
  ]);
});

Deno.test("scanTree() follows no link and takes none that leads out", async () => {
  const names = {
    "d/x": "",
    "in -> d": "",
    "out -> ../..": "",
    "abs -> /etc": "",
    "d/up -> ../d": "",
  };
  assert.deepEqual(await scan(names), [
    "abs: unsafe link",
    "d/",
    "d/up -> ../d",
    "d/x",
    "in -> d",
    "out: unsafe link",
  ]);
});

Deno.test({
  name: "scanTree() tells of pipes and of names that are no UTF-8",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using temp = await makeTemp();
    const script = `mkfifo pipe && : > "$(printf 'n\\377o')" && : > plain`;
    await new Deno.Command("sh", { args: ["-c", script], cwd: temp.path }).output();
    assert.deepEqual(show(scanTree(temp.path, { fs: denoFs(), rules: [] })), [
      "n\\xffo: not UTF-8",
      "pipe: special file",
      "plain",
    ]);
  },
});

/** A file system in which some calls fail. */
function failing(failures: { list?: string; openRead?: string; lstat?: string }): TreeFs {
  const fs = denoFs();
  const fail = (wanted: string | undefined, path: string) => {
    if (wanted !== undefined && path.endsWith(wanted)) throw new Error("EACCES");
  };
  return {
    ...fs,
    list: (path) => (fail(failures.list, path), fs.list(path)),
    lstat: (path) => (fail(failures.lstat, path), fs.lstat(path)),
    // One after the other, so that one of them can fail.
    lstatIn: () => undefined,
    openRead: (path) => (fail(failures.openRead, path), fs.openRead(path)),
  };
}

Deno.test("scanTree() tells of what cannot be read, and goes on", async () => {
  await using temp = await makeTemp();
  await makeTree(temp.path, { "a/x": "", "b/y": "", "c": "" });
  const list = (fs: TreeFs) => show(scanTree(temp.path, { fs, rules: [] }));
  assert.deepEqual(list(failing({ list: "/a" })), ["a: unreadable", "b/", "b/y", "c"]);
  assert.deepEqual(list(failing({ lstat: "/b" })), ["a/", "a/x", "b: unreadable", "c"]);
  assert.throws(() => list(failing({ list: temp.path })), /EACCES/);
});

Deno.test("scanHostTree() enters no directory whose .gitignore cannot be read", async () => {
  await using temp = await makeTemp();
  await makeTree(temp.path, { "a/.gitignore": "secret", "a/secret": "", "b": "" });
  const fs = failing({ openRead: "a/.gitignore" });
  const { items } = scanHostTree(temp.path, { fs, before: [], after: [] });
  assert.deepEqual(show(items), ["a: unreadable", "b"]);
});

Deno.test("scanHostTree() layers .gitignore files between the other rules, and answers with all", async () => {
  await using temp = await makeTemp();
  await makeTree(temp.path, {
    ".gitignore": "*.log\n!keep.pyc\n",
    "a/.gitignore": "!*.log\nlocal\n",
    "a/x.log": "",
    "a/local": "",
    "x.log": "",
    "keep.pyc": "",
    "no.pyc": "",
    "a/protected.log": "",
    "linked/.gitignore -> ../.gitignore": "",
    "linked/y.log": "",
    "linked/local": "",
    "ignored/.gitignore": "!*",
    "ignored/z": "",
  });
  const before = [rule("*.pyc")];
  const after = [rule("protected.log\nignored/")];
  const scanned = scanHostTree(temp.path, { fs: denoFs(), before, after });
  const found = show(scanned.items);
  assert.deepEqual(found, [
    ".gitignore",
    "a/",
    "a/.gitignore",
    "a/x.log",
    "keep.pyc",
    "linked/",
    "linked/.gitignore -> ../.gitignore",
    "linked/local",
  ]);
  const rules = scanned.rules();
  assert.deepEqual(rules.map(({ base, origin }) => [base, origin]), [
    ["", "test"],
    ["", ".gitignore"],
    ["a", "a/.gitignore"],
    ["", "test"],
  ]);
  assert.deepEqual(show(scanTree(temp.path, { fs: denoFs(), rules })), found);
});

const name = fc.constantFrom("a", "b", "ab", "a.x", "B", ".e", "a-", "é", "z");
const line = fc.constantFrom(
  ...[
    "a",
    "b/",
    "!a",
    "*.x",
    "/a",
    "a/b",
    "**/b",
    "a/**",
    "!b/",
    "*",
    "!*/",
    "[ab]",
    "?",
    "z",
    "!z",
  ],
);

Deno.test("scanHostTree() finds what git would take, on random trees", async () => {
  await using temp = await makeTemp();
  let at = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(name, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 15 }),
      fc.array(fc.tuple(fc.array(name, { maxLength: 2 }), fc.array(line, { maxLength: 4 })), {
        maxLength: 3,
      }),
      async (files, rules) => {
        const root = join(temp.path, `t${at++}`);
        await git(temp.path, ["init", "-q", root]);
        const names = [
          ...files.map((parts): [string, string] => [parts.join("/"), ""]),
          ...rules.map(([base, lines]): [string, string] => {
            return [[...base, ".gitignore"].join("/"), lines.join("\n")];
          }),
        ];
        for (const [path, text] of names) {
          // A name may be taken by a file where a directory is wanted: that path is left out.
          await makeTree(root, { [path]: text }).catch(() => undefined);
        }
        const { items } = scanHostTree(root, { fs: denoFs(), before: [], after: [] });
        const all = [...items];
        const ours = all.flatMap((item) => isProblem(item) || item.kind === "dir" ? [] : item.path);
        const listed = await git(root, ["ls-files", "-co", "--exclude-standard", "-z"]);
        assert.deepEqual(ours, listed.split("\0").filter(Boolean).sort(comparePaths));
        const paths = all.map(({ path }) => path);
        assert.deepEqual(paths, paths.toSorted(comparePaths));
      },
    ),
    { numRuns: 60, seed: 3 },
  );
});
