import assert from "node:assert/strict";
import { join } from "node:path";
import * as fc from "fast-check";
import { UserError } from "../../../src/errors.ts";
import { type Base, baseFile, findBase } from "../../../src/transfer/base.ts";
import { mergeBase, updateBase } from "../../../src/transfer/base_update.ts";
import { writeBase } from "../../../src/transfer/base_write.ts";
import {
  type BaseChange,
  type BaseEntry,
  isUnchanged,
  toBaseEntry,
  toStamp,
} from "../../../src/transfer/base_entry.ts";
import { createDirDigest, createQuickDigest } from "../../../src/tree/dir_digest.ts";
import { comparePaths, type TreeEntry } from "../../../src/tree/entry.ts";
import { makeTemp } from "../support/workspace.ts";

const stamp = fc.record({
  mtimeMs: fc.integer({ min: -1e6, max: 2e12 }),
  ctimeMs: fc.integer({ min: 0, max: 2e12 }),
}).map((times) => ({ ...times }));
const hash = fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 64, maxLength: 64 })
  .map((digits) => digits.map((digit) => digit.toString(16)).join(""));
const path = fc.array(
  fc.oneof(
    fc.constantFrom("a", "ab", "src", "\n", "\x1b[31m", "-x", '"', "é", "😀", "😁", "名"),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 4 }).filter((name) =>
      !name.includes("/")
    ),
  ),
  { minLength: 1, maxLength: 3 },
).map((parts) => parts.join("/"));
const entry: fc.Arbitrary<BaseEntry> = fc.oneof(
  fc.record({
    path,
    kind: fc.constant("file" as const),
    executable: fc.boolean(),
    size: fc.nat(1e12),
    sha256: hash,
    host: stamp,
    inner: stamp,
  }, { requiredKeys: ["path", "kind", "executable", "size"] }),
  path.map((at): BaseEntry => ({ path: at, kind: "dir", executable: false, size: 0 })),
  fc.record({
    path,
    kind: fc.constant("link" as const),
    executable: fc.constant(false),
    size: fc.constant(0),
    target: fc.string({ unit: "grapheme" }),
  }),
);
const entries = fc.uniqueArray(entry, { selector: (item) => item.path, maxLength: 30 })
  .map((items) => items.map((item) => ({ ...item })).sort(byPath));

function byPath(a: { path: string }, b: { path: string }): number {
  return comparePaths(a.path, b.path);
}

Deno.test("a base is read as it was written", async () => {
  await using temp = await makeTemp();
  const file = join(temp.path, "base", "project.jsonl");
  await fc.assert(
    fc.asyncProperty(entries, fc.array(path, { maxLength: 3 }), async (items, ignoreFiles) => {
      await writeBase(file, { ignoreFiles, entries: items });
      using base = findBase(file)!;
      assert.deepEqual(base.ignoreFiles, ignoreFiles);
      assert.deepEqual([...base.entries], items);
      assertDigests(base, items);
    }),
    { numRuns: 150, seed: 9 },
  );
});

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** What is directly in each directory makes what it is known by, on either side. */
function assertDigests(base: Base, items: readonly BaseEntry[]): void {
  for (
    const [side, begin] of [["inner", createDirDigest], ["host", createQuickDigest]] as const
  ) {
    const expected = new Map<string, string>();
    for (const dir of new Set(["", ...items.map((item) => parentOf(item.path))])) {
      const digest = begin();
      for (const item of items) {
        if (parentOf(item.path) === dir) digest.add({ ...item, times: item[side] });
      }
      const text = digest.end();
      if (text !== undefined) expected.set(dir, text);
    }
    assert.deepEqual(new Map(base.digests(side)), expected);
  }
}

Deno.test("what is directly in a directory that is skipped does not come, all else does", async () => {
  await using temp = await makeTemp();
  const file = join(temp.path, "project.jsonl");
  await fc.assert(
    fc.asyncProperty(entries, fc.array(fc.nat(29), { maxLength: 5 }), async (items, chosen) => {
      await writeBase(file, { ignoreFiles: [], entries: items });
      const dirs = new Set(chosen.flatMap((at) => items[at] === undefined ? [] : items[at].path));
      if (chosen.length % 2 === 1) dirs.add("");
      using base = findBase(file)!;
      for (const dir of dirs) base.skip(dir);
      assert.deepEqual(
        [...base.entries],
        items.filter((item) => !dirs.has(parentOf(item.path))),
      );
    }),
    { numRuns: 150, seed: 10 },
  );
});

