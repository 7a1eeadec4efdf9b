import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import {
  compileSource,
  createIgnoreMatcher,
  findSource,
  mayMatch,
} from "../../../src/tree/ignore_rules.ts";
import type { RuleSource } from "../../../src/tree/rules.ts";
import { git, makeTemp } from "../support/workspace.ts";

function source(text: string, base = "", origin = `${base}/.gitignore`): RuleSource {
  return { base, text, origin };
}

for (
  const [title, texts, path, expected] of [
    ["a name at any depth", ["*.log"], "a/b.log", true],
    ["an anchored name only at the top", ["/x"], "a/x", false],
    ["a directory's pattern for no file", ["x/"], "x", false],
    ["a directory with all in it", ["x/"], "x/y/z", true],
    ["what a later line takes in again", ["*.log\n!keep.log"], "keep.log", false],
    ["what is in an excluded directory, whatever a later line says", ["x/\n!x/y"], "x/y", true],
    ["what a later source takes in again, with its directory", ["x/", "!x/"], "x/y", false],
    ["what a later source excludes again", ["!x", "x"], "x", true],
    ["nothing for a comment", ["# a"], "# a", false],
    ["a name that begins with a hash", ["\\#a"], "#a", true],
    ["a name by its bytes", ["?"], "é", false],
    ["a name of two bytes", ["??"], "é", true],
    ["nothing by a bracket without its end", ["a[b"], "a[b", false],
    ["nothing by a backslash at the end", ["a\\"], "a\\", false],
    ["a name by case", ["A"], "a", false],
    ["a name with a blank at its end", ["a\\ "], "a ", true],
    ["lines with CRLF", ["a\r\nb\r\n"], "b", true],
    ["a file with a byte order mark", ["\uFEFFa"], "a", true],
    ["directories between", ["a/**/b"], "a/x/y/b", true],
    ["no directory between", ["a/**/b"], "a/b", true],
  ] as const
) {
  Deno.test(`createIgnoreMatcher() knows ${title}`, () => {
    const matcher = createIgnoreMatcher(texts.map((text) => source(text)));
    assert.equal(matcher(path, { directory: false }) !== undefined, expected);
  });
}

Deno.test("createIgnoreMatcher() names the source, nearer ones before farther ones", () => {
  const [far, near] = [source("*.log"), source("!*.log\nz.log", "a")];
  const matcher = createIgnoreMatcher([far, near]);
  assert.equal(matcher("x.log", { directory: false }), far);
  assert.equal(matcher("a/x.log", { directory: false }), undefined);
  assert.equal(matcher("a/z.log", { directory: false }), near);
  assert.equal(matcher("ab/z.log", { directory: false }), far);
});

Deno.test("createIgnoreMatcher() takes no long time for a pattern that is made to", () => {
  const matcher = createIgnoreMatcher([source(`${"*a".repeat(60)}b\n${"**/a*a/".repeat(20)}b`)]);
  const path = `${"a".repeat(250)}/`.repeat(10) + "a".repeat(200);
  const start = performance.now();
  assert.equal(matcher(path, { directory: false }), undefined);
  // Milliseconds; for ever, if each star were tried with each other.
  assert.ok(performance.now() - start < 20_000);
});

const name = fc.constantFrom(
  ...[
    "a",
    "b",
    "ab",
    "abc",
    "a.x",
    "B",
    ".e",
    "é",
    "a b",
    "#a",
    "!b",
    "a]",
    "[a",
    "a-",
    "a*b",
    "foo",
  ],
);
const piece = fc.constantFrom(
  ...[
    "a",
    "b",
    "c",
    "x",
    ".",
    "*",
    "**",
    "?",
    "[ab]",
    "[!a]",
    "[^b]",
    "[a-c]",
    "[]a]",
    "[a-",
    "\\a",
  ],
  ...["\\*", "\\", "[[:alpha:]]", "[[:nope:]]", "[[:punct:]]", "[\\]]", "[a/]", "é", " ", "#", "!"],
  ...["-", "[", "]", "foo", "\\ ", "[c-a]", "[a-\\c]", "[[:a]", "[é]"],
);
const word = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(""));
const pattern = fc.tuple(
  fc.constantFrom("", "", "", "", "!", "\\!", "#"),
  fc.constantFrom("", "", "/"),
  fc.array(fc.oneof(word, fc.constantFrom("**", "*", "a", "b", "foo**", "**foo")), {
    minLength: 1,
    maxLength: 4,
  }),
  fc.constantFrom("", "", "", "/", " ", "\r", "\\/", "/**", "/*"),
).map(([start, anchor, words, end]) => start + anchor + words.join("/") + end);

