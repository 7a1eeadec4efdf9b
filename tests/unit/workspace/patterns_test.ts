import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { EXIT, UserError } from "../../../src/errors.ts";
import {
  formatRelative,
  type MaskPatterns,
  observeMatches,
} from "../../../src/workspace/patterns.ts";
import { makeTemp } from "../support/workspace.ts";

/** Makes files; a name that ends in `/` is a directory, `a -> b` a symlink. */
async function makeTree(root: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const [path = "", target] = name.split(" -> ");
    const full = join(root, path);
    await Deno.mkdir(path.endsWith("/") ? full : dirname(full), { recursive: true });
    if (target !== undefined) await Deno.symlink(target, full);
    else if (!path.endsWith("/")) await Deno.writeTextFile(full, path);
  }
}

async function select(names: readonly string[], patterns: Partial<MaskPatterns>) {
  await using temp = await makeTemp();
  await makeTree(temp.path, names);
  const found = await observeMatches(temp.path, { hide: [], readonly: [], ...patterns });
  return {
    hidden: found.hidden.map((match) => formatRelative(temp.path, match.path)),
    readonly: found.readonly.map((match) => formatRelative(temp.path, match.path)),
    warnings: found.warnings,
  };
}

for (
  const [title, names, patterns, hidden, readonly] of [
    ["nothing without patterns", ["a"], {}, [], []],
    ["a name at any depth", [".env", "a/.env", "b"], { hide: [".env"] }, [".env", "a/.env"], []],
    ["an anchored name", ["x", "a/x"], { hide: ["/x"] }, ["x"], []],
    ["a directory as one", ["s/a", "s/b/c"], { hide: ["s/"] }, ["s"], []],
    ["no file by a directory pattern", ["s"], { hide: ["s/"] }, [], []],
    ["all but a negated one", ["a.pem", "ok.pem"], { hide: ["*.pem", "!ok.pem"] }, ["a.pem"], []],
    ["by case", ["A.pem", "a.PEM"], { hide: ["*.pem"] }, ["A.pem"], []],
    ["hidden in read-only", ["c/k", "c/v"], { hide: ["k"], readonly: ["c/"] }, ["c/k"], ["c"]],
    ["read-only once", ["c/d/e"], { readonly: ["c/", "d/"] }, [], ["c"]],
    ["nothing in .git", [".git/x", "s/.git/x", "x"], { hide: ["x"] }, ["x"], []],
    ["the target of a link", ["d/real", "l -> d/real"], { hide: ["/l"] }, ["d/real"], []],
    ["nothing behind a link out", ["l -> /etc/hostname"], { hide: ["l"] }, [], []],
    ["nothing behind a dangling link", ["l -> nowhere"], { hide: ["l"] }, [], []],
    ["no second time through a link", ["s/a", "l -> s/a"], { hide: ["s/", "l"] }, ["s"], []],
    ["nothing through a linked directory", ["d/x", "l -> d"], { hide: ["l/x"] }, [], []],
    ["names with blanks and newlines", ["a b/c\nd"], { hide: ["c*"] }, ["a b/c\nd"], []],
  ] as const
) {
  Deno.test(`observeMatches() selects ${title}`, async () => {
    assert.deepEqual(await select(names, patterns), { hidden, readonly, warnings: [] });
  });
}

for (
  const [title, names, patterns] of [
    ["the same pattern", ["a"], { hide: ["a"], readonly: ["a"] }],
    ["different patterns", ["a.x"], { hide: ["a.*"], readonly: ["*.x"] }],
    ["a link and its target", ["a", "l -> a"], { hide: ["l"], readonly: ["a"] }],
    ["a directory and a path in it", ["s/a"], { hide: ["s/"], readonly: ["s/a"] }],
  ] as const
) {
  Deno.test(`observeMatches() refuses a path that is both, by ${title}`, async () => {
    await assert.rejects(select(names, patterns), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.code, "mask-refused");
      assert.equal(error.exit, EXIT.config);
      for (const pattern of [...patterns.hide, ...patterns.readonly]) {
        assert.ok(error.message.includes(JSON.stringify(pattern)));
      }
      return true;
    });
  });
}

