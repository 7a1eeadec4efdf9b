import assert from "node:assert/strict";
import { countChanges } from "../../../src/copy/changes.ts";
import { type CopyStatus, planNext } from "../../../src/copy/status.ts";
import { formatFilled, formatFilledWarnings, formatStatus } from "../../../src/cli/copy_words.ts";
import type { Difference } from "../../../src/transfer/classify.ts";

const SAME = { inner: 0, deleted: 0, host: 0, conflicts: 0 };

const STATUS: CopyStatus = {
  name: "web",
  id: "web-0a0a0a",
  state: "running",
  service: "claude",
  authMode: "api_key",
  engine: { title: "the default engine", reachable: true },
  source: { kind: "url", url: "https://host.example/web" },
  createdAt: "2026-01-02T03:04:05.000Z",
  exportedAt: "2026-01-02T04:04:05.000Z",
  sessions: [{ id: "01234567", service: "claude", startedAt: "2026-01-02T05:00:05.000Z" }],
  dirs: [
    {
      name: "project",
      path: "/s/repo",
      pending: { inner: 2, deleted: 1, host: 3, conflicts: 1 },
    },
    { name: "lib", path: "/w/l\x1bib", pending: SAME },
    { name: "more", path: "/w/more" },
  ],
  git: { branch: "ma\x1bin", head: "a".repeat(40), ahead: 1, stashes: 2, base: "b".repeat(40) },
  checkpoints: [{ name: "first", takenAt: "2026-01-02T03:04:05.000Z", bytes: 1 }],
  problems: ["files inside: \x1b[2J"],
  next: "Go on",
};

Deno.test("formatStatus() is one line for each thing, and nothing in it acts on a terminal", () => {
  assert.equal(
    formatStatus(STATUS, { nowMs: Date.parse("2026-01-02T05:04:05Z") }),
    [
      "cage         web (web-0a0a0a)",
      "state        running",
      "service      claude, api_key",
      "engine       the default engine",
      "source       https://host.example/web",
      "made         2h ago",
      "exported     1h ago",
      "session      claude since 4m ago (01234567)",
      "directory    /work/project <- /s/repo: 2 changes inside, 1 deleted inside, " +
      "3 changes here, 1 on both sides",
      "directory    /work/lib <- /w/l^[ib: the same on both sides",
      "directory    /work/more <- /w/more",
      "git          ma^[in at aaaaaaaaaaaa, 1 commit not taken out, 2 stashes, " +
      "began with bbbbbbbbbbbb",
      "checkpoints  first",
      "problem      files inside: ^[[2J",
      "next         Go on",
      "",
    ].join("\n"),
  );
});

Deno.test("formatFilled() tells what came in and what did not", () => {
  const root = { name: "project", hostPath: "/w/web", failed: [], tracked: [] };
  assert.equal(
    formatFilled([
      { ...root, files: 1, bytes: 30_000_000, leftOut: [] },
      { ...root, name: "lib", files: 2, bytes: 0, leftOut: ["a\nb (.gitignore)", "c"] },
    ]),
    "project: 1 file, 30.0 MB from /w/web\n" +
      "lib: 2 files, 0 B from /w/web\n  stays outside: a^Jb (.gitignore), c",
  );
});

Deno.test("formatFilledWarnings() names files that surprise by staying outside", () => {
  const root = { name: "project", hostPath: "/w", files: 1, bytes: 1, leftOut: [], failed: [] };
  assert.deepEqual(formatFilledWarnings([{ ...root, tracked: [] }]), []);
  const [line] = formatFilledWarnings([{ ...root, tracked: [..."abcdefg"] }]);
  assert.match(line!, /stays where it is: "a", "b", "c", "d", "e" and 2 more\n/);
});

const [CLEAN]: CopyStatus["dirs"] = [{ name: "project", path: "/w", pending: SAME }];
const rows: [string, Partial<CopyStatus>, RegExp][] = [
  ["a cage that is being made", { state: "filling" }, /^Wait/],
  ["one that nobody finished", { state: "interrupted" }, /sandcage destroy web/],
  ["an engine that is away", { engine: { title: "x", reachable: false } }, /^Start its engine/],
  [
    "a volume that is gone",
    { engine: { title: "x", reachable: true, problem: "gone" } },
    /^Make it anew: sandcage destroy web/,
  ],
  ["changes on both sides", {}, /^Settle what changed on both sides: sandcage diff web --all/],
  [
    "changes inside",
    { dirs: [{ ...CLEAN!, pending: { ...SAME, inner: 1, host: 1 } }] },
    /sandcage export web$/,
  ],
  ["commits inside", { dirs: [CLEAN!] }, /^Take its commits: sandcage patch web$/],
  [
    "changes of the host",
    { dirs: [{ ...CLEAN!, pending: { ...SAME, host: 1 } }], git: undefined },
    /sandcage sync web$/,
  ],
  ["nothing to do", { dirs: [CLEAN!], git: undefined }, /^Go on: sandcage attach web$/],
];

for (const [what, change, words] of rows) {
  Deno.test(`planNext() knows the next step for ${what}`, () => {
    assert.match(planNext({ ...STATUS, ...change }), words);
  });
}

Deno.test("countChanges() counts by who made a change, and deletions apart", () => {
  const entry = {
    path: "a",
    kind: "file",
    mode: 0o644,
    size: 1,
    mtimeMs: 0,
    ctimeMs: 0,
  } as const;
  const differences: Difference[] = [
    { path: "a", change: "added", side: "inner", inner: entry },
    { path: "b", change: "mode", side: "inner", inner: entry, host: entry },
    { path: "c", change: "deleted", side: "inner", host: entry },
    { path: "d", change: "deleted", side: "host", inner: entry },
    { path: "e", change: "modified", side: "both", inner: entry, host: entry },
  ];
  assert.deepEqual(countChanges(differences), { inner: 2, deleted: 1, host: 1, conflicts: 1 });
});