type Case = { files: string[][]; rules: { base: string[]; lines: string[] }[] };
const cases: fc.Arbitrary<Case> = fc.record({
  files: fc.array(fc.array(name, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 25 }),
  rules: fc.array(
    fc.record({
      base: fc.array(name, { maxLength: 2 }),
      lines: fc.array(pattern, { minLength: 1, maxLength: 5 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});

Deno.test("createIgnoreMatcher() agrees with git check-ignore on random trees and rules", async () => {
  await using temp = await makeTemp();
  await git(temp.path, ["init", "-q", "."]);
  // One process of git for many trees: each tree is a directory with rules of its own.
  const all = fc.sample(cases, { numRuns: Number(Deno.env.get("SANDCAGE_RUNS") ?? 400), seed: 5 });
  const asked: { path: string; ours: string | undefined }[] = [];
  for (const [at, { files, rules }] of all.entries()) {
    const tree = `t${at}`;
    const made = makeTree(join(temp.path, tree), files);
    const sources = new Map<string, RuleSource>();
    for (const { base, lines } of rules) {
      const dir = [tree, ...base].join("/");
      if (isDirectory(join(temp.path, dir))) {
        sources.set(dir, source(lines.join("\n"), dir, `${dir}/.gitignore`));
      }
    }
    for (const [dir, { text }] of sources) {
      Deno.writeTextFileSync(join(temp.path, dir, ".gitignore"), text);
    }
    const ordered = [...sources.values()].sort((a, b) => a.base < b.base ? -1 : 1);
    const matcher = createIgnoreMatcher(ordered);
    for (const { path, directory } of made) {
      const full = `${tree}/${path}`;
      asked.push({ path: full, ours: matcher(full, { directory })?.origin });
    }
  }
  const theirs = await checkIgnore(temp.path, asked.map(({ path }) => path));
  const wrong = asked.filter(({ path, ours }) => theirs.get(path) !== ours);
  assert.deepEqual(
    wrong.slice(0, 5).map(({ path, ours }) => ({
      path,
      ours,
      theirs: theirs.get(path),
      rules: all[Number(/\d+/.exec(path)![0])]!.rules,
    })),
    [],
  );
  assert.ok(asked.some(({ ours }) => ours !== undefined));
});

/** Makes what of a tree can be made; bases of rules become directories by chance alone. */
function makeTree(
  root: string,
  files: readonly string[][],
): { path: string; directory: boolean }[] {
  Deno.mkdirSync(root);
  for (const parts of files) {
    try {
      Deno.mkdirSync(dirname(join(root, ...parts)), { recursive: true });
      if (parts.length % 2 === 0) Deno.mkdirSync(join(root, ...parts));
      else Deno.writeTextFileSync(join(root, ...parts), "");
    } catch {
      // A name is taken by a file where a directory is wanted: that path is left out.
    }
  }
  const made: { path: string; directory: boolean }[] = [];
  const list = (dir: string, prefix: string) => {
    for (const entry of Deno.readDirSync(dir)) {
      const path = prefix + entry.name;
      made.push({ path, directory: entry.isDirectory });
      if (entry.isDirectory) list(join(dir, entry.name), `${path}/`);
    }
  };
  list(root, "");
  return made;
}

/** Which file of rules keeps a path out, for git. */
async function checkIgnore(root: string, paths: readonly string[]): Promise<Map<string, string>> {
  const child = new Deno.Command("git", {
    args: [
      "-c",
      "core.excludesFile=/dev/null",
      "check-ignore",
      "--no-index",
      "-v",
      "-z",
      "--stdin",
    ],
    cwd: root,
    env: { GIT_CONFIG_GLOBAL: "/dev/null" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writing = (async () => {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(paths.join("\0")));
    await writer.close();
  })();
  const [{ stdout }] = await Promise.all([child.output(), writing]);
  const fields = new TextDecoder().decode(stdout).split("\0");
  const found = new Map<string, string>();
  for (let at = 0; at + 3 < fields.length; at += 4) {
    const [origin = "", , rule = "", path = ""] = fields.slice(at, at + 4);
    if (!rule.startsWith("!")) found.set(path, origin);
  }
  return found;
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

Deno.test("mayMatch() is false for no name that a pattern matches, and for nearly all others", () => {
  let [asked, passed] = [0, 0];
  fc.assert(
    fc.property(
      fc.array(pattern, { minLength: 1, maxLength: 4 }),
      fc.array(name, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      (lines, parts, directory) => {
        const text = lines.map((line) => `${line.replace(/^!+/, "")}\n`).join("");
        const sources = [compileSource({ base: "", text, origin: "" })];
        const path = parts.join("/");
        const last = parts.at(-1)!;
        const found = findSource({ excludedBy: undefined, sources }, {
          path,
          name: last,
          directory,
        });
        if (found !== undefined) assert.ok(mayMatch(sources, last), JSON.stringify({ text, path }));
      },
    ),
    { numRuns: 5000, seed: 3 },
  );
  const usual = [
    compileSource({ base: "", text: "*.py[cod]\nnode_modules/\n/.env\n*.log\n", origin: "" }),
  ];
  for (
    const file of ["main.ts", "a.rs", "x.txt", "package.json", "index.html", "a.png", "a.css"]
  ) {
    asked++;
    if (mayMatch(usual, file)) passed++;
  }
  assert.ok(passed < asked / 2, `${passed} of ${asked}`);
  for (const file of ["a.pyc", "node_modules", ".env", "a.log", "é", "a.é"]) {
    assert.ok(mayMatch(usual, file), file);
  }
});
