import assert from "node:assert/strict";
import {
  createDirDigest,
  createQuickDigest,
  type DigestedItem,
} from "../../../src/tree/dir_digest.ts";

const TIMES = { mtimeMs: 1_000, ctimeMs: 2_500 };

function file(change: Partial<DigestedItem> = {}): DigestedItem {
  return { path: "a/1", kind: "file", executable: false, size: 3, times: TIMES, ...change };
}

const DIR: DigestedItem = { path: "a/1", kind: "dir", executable: false, size: 0 };
const LINK: DigestedItem = { ...DIR, kind: "link", target: "x" };

const CHANGES: [what: string, items: DigestedItem[]][] = [
  ["another size", [file({ size: 4 })]],
  ["a size of more than 32 bits", [file({ size: 3 + 2 ** 32 })]],
  ["another time", [file({ times: { ...TIMES, mtimeMs: 1_001 } })]],
  ["a time of long before", [file({ times: { ...TIMES, mtimeMs: -1_000 } })]],
  ["another change time", [file({ times: { ...TIMES, ctimeMs: 2_501 } })]],
  ["times that changed places", [file({ times: { mtimeMs: 2_500, ctimeMs: 1_000 } })]],
  ["an executable bit", [file({ executable: true })]],
  ["another name", [file({ path: "a/2" })]],
  ["a longer name", [file({ path: "a/11" })]],
  ["one file more", [file(), file({ path: "a/2" })]],
  ["the same file twice", [file(), file()]],
  ["one file less", []],
  ["a link in its place", [LINK]],
  ["a link to elsewhere in its place", [{ ...LINK, target: "y" }]],
  ["a directory in its place", [DIR]],
];

for (
  const [name, begin] of [["strangers", createDirDigest], ["the host", createQuickDigest]] as const
) {
  const digestOf = (items: readonly DigestedItem[]) => {
    const digest = begin();
    for (const item of items) digest.add(item);
    return digest.end();
  };

  Deno.test(`in a directory of ${name}, every change makes another digest`, () => {
    const digests = [["nothing", [file()]] as const, ...CHANGES]
      .map(([what, items]) => [digestOf(items), what] as const);
    assert.equal(new Map(digests).size, digests.length, JSON.stringify(digests));
  });

  Deno.test(`in a directory of ${name}, what is the same has the same digest`, () => {
    assert.equal(digestOf([file(), LINK]), digestOf([file({ path: "1" }), { ...LINK, path: "1" }]));
    assert.notEqual(digestOf([]), undefined);
  });

  Deno.test(`in a directory of ${name}, what cannot be told makes it a digest of nothing`, () => {
    assert.equal(digestOf([file({ times: undefined })]), undefined);
    const digest = begin();
    digest.add(file());
    digest.spoil();
    assert.equal(digest.end(), undefined);
  });
}

Deno.test("digests of the host have no pattern: a million of them are a million", () => {
  const seen = new Set<string | undefined>();
  for (let size = 0; size < 1000; size++) {
    for (let step = 0; step < 1000; step++) {
      const digest = createQuickDigest();
      digest.add(file({ size, times: { mtimeMs: 1e12 + step * 2 ** 20, ctimeMs: 1.7e12 + step } }));
      seen.add(digest.end());
    }
  }
  assert.equal(seen.size, 1_000_000);
});
