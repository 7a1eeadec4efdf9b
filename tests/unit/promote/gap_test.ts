import assert from "node:assert/strict";
import fc from "fast-check";
import { decideGap, GAP_MS, isPastGap } from "../../../src/promote/gap.ts";
import type { Change } from "../../../src/promote/changes.ts";
import type { IndexEntry, Seen } from "../../../src/promote/index_file.ts";

const AT_MS = 1_700_000_000_500;
const oid = (digit: string) => digit.repeat(40);
const OLD = { mode: 0o100644, oid: oid("a") };
const NEW = { mode: 0o100644, oid: oid("b") };
const SEEN: Seen = { ino: 7, mtimeMs: AT_MS - 60_000, size: 3 };

/** One path: what landed there, what the index noted before, what it has now. */
type Row = { change: Change; seen: Seen | null; entry?: IndexEntry };

function entry(side: { mode: number; oid: string }, stat: Partial<Seen> = {}): IndexEntry {
  return {
    ...side,
    stage: 0,
    isSkipped: false,
    isIntent: false,
    stat: { ...SEEN, ...stat, ctimeS: 1, hasFraction: true },
  };
}

const changed = (now: IndexEntry, path = "f"): Row => ({
  change: { path, old: OLD, new: NEW },
  seen: SEEN,
  entry: now,
});
const added = (path = "added"): Row => ({ change: { path, new: NEW }, seen: null });
const removed = (now: IndexEntry, path = "removed"): Row => ({
  change: { path, old: OLD },
  seen: SEEN,
  entry: now,
});

function decide(rows: readonly Row[], indexMs = AT_MS + 60_000) {
  const landing = {
    from: oid("0"),
    changes: rows.map(({ change }) => change),
    seen: rows.map(({ seen }) => seen),
    atMs: AT_MS,
  };
  const found = rows.flatMap(({ change, entry }): [string, IndexEntry][] =>
    entry === undefined ? [] : [[change.path, entry]]
  );
  const verdict = decideGap(landing, {
    entries: new Map(found),
    mtimeMs: indexMs,
  });
  return verdict.kind === "gap" ? [...verdict.rewritten].sort() : verdict.kind;
}

const older = entry(OLD);
const written = entry(OLD, { ino: 8, mtimeMs: AT_MS + 5 });
const later = entry(OLD, { ino: 8, mtimeMs: AT_MS + GAP_MS + 1 });
const zero = entry(OLD, { ino: 0, mtimeMs: 0, size: 0 });

const ROWS: readonly [string, readonly Row[], ReturnType<typeof decide>, number?][] = [
  [
    "the index has what landed",
    [changed(entry(NEW)), { ...added(), entry: entry(NEW) }],
    "current",
  ],
  ["the index is the one before the landing", [changed(older), added(), removed(older)], []],
  ["index and files were written in its moment", [changed(written), added()], ["added", "f"]],
  [
    "some files were written from an older index",
    [changed(written), removed(older), added()],
    ["added", "f"],
  ],
  ["files were taken back later", [changed(later), added()], "users"],
  ["one of them was taken back later", [changed(older), changed(later, "g")], "users"],
  ["one of them is as it landed", [changed(older), changed(entry(NEW), "g")], "users"],
  ["one of them is something else", [
    changed(older),
    changed(entry({ ...OLD, oid: oid("c") }), "g"),
  ], "users"],
  ["one of them has another mode", [changed(entry({ ...OLD, mode: 0o100755 }))], "users"],
  ["one of them is in a conflict", [changed({ ...older, stage: 2 })], "users"],
  ["entries were reset, which notes no file", [changed(zero)], "users"],
  [
    "a file was written long before, and is not the one before",
    [changed(entry(OLD, { ino: 9 }))],
    "users",
  ],
  ["nothing but new files, gone from the index in the moment", [added()], ["added"], AT_MS + 10],
  ["nothing but new files, gone from the index later", [added()], "users"],
  ["nothing landed", [], "current"],
];

for (const [name, rows, expected, indexMs] of ROWS) {
  Deno.test(`the last landing: ${name}`, () => {
    assert.deepEqual(decide(rows, indexMs), expected);
  });
}

Deno.test("a repository of its own is no sign", () => {
  const module = { mode: 0o160000, oid: oid("d") };
  const row: Row = {
    change: { path: "m", old: module, new: { ...module, oid: oid("e") } },
    seen: { ino: 0, mtimeMs: 0, size: 0 },
    entry: entry(module, { ino: 0, mtimeMs: 0, size: 0 }),
  };
  assert.equal(decide([row]), "users");
  assert.deepEqual(decide([row, changed(older)]), []);
});

Deno.test("one path that is not the older side as it was makes all of it the user's", () => {
  const kind = fc.constantFrom("older", "written", "added");
  const other = fc.constantFrom("new", "later", "zero", "else", "gone");
  fc.assert(fc.property(fc.array(kind, { maxLength: 6 }), other, fc.nat(), (kinds, odd, at) => {
    const rows = kinds.map((one, nth): Row => {
      if (one === "added") return added(`p${nth}`);
      return changed(one === "older" ? older : written, `p${nth}`);
    });
    const oddEntry = {
      new: entry(NEW),
      later,
      zero,
      else: entry({ ...OLD, oid: oid("f") }),
      gone: undefined,
    }[odd];
    const row: Row = { change: { path: "odd", old: OLD, new: NEW }, seen: SEEN };
    rows.splice(
      at % (rows.length + 1),
      0,
      oddEntry === undefined ? row : { ...row, entry: oddEntry },
    );
    const verdict = decide(rows, AT_MS + 10);
    assert.equal(verdict, odd === "new" && rows.length === 1 ? "current" : "users");
  }));
});

Deno.test("it is looked after for the time of the gap", () => {
  assert.equal(isPastGap(AT_MS, AT_MS + GAP_MS), false);
  assert.equal(isPastGap(AT_MS, AT_MS + GAP_MS + 1), true);
});