Deno.test("observeMatches() refuses a link that selects the project itself", async () => {
  await assert.rejects(select(["d/l -> .."], { hide: ["l"] }), /which holds the project/);
});

Deno.test("observeMatches() refuses when a directory cannot be read, naming it", async () => {
  await using temp = await makeTemp();
  await makeTree(temp.path, ["a/b/c"]);
  const list = (path: string) => {
    if (path.endsWith("/b")) throw Object.assign(new Error("EACCES"), { code: "EACCES" });
    return Deno.readDirSync(path);
  };
  await assert.rejects(
    observeMatches(temp.path, { hide: ["k"], readonly: [] }, { list }),
    (error) =>
      error instanceof UserError && error.code === "mask-refused" &&
      error.message.includes(join(temp.path, "a/b")),
  );
});

Deno.test("observeMatches() warns about a hidden file with a second name", async () => {
  await using temp = await makeTemp();
  await makeTree(temp.path, ["a"]);
  await Deno.link(join(temp.path, "a"), join(temp.path, "b"));
  const found = await observeMatches(temp.path, { hide: ["a"], readonly: [] });
  assert.match(found.warnings.join(), /1 more name/);
});

Deno.test("observeMatches() refuses more masks than a container can carry", async () => {
  const list = () =>
    Array.from({ length: 1001 }, (_, at) => ({
      name: `${at}.x`,
      isDirectory: false,
      isSymlink: false,
    }));
  await assert.rejects(
    observeMatches("/nowhere", { hide: ["*.x"], readonly: [] }, { list }),
    /Cannot mask 1001 paths/,
  );
});

const part = fc.constantFrom("a", "b", "ab", "a.x", "B", ".e");
const wild = fc.constantFrom("a", "b", "*", "?", "a*", "*.x", "**", "[ab]", ".e", "a b", "B");
const pattern = fc.tuple(
  fc.constantFrom("", "", "", "!"),
  fc.constantFrom("", "/"),
  fc.array(wild, { minLength: 1, maxLength: 3 }),
  fc.constantFrom("", "", "/"),
).map(([not, anchor, parts, end]) => `${not}${anchor}${parts.join("/")}${end}`);

Deno.test("observeMatches() agrees with git check-ignore", async () => {
  await using temp = await makeTemp();
  await new Deno.Command("git", { args: ["init", "-q", temp.path] }).output();
  const files = fc.array(fc.array(part, { minLength: 1, maxLength: 3 }), { maxLength: 12 });
  let at = 0;
  await fc.assert(
    fc.asyncProperty(
      files,
      fc.array(pattern, { minLength: 1, maxLength: 4 }),
      async (paths, hide) => {
        const root = join(temp.path, `t${at++}`);
        await Deno.mkdir(root);
        for (const path of paths) {
          // A name may be taken by a file where a directory is wanted: that path is left out.
          await makeTree(root, [path.join("/")]).catch(() => undefined);
        }
        const found = await observeMatches(root, { hide, readonly: [] });
        const ours = found.hidden.map((match) => formatRelative(root, match.path));
        assert.deepEqual(ours, await selectByGit(root, hide));
      },
    ),
    { numRuns: 60, seed: 11 },
  );
});

/** What git ignores below `root`, topmost paths only, by a `.gitignore` it is given for a moment. */
async function selectByGit(root: string, patterns: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  const list = (dir: string, prefix: string) => {
    for (const entry of Deno.readDirSync(dir)) {
      all.push(`${prefix}${entry.name}`);
      if (entry.isDirectory) list(join(dir, entry.name), `${prefix}${entry.name}/`);
    }
  };
  list(root, "");
  if (all.length === 0) return [];
  await Deno.writeTextFile(join(root, ".gitignore"), patterns.join("\n") + "\n");
  const child = new Deno.Command("git", {
    args: ["check-ignore", "--no-index", "--stdin", "-z"],
    cwd: root,
    env: { GIT_CONFIG_GLOBAL: "/dev/null" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(all.join("\0")));
  await writer.close();
  const { stdout } = await child.output();
  const ignored = new Set(new TextDecoder().decode(stdout).split("\0").filter(Boolean));
  return [...ignored].filter((path) => {
    for (let up = dirname(path); up !== "."; up = dirname(up)) if (ignored.has(up)) return false;
    return true;
  }).sort();
}
