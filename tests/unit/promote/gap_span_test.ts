import assert from "node:assert/strict";
import { GAP_MS } from "../../../src/promote/gap.ts";
import { listLandings, listSpans, planEarlier } from "../../../src/promote/gap_span.ts";
import type { Change } from "../../../src/promote/changes.ts";
import type { Journal, PastLanding } from "../../../src/promote/journal.ts";

const side = (digit: string) => ({ mode: 0o100644, oid: digit.repeat(40) });

/** `p:1>2` changes p, `p:>2` adds it, `p:1>` removes it. */
function change(text: string): Change {
  const [path, was, is] = text.split(/[:>]/) as [string, string, string];
  return { path, ...(was && { old: side(was) }), ...(is && { new: side(is) }) };
}

function landing(text: string, atMs = 0): PastLanding {
  const changes = text.split(" ").map(change);
  const seen = changes.map(({ old }) =>
    old === undefined ? null : { ino: Number(old.oid[0]), mtimeMs: 1, size: 1 }
  );
  return { from: text, changes, seen, atMs };
}

function format({ changes, seen }: PastLanding): string {
  return changes.map(({ path, old, new: is }, at) => {
    assert.equal(seen[at]?.ino, old === undefined ? undefined : Number(old.oid[0]));
    return `${path}:${old?.oid[0] ?? ""}>${is?.oid[0] ?? ""}`;
  }).join(" ");
}

const ROWS: readonly [string, readonly string[], readonly string[]][] = [
  ["one landing is what it is", ["p:1>2 q:>1"], ["p:1>2 q:>1"]],
  ["of two apart each may be, and both", ["p:1>2", "q:1>2"], ["p:1>2 q:1>2", "q:1>2", "p:1>2"]],
  ["two of one path are one change, or the second", ["p:1>2", "p:2>3"], ["p:1>3", "p:2>3"]],
  ["what came and went again is none", ["p:>1 q:1>2", "p:1>"], ["q:1>2", "p:1>"]],
  ["what was undone inside is none", ["p:1>2", "p:2>1"], ["p:2>1"]],
  ["what a later one changed is not the first's", ["p:1>2 q:1>2", "q:2>3"], [
    "p:1>2 q:1>3",
    "q:2>3",
  ]],
  [
    "any of three in a row",
    ["p:1>2", "q:1>2", "r:1>2"],
    ["p:1>2 q:1>2 r:1>2", "q:1>2 r:1>2", "p:1>2 q:1>2", "r:1>2", "q:1>2", "p:1>2"],
  ],
];

for (const [name, landings, expected] of ROWS) {
  Deno.test(`landings in a row: ${name}`, () => {
    const spans = listSpans(landings.map((text, at) => landing(text, at)));
    assert.deepEqual(spans.map(format), expected);
    for (const span of spans) assert.equal(span.atMs, landings.length - 1);
  });
}

Deno.test("the next landing remembers those of the last seconds, and no more than it needs", () => {
  assert.deepEqual(planEarlier(undefined, 0), []);
  const earlier = [landing("a:1>2", 0), landing("b:1>2", 10), landing("c:1>2", 20)];
  const { from, changes, seen } = landing("d:1>2");
  const journal = {
    branch: { name: "main", from, to: "" },
    changes,
    seen,
    earlier,
  } as unknown as Journal;
  const last = { journal, atMs: 30 };
  const names = (landings: readonly PastLanding[]) =>
    landings.map((one) => one.changes[0]!.path).join("");
  assert.equal(names(listLandings(last)), "abcd");
  assert.equal(names(planEarlier(last, 40)), "abcd");
  const big = landing("b:1>2", 10);
  const many = { ...big, changes: Array.from({ length: 5_000 }, () => big.changes[0]!) };
  const after = { journal: { ...journal, earlier: [earlier[0]!, many, earlier[2]!] }, atMs: 30 };
  assert.equal(names(planEarlier(after, 40)), "cd");
  const row = Array.from({ length: 40 }, () => earlier[2]!);
  assert.equal(planEarlier({ journal: { ...journal, earlier: row }, atMs: 30 }, 40).length, 15);
  assert.equal(names(planEarlier(last, 15 + GAP_MS)), "cd");
  assert.equal(names(planEarlier(last, 31 + GAP_MS)), "");
});