Deno.test("a base that was changed is what would have been written", async () => {
  await using temp = await makeTemp();
  const [file, other] = [join(temp.path, "project.jsonl"), join(temp.path, "other.jsonl")];
  const changes = fc.uniqueArray(
    fc.oneof(entry, path.map((at): BaseChange => ({ path: at, gone: true }))),
    { selector: (item) => item.path, maxLength: 8 },
  ).map((items) => items.sort(byPath));
  await fc.assert(
    fc.asyncProperty(entries, changes, async (before, learned) => {
      await writeBase(file, { ignoreFiles: [], entries: before });
      // Some of what is there is learned anew, some of it goes.
      const known = new Set(learned.map((change) => change.path));
      const gone = before.filter((item, at) => at % 5 === 0 && !known.has(item.path))
        .map((item): BaseChange => ({ path: item.path, gone: true }));
      const all = [...learned, ...gone].sort(byPath);
      await updateBase(file, { ignoreFiles: [""], changes: all });
      await writeBase(other, { ignoreFiles: [""], entries: mergeBase(before, all) });
      using changed = findBase(file)!;
      using written = findBase(other)!;
      assert.deepEqual([...changed.entries], [...written.entries]);
      assert.deepEqual(changed.digests("inner"), written.digests("inner"));
      assert.deepEqual(changed.digests("host"), written.digests("host"));
    }),
    { numRuns: 150, seed: 11 },
  );
});

Deno.test("a base that learns very much at once is what would have been written", async () => {
  await using temp = await makeTemp();
  const file = join(temp.path, "project.jsonl");
  const many = (count: number, size: number): BaseEntry[] =>
    Array.from({ length: count }, (_, at) => ({
      path: `d${at % 7}/f${at}`,
      kind: "file" as const,
      executable: false,
      size,
    })).sort(byPath);
  await updateBase(file, { ignoreFiles: [], changes: many(9000, 1) });
  await updateBase(file, { ignoreFiles: [], changes: many(6000, 2).values() });
  using base = findBase(file)!;
  const sizes = [...base.entries].map(({ size }) => size);
  assert.equal(sizes.length, 9000);
  assert.equal(sizes.filter((size) => size === 2).length, 6000);
});

Deno.test("mergeBase() is what a map of paths would be", () => {
  const change: fc.Arbitrary<BaseChange> = fc.oneof(
    entry,
    path.map((at): BaseChange => ({ path: at, gone: true })),
  );
  const changes = fc.uniqueArray(change, { selector: (item) => item.path, maxLength: 20 })
    .map((items) => items.sort(byPath));
  fc.assert(
    fc.property(entries, changes, (before, learned) => {
      const expected = new Map(before.map((item) => [item.path, item]));
      for (const item of learned) {
        if ("gone" in item) expected.delete(item.path);
        else expected.set(item.path, item);
      }
      const sorted = [...expected.values()].sort(byPath);
      assert.deepEqual([...mergeBase(before, learned)], sorted);
    }),
    { seed: 4 },
  );
});

const FILE: BaseEntry = { path: "a", kind: "file", executable: false, size: 1 };

Deno.test("updateBase() makes a base, changes it, and leaves one alone that is as it should be", async () => {
  await using temp = await makeTemp();
  const file = join(temp.path, "base", "project.jsonl");
  const read = () => {
    using base = findBase(file)!;
    return [...base.entries];
  };
  await updateBase(file, { ignoreFiles: [""], changes: [FILE, { ...FILE, path: "b" }] });
  await updateBase(file, { ignoreFiles: [""], changes: [{ path: "a", gone: true }] });
  assert.deepEqual(read(), [{ ...FILE, path: "b" }]);
  const before = Deno.statSync(file).ino;
  await updateBase(file, { ignoreFiles: [""], changes: [] });
  assert.equal(Deno.statSync(file).ino, before);
  await updateBase(file, { ignoreFiles: ["", "src"], changes: [] });
  using base = findBase(file)!;
  assert.deepEqual(base.ignoreFiles, ["", "src"]);
  assert.deepEqual([...Deno.readDirSync(join(temp.path, "base"))].map(({ name }) => name), [
    "project.jsonl",
  ]);
});

Deno.test("writeBase() refuses entries in no order, and leaves what was there", async () => {
  await using temp = await makeTemp();
  const file = join(temp.path, "project.jsonl");
  await writeBase(file, { ignoreFiles: [], entries: [FILE] });
  const wrong = [{ ...FILE, path: "b" }, FILE];
  await assert.rejects(writeBase(file, { ignoreFiles: [], entries: wrong }), /not in order/);
  using base = findBase(file)!;
  assert.deepEqual([...base.entries], [FILE]);
  assert.equal([...Deno.readDirSync(temp.path)].length, 1);
});

Deno.test("findBase() finds nothing where there is nothing", () => {
  assert.equal(findBase("/nowhere/at/all.jsonl"), undefined);
});

