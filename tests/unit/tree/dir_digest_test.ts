import assert from "node:assert/strict";
import { createTreeDigest, type DigestedItem, digestItems } from "../../../src/tree/dir_digest.ts";
import type { TreeEntry } from "../../../src/tree/entry.ts";

const TIMES = { mtimeMs: 1_000, ctimeMs: 2_500 };

function file(path: string, change: Partial<TreeEntry> = {}): TreeEntry {
  return { path, kind: "file", mode: 0o644, size: 3, ...TIMES, ...change };
}

function known(path: string, change: Partial<DigestedItem> = {}): DigestedItem {
  return { path, kind: "file", executable: false, size: 3, inner: TIMES, ...change };
}

function digestTree(entries: readonly DigestedItem[]): Map<string, string> {
  const tree = createTreeDigest();
  for (const entry of entries) tree.add(entry);
  return new Map(tree.end());
}

Deno.test("a directory that was walked has the digest of the entries that are known of it", () => {
  const digests = digestTree([
    { path: "a", kind: "dir", executable: false, size: 0 },
    known("a/1"),
    { path: "a/b", kind: "dir", executable: false, size: 0 },
    known("a/b/2", { executable: true }),
    { path: "a/l", kind: "link", executable: false, size: 0, target: "1" },
    known("a.c"),
  ]);
  const dir = (path: string): TreeEntry => file(path, { kind: "dir", mode: 0o755, size: 0 });
  const link: TreeEntry = { ...file("a/l"), kind: "link", size: 0, target: "1" };
  assert.deepEqual([...digests.keys()].toSorted(), ["", "a", "a/b"]);
  assert.equal(digests.get(""), digestItems([dir("a"), file("a.c")]));
  assert.equal(digests.get("a"), digestItems([file("a/1"), dir("a/b"), link]));
  assert.equal(digests.get("a/b"), digestItems([file("a/b/2", { mode: 0o755 })]));
});

const CHANGES: [what: string, items: TreeEntry[]][] = [
  ["another size", [file("1", { size: 4 })]],
  ["another time", [file("1", { mtimeMs: 1_001 })]],
  ["another change time", [file("1", { ctimeMs: 2_501 })]],
  ["an executable bit", [file("1", { mode: 0o755 })]],
  ["another name", [file("2")]],
  ["one file more", [file("1"), file("2")]],
  ["one file less", []],
  ["a link in its place", [{ ...file("1"), kind: "link", size: 0, target: "x" }]],
  ["a directory in its place", [file("1", { kind: "dir", size: 0 })]],
];

for (const [what, items] of CHANGES) {
  Deno.test(`${what} makes another digest`, () => {
    assert.notEqual(digestItems(items), digestTree([known("1")]).get(""));
  });
}

Deno.test("what cannot be told or cannot cross is no part of any digest", () => {
  assert.equal(digestItems([file("1"), { path: "2", problem: "unreadable" }]), undefined);
  assert.deepEqual(digestTree([known("1", { inner: undefined })]).size, 0);
  // The directory itself is not among the entries: nobody has it equal.
  assert.deepEqual([...digestTree([known("a/1")]).keys()], [""]);
});
