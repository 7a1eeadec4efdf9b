import assert from "node:assert/strict";
import type { Change, Difference } from "../../../src/transfer/classify.ts";
import type { SideProblem } from "../../../src/transfer/compare.ts";
import { type ExportPlan, planExport } from "../../../src/transfer/plan_export.ts";
import { planSync } from "../../../src/transfer/plan_sync.ts";
import type { TransferPlan } from "../../../src/transfer/plan_transfer.ts";
import type { TreeEntry } from "../../../src/tree/entry.ts";

type Kind = TreeEntry["kind"];

function entry(path: string, kind: Kind): TreeEntry {
  const mode = kind === "file" ? 0o644 : 0o755;
  return { path, kind, mode, size: kind === "file" ? 1 : 0, mtimeMs: 1, ctimeMs: 2 };
}

/** `path: side change/hostChange inner<-host`, kinds by their first letter, `-` for nothing. */
function difference(row: string): Difference {
  const match = /^(\S+): (inner|host|both) (\w+)(?:\/(\w+))? ([fdl-])<-([fdl-])( in the way)?$/
    .exec(row)!;
  assert.ok(match !== null, row);
  const [, path = "", side, change, hostChange, inner = "-", host = "-", way] = match;
  const kinds: Readonly<Record<string, Kind>> = { f: "file", d: "dir", l: "link" };
  const at = (letter: string) => entry(path, kinds[letter]!);
  return {
    path,
    side: side as Difference["side"],
    change: change as Change,
    ...(hostChange === undefined ? {} : { hostChange: hostChange as Change }),
    ...(inner === "-" ? {} : { inner: at(inner) }),
    ...(host === "-" ? {} : { host: at(host) }),
    ...(way === undefined ? {} : { inTheWay: true as const }),
  };
}

function show(plan: TransferPlan): string[] {
  return [
    ...plan.removes.map((path) => `remove ${path}`),
    ...plan.writes.map(({ path, entry: { kind } }) => `write ${path} ${kind}`),
    ...plan.modes.map(({ path, executable }) => `mode ${path} ${executable ? "+x" : "-x"}`),
    ...plan.conflicts.map(({ path, reason }) => `conflict ${path}: ${reason}`),
    ...plan.kept.map((path) => `keep ${path}`),
  ];
}

function plan(
  rows: readonly string[],
  options: { delete?: boolean; problems?: readonly SideProblem[] } = {},
): ExportPlan {
  const found = { differences: rows.map(difference), problems: options.problems ?? [] };
  return planExport(found, options);
}

for (
  const [title, rows, deletes, wanted] of [
    [
      "what the cage added, changed and made a program",
      [
        "a: inner added f<--",
        "b: inner modified f<-f",
        "c: inner mode f<-f",
      ],
      false,
      ["write a file", "write b file", "mode c -x"],
    ],
    [
      "nothing of what only the host did",
      [
        "a: host added -<-f",
        "b: host modified f<-f",
        "c: host deleted f<--",
      ],
      true,
      [],
    ],
    ["what is deleted only when asked", ["a: inner deleted -<-f"], false, ["keep a"]],
    [
      "a directory after what is in it",
      [
        "d: inner deleted -<-d",
        "d/a: inner deleted -<-f",
        "d/e: inner deleted -<-d",
        "d/e/b: inner deleted -<-f",
      ],
      true,
      ["remove d/e/b", "remove d/e", "remove d/a", "remove d"],
    ],
    [
      "no directory that holds something of the host",
      [
        "d: inner deleted -<-d",
        "d/a: inner deleted -<-f",
        "d/own: host added -<-f",
      ],
      true,
      ["remove d/a"],
    ],
    [
      "what both changed as a conflict",
      [
        "a: both modified/modified f<-f",
        "b: both deleted/modified -<-f",
        "c: both modified/deleted f<--",
      ],
      true,
      ["conflict a: both changed", "conflict b: both changed", "conflict c: both changed"],
    ],
    [
      "a directory in place of a file",
      [
        "a: inner kind d<-f",
        "a/b: inner added f<--",
      ],
      false,
      ["remove a", "write a dir", "write a/b file"],
    ],
    [
      "a file in place of a directory, when asked to delete",
      [
        "a: inner kind f<-d",
        "a/b: inner deleted -<-f",
      ],
      true,
      ["remove a/b", "remove a", "write a file"],
    ],
    [
      "no file in place of a directory without being asked",
      [
        "a: inner kind f<-d",
        "a/b: inner deleted -<-f",
      ],
      false,
      ["keep a", "keep a/b"],
    ],
    [
      "no file in place of a directory that holds something of the host",
      [
        "a: inner kind f<-d",
        "a/own: host added -<-f",
      ],
      true,
      ["conflict a: not empty"],
    ],
    [
      "a file over a link, and back",
      [
        "a: inner kind f<-l",
        "b: inner kind l<-f",
      ],
      false,
      ["write a file", "write b link"],
    ],
    [
      "nothing where something hidden is in the way, nor below",
      [
        "a: inner added d<-- in the way",
        "a/b: inner added f<--",
      ],
      false,
      ["conflict a: in the way", "conflict a/b: parent in conflict"],
    ],
    [
      "nothing below what both made something else of",
      [
        "a: both kind/modified d<-f",
        "a/b: inner added f<--",
      ],
      false,
      ["conflict a: both changed", "conflict a/b: parent in conflict"],
    ],
    [
      "a directory again that the host deleted, for what is new in it",
      [
        "a: host deleted d<--",
        "a/b: host deleted d<--",
        "a/b/c: inner added f<--",
        "a/d: host deleted f<--",
      ],
      false,
      ["write a dir", "write a/b dir", "write a/b/c file"],
    ],
    [
      "nothing into a directory that the host made a file",
      [
        "a: host kind d<-f",
        "a/b: inner added f<--",
      ],
      false,
      ["conflict a/b: parent in conflict"],
    ],
  ] as const
) {
  Deno.test(`planExport() plans ${title}`, () => {
    assert.deepEqual(show(plan(rows, { delete: deletes })), wanted);
  });
}