const HEADER = '{"schema":2,"indexAt":"000000000065","ignoreFiles":[]}\n';
const ROW = '["a","d"]\n';

for (
  const [title, text] of [
    ["an empty file", ""],
    ["a file of another format", '{"schema":1,"ignoreFiles":[]}\n'],
    ["a header that is none", "[]\n"],
    ["a header without an end", '{"schema":2,"indexAt":"0000'],
    ["a file without its index", `${HEADER}${ROW}`],
    ["an index that is cut", `${HEADER}${ROW}["",0,0,55,10]\n["b",0,`],
    ["an index that is none", `${HEADER}${ROW}{"a":1}\n`],
    ["an index of another format", `${HEADER}${ROW}["",0,0,55]\n`],
    ["rows that are cut", `${HEADER}${ROW}["",0,0,55,4]\n`],
    ["rows beyond its end", `${HEADER}${ROW}["",0,0,55,500]\n`],
    ["a row that is no JSON", `${HEADER}nonsense,\n["",0,0,55,10]\n`],
    ["an entry of another kind", `${HEADER}["a","p"]\n["",0,0,55,10]\n`],
    ["bytes that are no UTF-8", "\xff"],
  ] as const
) {
  Deno.test(`findBase() says what to do about ${title}`, async () => {
    await using temp = await makeTemp();
    const file = join(temp.path, "project.jsonl");
    await Deno.writeFile(file, Uint8Array.from(text, (char) => char.charCodeAt(0)));
    assert.throws(() => {
      using base = findBase(file);
      for (const _ of base!.entries);
    }, (error) => error instanceof UserError && /Remove the file/.test(error.hint ?? ""));
  });
}

Deno.test("the base that the broken ones were made of is none of them", async () => {
  await using temp = await makeTemp();
  const file = join(temp.path, "project.jsonl");
  await Deno.writeTextFile(file, `${HEADER}${ROW}["",0,0,55,10]\n`);
  assert.equal(HEADER.length, 55);
  using base = findBase(file)!;
  assert.deepEqual([...base.entries], [{ path: "a", kind: "dir", executable: false, size: 0 }]);
});

Deno.test("baseFile() has a place for each root and each other target", () => {
  const root = { name: "docs", hostPath: "/home/u/docs" };
  assert.equal(baseFile("/c", { root }), "/c/base/docs.jsonl");
  assert.equal(baseFile("/c", { root, target: "/home/u/docs" }), "/c/base/docs.jsonl");
  assert.match(
    baseFile("/c", { root, target: "/tmp/out" }),
    /^\/c\/base\/docs-[0-9a-f]{12}\.jsonl$/,
  );
});

const NOW = 1_000_000;
const SEEN: TreeEntry = {
  path: "a",
  kind: "file",
  mode: 0o644,
  size: 3,
  mtimeMs: 5000,
  ctimeMs: 6000,
};

for (
  const [title, mtimeMs, ctimeMs, isKept] of [
    ["long ago", 5000, 6000, true],
    ["two seconds ago", NOW - 2000, NOW - 2000, true],
    ["within two seconds, where there may be no finer times", 5000, NOW - 1000, false],
    ["in the future", NOW + 9999, 6000, false],
    ["within two seconds, by a fine time", 5000, NOW - 101, true],
    ["within a tenth of a second", 5000, NOW - 99, false],
    ["a moment ago, as its times say", NOW - 50, 5001, false],
  ] as const
) {
  Deno.test(`toStamp() ${isKept ? "trusts" : "does not trust"} what was changed ${title}`, () => {
    const entryThen = { mtimeMs, ctimeMs };
    assert.deepEqual(toStamp(entryThen, NOW), isKept ? entryThen : undefined);
  });
}

for (
  const [title, change, expected] of [
    ["nothing", {}, true],
    ["its size", { size: 4 }, false],
    ["its modification time", { mtimeMs: 5001 }, false],
    ["its change time", { ctimeMs: 6001 }, false],
    ["its executable bit", { mode: 0o755 }, false],
    ["another bit of its mode", { mode: 0o600 }, true],
    ["its kind", { kind: "link", target: "x" }, false],
  ] as const
) {
  Deno.test(`isUnchanged() sees a change of ${title}`, () => {
    const clocks = { hostMs: NOW, innerMs: NOW };
    const base = toBaseEntry({ host: SEEN, inner: { ...SEEN, ctimeMs: 1 }, sha256: "00" }, clocks);
    assert.equal(isUnchanged(base, { ...SEEN, ...change }, { side: "host" }), expected);
    assert.equal(isUnchanged(base, { ...SEEN, ...change }, { side: "inner" }), false);
  });
}
