import assert from "node:assert/strict";
import fc from "fast-check";
import { type Change, MODE, parseChanges } from "../../../src/promote/changes.ts";
import { rawPath } from "../../../src/promote/host_files.ts";
import { planLanding } from "../../../src/promote/landing_plan.ts";
import type { Observed } from "../../../src/promote/preconditions.ts";

const OID = "1".repeat(40);
const added = (path: string): Change => ({ path, new: { mode: MODE.file, oid: OID } });
const NO_STAT = { ctimeS: 0, mtimeMs: 0, hasFraction: true, ino: 0, size: 0 };
const FILE = {
  kind: "file",
  size: 1,
  mtimeMs: 0,
  ctimeS: 0,
  ino: 1,
  isExecutable: false,
} as const;
const nothing: Observed = { isNameable: true };

function plan(changes: readonly Change[], observed: Record<string, Observed> = {}) {
  const all = new Map(changes.map(({ path }) => [path, observed[path] ?? nothing]));
  return planLanding(changes, all, { platform: "linux", foldsCase: false, hasLinks: true });
}

for (
  const path of [
    "../outside",
    "a/../../outside",
    "/absolute",
    "a//b",
    "./a",
    ".git/config",
    "sub/.git/hooks/post-checkout",
    ".GIT/config",
    ".Git",
    "git~1/config",
    "GIT~1",
    ".git./config",
    ".git /config",
    ".git::$INDEX_ALLOCATION/config",
    rawPath(".g\u200cit/config"),
    rawPath("\u200e.git/config"),
    rawPath(".gıt/config"),
    "\xff/.git/config",
    "a\\..\\b",
    "a".repeat(256),
  ]
) {
  Deno.test(`the path ${JSON.stringify(path.slice(0, 40))} is refused`, () => {
    const decided = plan([added("fine"), added(path)]);
    assert.ok(decided.kind === "wait" && decided.wait.kind === "paused");
    assert.equal(decided.wait.reason, "refused");
    assert.equal(decided.wait.paths.length, 1);
    assert.match(decided.wait.text, /is refused: /);
  });
}

Deno.test("names of any other bytes are not refused", () => {
  const bytes = byteNames({ below: 0x80 }).filter((name) =>
    !/^\.+$/.test(name) && !/git|[/\\]/i.test(name)
  );
  fc.assert(fc.property(bytes, (name) => {
    assert.equal(plan([added(`dir/${name}`)]).kind, "land");
  }));
});

Deno.test("what cannot be opened by name is refused, and said so", () => {
  const path = "\xff";
  const decided = plan([added(path)], { [path]: { isNameable: false } });
  assert.ok(decided.kind === "wait" && decided.wait.kind === "paused");
  assert.deepEqual(decided.wait.paths, ["\\xff"]);
  assert.match(decided.wait.text, /not UTF-8/);
});

Deno.test("what goes goes before anything comes", () => {
  const old = { mode: MODE.file, oid: OID };
  const entry = { ...old, stage: 0, isSkipped: false, isIntent: false, stat: NO_STAT };
  const there: Observed = { isNameable: true, facts: FILE, entry };
  const decided = plan(
    [{ path: "a", old }, added("a/b"), { path: "c", old, new: { ...old, mode: MODE.executable } }],
    {
      "a": there,
      "a/b": { isNameable: true, parent: { path: "a", kind: "file" } },
      "c": there,
    },
  );
  assert.deepEqual(decided, {
    kind: "land",
    steps: [
      { kind: "remove", path: "a" },
      { kind: "place", path: "a/b" },
      { kind: "place", path: "c" },
    ],
  });
});

const module = { mode: MODE.module, oid: OID };
const otherModule = { mode: MODE.module, oid: "2".repeat(40) };
const moduleEntry = { ...module, stage: 0, isSkipped: false, isIntent: false, stat: NO_STAT };
const directory = (inside: string[]): Observed => ({
  isNameable: true,
  facts: { kind: "directory", size: 0, mtimeMs: 0, ctimeS: 0, ino: 1, isExecutable: true },
  inside,
});

for (
  const [name, change, found, want] of [
    ["comes where nothing is", { path: "m", new: module }, nothing, ["add-module"]],
    ["comes where an empty directory is", { path: "m", new: module }, directory([]), [
      "add-module",
    ]],
    ["comes where files of the user are", { path: "m", new: module }, directory(["m/x"]), "m/x"],
    [
      "goes on: its files are its own",
      { path: "m", old: module, new: otherModule },
      { ...directory(["m/x"]), entry: moduleEntry },
      [],
    ],
    [
      "goes: its files stay",
      { path: "m", old: module },
      { ...directory(["m/x"]), entry: moduleEntry },
      ["drop-module"],
    ],
    [
      "makes way for a file",
      { path: "m", old: module, new: { mode: MODE.file, oid: OID } },
      { ...directory([]), entry: moduleEntry },
      ["drop-module", "place"],
    ],
    [
      "does not make way while it has files",
      { path: "m", old: module, new: { mode: MODE.file, oid: OID } },
      { ...directory(["m/x"]), entry: moduleEntry },
      "m/x",
    ],
    [
      "that the user has staged at another commit stays",
      { path: "m", old: otherModule, new: module },
      { ...directory([]), entry: { ...moduleEntry, oid: "3".repeat(40) } },
      "m",
    ],
  ] as [string, Change, Observed, string[] | string][]
) {
  Deno.test(`a repository inside the repository ${name}`, () => {
    const decided = plan([change], { m: found });
    if (decided.kind === "land") assert.deepEqual(decided.steps.map(({ kind }) => kind), want);
    else assert.deepEqual(decided.wait.kind === "paused" && decided.wait.paths, [want]);
  });
}

Deno.test("changes are read whatever bytes are in names", () => {
  const name = byteNames({ below: 0x100 });
  const side = fc.constantFrom("000000", "100644", "100755", "120000", "160000");
  fc.assert(fc.property(fc.array(fc.tuple(name, side, side), { maxLength: 8 }), (rows) => {
    const text = rows.map(([path, was, is]) => `:${was} ${is} ${OID} ${OID} M\0${path}\0`).join("");
    const read = parseChanges(Uint8Array.from(text, (char) => char.charCodeAt(0)));
    assert.deepEqual(
      read.map((change) => [change.path, mode(change.old), mode(change.new)]),
      rows,
    );
  }));
  assert.throws(() => parseChanges(new TextEncoder().encode("M\0a\0")), /git told a change as "M"/);
});

function byteNames({ below }: { below: number }): fc.Arbitrary<string> {
  const byte = fc.integer({ min: 1, max: below - 1 });
  return fc.array(byte, { minLength: 1, maxLength: 30 }).map((all) => String.fromCharCode(...all));
}

function mode(side: Change["old"]): string {
  return side === undefined ? "000000" : side.mode.toString(8).padStart(6, "0");
}
