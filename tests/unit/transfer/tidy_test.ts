import assert from "node:assert/strict";
import { findTidy, parseTidyPath } from "../../../src/transfer/tidy.ts";
import type { TreeItem } from "../../../src/tree/entry.ts";

for (
  const [word, path] of [["build", "build"], ["./dist/tmp/", "dist/tmp"], ["a b", "a b"]] as const
) {
  Deno.test(`parseTidyPath() takes ${word}`, () => assert.equal(parseTidyPath(word), path));
}

for (
  const [word, problem] of [
    ["", "it is empty"],
    [" ", "it is empty"],
    [".", "it is empty"],
    ["./", "it is empty"],
    ["/etc", "it is absolute"],
    ["C:\\x", "it is absolute"],
    ["*.pyc", "it has a wildcard"],
    ["a?", "it has a wildcard"],
    ["[a]", "it has a wildcard"],
    ["{a,b}", "it has a wildcard"],
    ["../x", "it is no plain path"],
    ["a/../../x", "it is no plain path"],
    ["a//b", "it is no plain path"],
    [".git/hooks", "it is git's"],
    ["sub/.GIT", "it is git's"],
  ] as const
) {
  Deno.test(`parseTidyPath() refuses ${JSON.stringify(word)}: ${problem}`, () => {
    const message = `Cannot remove ${JSON.stringify(word)}: ${problem}`;
    assert.throws(() => parseTidyPath(word), { message, exit: 2, code: "usage" });
  });
}

function item(path: string, kind: "file" | "dir" | "link", size = 0): TreeItem {
  return { path, kind, mode: 0o644, size, mtimeMs: 0, ctimeMs: 0 };
}

const TREE: TreeItem[] = [
  item(".ruff_cache", "dir"),
  item(".ruff_cache/a", "file", 5),
  item(".ruff_cache/__pycache__", "dir"),
  item(".ruff_cache/__pycache__/b", "file", 7),
  { path: ".ruff_cache/pipe", problem: "special file" },
  item("build", "dir"),
  item("build/x", "file", 3),
  item("builder", "file", 9),
  item("sub/__pycache__", "link"),
  item("sub/.mypy_cache", "file", 1),
];

async function* scan() {
  yield TREE.slice(0, 4);
  yield TREE.slice(4);
  await Promise.resolve();
}

Deno.test("findTidy() finds caches at their top, and no file or symlink of such a name", async () => {
  assert.deepEqual(await findTidy({ scan }, "project", { paths: [] }), [
    { path: ".ruff_cache", files: 2, bytes: 12 },
  ]);
});

Deno.test("findTidy() finds what is named, and no caches then", async () => {
  assert.deepEqual(await findTidy({ scan }, "project", { paths: ["build", "none"] }), [
    { path: "build", files: 1, bytes: 3 },
  ]);
});
