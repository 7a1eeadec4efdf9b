import assert from "node:assert/strict";
import { formatProblems, formatRow, formatSums, toRows } from "../../../src/cli/file_rows.ts";
import { chooseRoots } from "../../../src/cli/file_site.ts";
import { findPath } from "../../../src/cli/commands/sync.ts";
import { findPager } from "../../../src/cli/pager.ts";
import { UserError } from "../../../src/errors.ts";
import type { TransferPlan } from "../../../src/transfer/plan_transfer.ts";
import { formatBytes, formatTransfer } from "../../../src/transfer/progress.ts";
import type { TreeEntry } from "../../../src/tree/entry.ts";

function entry(path: string, kind: TreeEntry["kind"], size = 0): TreeEntry {
  return { path, kind, mode: 0o644, size, mtimeMs: 1, ctimeMs: 1 };
}

const PLAN: TransferPlan = {
  removes: ["gone", "turns"],
  writes: [
    { path: "dir", change: "added", entry: entry("dir", "dir") },
    { path: "e\x1b[31m\u202e", change: "modified", entry: entry("e\x1b[31m\u202e", "file", 3) },
    { path: "link", change: "added", entry: entry("link", "link") },
    { path: "turns", change: "kind", entry: entry("turns", "file", 1) },
  ],
  modes: [{ path: "run", executable: true }],
  conflicts: [{ path: "both", reason: "both changed", inner: "deleted", host: "modified" }],
  kept: ["stays"],
  expected: [],
  problems: [],
};

Deno.test("every path of a plan is one row, and nothing in it acts on a terminal", () => {
  const rows = toRows(PLAN, new Set(["e\x1b[31m\u202e"]));
  assert.deepEqual(rows.map(formatRow), [
    ["conflict", "both", "deleted in the cage, modified here"],
    ["added", "dir/", ""],
    ["modified", "e^[[31m<U+202E>", "binary"],
    ["deleted", "gone", ""],
    ["added", "link", "symlink"],
    ["mode", "run", "executable"],
    ["deleted", "stays", "stays without --delete"],
    ["replaced", "turns", ""],
  ]);
  assert.equal(
    formatSums(rows),
    "2 added, 1 modified, 1 replaced, 1 mode, 1 deleted, 1 deleted inside only, 1 conflict",
  );
});

Deno.test("of many paths that do not cross a few are named", () => {
  const problems = Array.from({ length: 22 }, (_, at) => ({
    path: `p${at}\u202e`,
    problem: "special file" as const,
    side: "inner" as const,
  }));
  const lines = formatProblems(problems);
  assert.equal(lines.length, 21);
  assert.equal(lines[0], 'Not carried: "p0\\u202e" in the cage is a pipe, socket or device');
  assert.equal(lines.at(-1), "Not carried: 2 more");
});

for (
  const [word, cwd, want] of [
    ["a.txt", "/p", "a.txt"],
    ["./src/../a.txt", "/p", "a.txt"],
    ["a.txt", "/p/src", "src/a.txt"],
    ["../a.txt", "/p/src", "a.txt"],
    ["a.txt", "/elsewhere", "a.txt"],
    ["/p/src", "/elsewhere", "src"],
    [".", "/p", ""],
    ["..a", "/p", "..a"],
    ["../x", "/p", undefined],
    ["src/../../x", "/p", undefined],
    ["/etc/passwd", "/p", undefined],
    ["/project", "/p", undefined],
  ] as const
) {
  Deno.test(`--files ${word} from ${cwd} means ${want ?? "nothing that may be sent"}`, () => {
    const find = () => findPath(word, { root: "/p", cwd });
    if (want === undefined) assert.throws(find, UserError);
    else assert.equal(find(), want);
  });
}

Deno.test("a command is about the project, a named directory, or all", () => {
  const roots = [{ name: "project", hostPath: "/p" }, { name: "docs", hostPath: "/d" }];
  const cage = { name: "web", roots };
  const choose = (words: { dir?: string; all?: boolean; outputDir?: string }) =>
    chooseRoots(cage, { dir: undefined, all: false, outputDir: undefined, ...words })
      .map(({ name }) => name);
  assert.deepEqual(choose({}), ["project"]);
  assert.deepEqual(choose({ dir: "docs" }), ["docs"]);
  assert.deepEqual(choose({ all: true }), ["project", "docs"]);
  assert.throws(() => choose({ dir: "dosc" }), (error) => {
    return error instanceof UserError && error.hint === 'Did you mean "docs"?';
  });
  assert.throws(() => choose({ dir: "docs", all: true }), UserError);
  assert.throws(() => choose({ all: true, outputDir: "x" }), UserError);
});

Deno.test("the pager is the user's, or less, or none", () => {
  assert.equal(findPager({}), "less -R");
  assert.equal(findPager({ PAGER: "more" }), "more");
  assert.equal(findPager({ PAGER: "more", SANDCAGE_PAGER: "bat -p" }), "bat -p");
  assert.equal(findPager({ PAGER: "cat" }), undefined);
  assert.equal(findPager({ SANDCAGE_PAGER: "", PAGER: "more" }), undefined);
});

Deno.test("bytes and files are counted for people", () => {
  assert.deepEqual([0, 999, 1000, 999_949, 999_950, 3e7, 5e13].map(formatBytes), [
    "0 B",
    "999 B",
    "1.0 kB",
    "999.9 kB",
    "1.0 MB",
    "30.0 MB",
    "50.0 TB",
  ]);
  assert.equal(
    formatTransfer({ bytes: 1_200_000, totalBytes: 3e7, files: 12, totalFiles: 51 }),
    "1.2 MB of 30.0 MB, 12 of 51 files",
  );
});