Deno.test("planExport() keeps a directory with a problem in it", () => {
  const problems: SideProblem[] = [{ path: "d/pipe", problem: "special file", side: "host" }];
  const found = plan(["d: inner deleted -<-d", "d/a: inner deleted -<-f"], {
    delete: true,
    problems,
  });
  assert.deepEqual(show(found), ["remove d/a"]);
  assert.deepEqual(found.problems, problems);
});

Deno.test("planExport() expects what it touches to be as it was seen, and names no new file", () => {
  const rows = ["a: inner modified f<-f", "b: inner added f<--", "c: inner deleted -<-l"];
  const was = { size: 1, mtimeMs: 1, ctimeMs: 2 };
  assert.deepEqual(plan(rows, { delete: true }).expected, [
    { path: "a", was: { kind: "file", ...was } },
    { path: "c", was: { kind: "link", ...was, size: 0 } },
  ]);
});

Deno.test("planExport() puts the host's .gitignore aside before it is replaced", () => {
  const rows = [
    ".gitignore: inner modified f<-f",
    "a/.gitignore: inner added f<--",
    "b/.gitignore: inner kind f<-l",
    "c/.gitignore: inner mode f<-f",
    "d/.gitignore: inner kind l<-f",
    "x.gitignore: inner modified f<-f",
  ];
  assert.deepEqual(plan(rows).backups, [
    { path: ".gitignore", to: ".gitignore.pre-export" },
    { path: "d/.gitignore", to: "d/.gitignore.pre-export" },
  ]);
});

Deno.test("planExport() reviews what lands, and nothing that does not", () => {
  const rows = [
    ".envrc: inner added f<--",
    "Makefile: both modified/modified f<-f",
    "justfile: inner deleted -<-f",
  ];
  assert.deepEqual(plan(rows, { delete: true }).review.map(({ path }) => path), [".envrc"]);
});

Deno.test("planExport() tells of a conflict what each side did", () => {
  const [conflict] = plan(["a: both deleted/modified -<-f"]).conflicts;
  assert.deepEqual(conflict, {
    path: "a",
    reason: "both changed",
    inner: "deleted",
    host: "modified",
  });
});

Deno.test("planSync() carries what the host did, and nothing of what the cage did", () => {
  const rows = [
    "a: host modified f<-f",
    "b: inner modified f<-f",
    "c: host deleted f<--",
    "d: both modified/modified f<-f",
  ];
  const found = { differences: rows.map(difference), problems: [] };
  assert.deepEqual(show(planSync(found)), ["write a file", "conflict d: both changed", "keep c"]);
  assert.deepEqual(show(planSync(found, { delete: true })), [
    "remove c",
    "write a file",
    "conflict d: both changed",
  ]);
});

Deno.test("planSync() carries what is asked for, with its directories", () => {
  const rows = [
    "a: host added -<-f",
    "d: host added -<-d",
    "d/e: host added -<-d",
    "d/e/f: host added -<-f",
    "d/g: host added -<-f",
    "k: host kind d<-f",
    "k/x: host deleted f<--",
    "z: both modified/modified f<-f",
  ];
  const found = { differences: rows.map(difference), problems: [] };
  const pick = (...paths: string[]) =>
    show(
      planSync(found, { delete: true, isWanted: (path) => paths.includes(path) }),
    );
  assert.deepEqual(pick("d/e/f"), ["write d dir", "write d/e dir", "write d/e/f file"]);
  assert.deepEqual(pick("k"), ["remove k/x", "remove k", "write k file"]);
  assert.deepEqual(pick("z"), ["conflict z: both changed"]);
  assert.deepEqual(pick("nothing"), []);
});
