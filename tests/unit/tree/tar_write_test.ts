import assert from "node:assert/strict";
import fc from "fast-check";
import { comparePaths, type TreeEntry } from "../../../src/tree/entry.ts";
import { BLOCK_BYTES, FIELD } from "../../../src/tree/tar_header.ts";
import { createTarReader } from "../../../src/tree/tar_read.ts";
import { TarRefused } from "../../../src/tree/tar_refused.ts";
import { countHeaderRoom, createTarWriter, writeHeader } from "../../../src/tree/tar_write.ts";
import { textOf } from "../../fuzz/bytes.ts";
import { repairSums } from "../../fuzz/repair_sums.ts";
import { formatStream } from "../../fuzz/seeds/tar.ts";
import { join, STRICT, takeAll, type Taken, WIDE_LIMITS } from "../support/tar.ts";

const FILE: TreeEntry = { path: "a", kind: "file", mode: 0o644, size: 0, mtimeMs: 0, ctimeMs: 0 };

const BLOCKS: [name: string, entry: Partial<TreeEntry>, blocks: number][] = [
  ["a plain file", {}, 1],
  ["a directory", { kind: "dir", mode: 0o755 }, 1],
  ["a path of 100 bytes", { path: "x".repeat(100) }, 1],
  ["a path of 101 bytes in one name", { path: "x".repeat(101) }, 3],
  ["a directory of 100 bytes, which has a slash", { kind: "dir", path: "x".repeat(100) }, 3],
  ["a path of 256 bytes that can be split", { path: `${"x".repeat(155)}/${"y".repeat(100)}` }, 1],
  ["one that cannot", { path: `${"x".repeat(156)}/${"y".repeat(99)}` }, 3],
  ["a path of 400 bytes", { path: "x/".repeat(200) + "x" }, 3],
  ["a path of 800 bytes", { path: "x/".repeat(400) + "x" }, 4],
  ["a path beyond ASCII", { path: "ü" }, 3],
  ["a target of 100 bytes", { kind: "link", target: "x".repeat(100) }, 1],
  ["a target of 101 bytes", { kind: "link", target: "x".repeat(101) }, 3],
  ["a time with milliseconds", { mtimeMs: 1500 }, 3],
  ["a time before 1970", { mtimeMs: -1000 }, 3],
  ["the last second of ustar", { mtimeMs: (8 ** 11 - 1) * 1000 }, 1],
  ["the second after", { mtimeMs: 8 ** 11 * 1000 }, 3],
  ["the last size of ustar", { size: 8 ** 11 - 1 }, 1],
  ["8 GiB", { size: 8 ** 11 }, 3],
];

const WIDEST = {
  ...STRICT,
  limits: { ...WIDE_LIMITS, entryBytes: 2 ** 50, totalBytes: 2 ** 50 },
};
const NOTHING = new Uint8Array(0);

for (const [name, parts, blocks] of BLOCKS) {
  Deno.test(`a header of ${blocks} blocks is read as it was: ${name}`, () => {
    const entry = { ...FILE, ...parts };
    const header = createTarWriter().header(entry);
    assert.equal(header.length, blocks * BLOCK_BYTES);
    assert.ok(header.length <= countHeaderRoom(entry));
    assert.deepEqual(readOne(header), { ...entry, ctimeMs: 0 });
  });
}

/** The entry of a header, whatever it says about contents. */
function readOne(header: Uint8Array): TreeEntry | undefined {
  let read: TreeEntry | undefined;
  createTarReader({ entry: (entry) => read = entry, data() {}, entryEnd() {} }, WIDEST)
    .push(header);
  return read;
}

Deno.test("equal entries give equal bytes, without an owner or a change time", () => {
  const entry = { ...FILE, path: "ü", mtimeMs: 1, ctimeMs: 5, sha256: "00" };
  const header = createTarWriter().header(entry);
  assert.deepEqual(header, createTarWriter().header({ ...entry, ctimeMs: 6 }));
  for (const block of [header.subarray(0, BLOCK_BYTES), header.subarray(-BLOCK_BYTES)]) {
    for (const [start, length] of [FIELD.uid, FIELD.gid]) {
      assert.equal(textOf(block.subarray(start, start + length)), "0000000\0");
    }
    // Names of user and group, and the numbers of a device.
    assert.ok(block.subarray(265, FIELD.prefix[0]).every((byte) => byte === 0));
  }
});

Deno.test("only the nine bits of a mode are written", () => {
  assert.equal(readOne(createTarWriter().header({ ...FILE, mode: 0o104755 }))?.mode, 0o755);
});

Deno.test("what is no size and no time is no entry", () => {
  for (const parts of [{ size: -1 }, { size: 0.5 }, { size: NaN }, { mtimeMs: NaN }]) {
    assert.throws(() => createTarWriter().header({ ...FILE, ...parts }), RangeError);
  }
});

Deno.test("a header is written where it is asked for, over what was there", () => {
  const into = new Uint8Array(4096).fill(0xee);
  const entry = { ...FILE, path: "ü", kind: "link", target: "t" } as const;
  const end = writeHeader(entry, { into, at: 512 });
  assert.deepEqual(into.slice(512, end), createTarWriter().header(entry));
  assert.ok(into.subarray(0, 512).every((byte) => byte === 0xee));
  assert.ok(into.subarray(end).every((byte) => byte === 0xee));
});

/** Trees as they may be: parents come before children, and are directories. */
const trees = (() => {
  const name = fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 8 }),
    fc.constantFrom("a", "b", "-rf", "a\nb", "\x1b[2J", "x".repeat(120), "é".repeat(60), "日本"),
  ).filter((part) => STRICT.check(part) === undefined);
  const size = fc.oneof(fc.nat(20), fc.constantFrom(511, 512, 513, 1024, 9000));
  const contents = size.chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
  const time = fc.oneof(
    fc.nat(2 ** 31).map((ms) => ms * 1000),
    fc.integer({ min: -1e12, max: 4e12 }),
  );
  const item = fc.record({
    names: fc.array(name, { minLength: 1, maxLength: 5 }),
    kind: fc.constantFrom("file", "dir", "link"),
    contents,
    mode: fc.nat(0o777),
    mtimeMs: time,
    target: fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/")),
  });
  return fc.array(item, { maxLength: 12 }).map((items) => {
    const tree = new Map<string, { entry: TreeEntry; bytes: Uint8Array }>();
    for (const { names, kind, contents, mode, mtimeMs, target } of items) {
      const path = names.join("/");
      const parents = names.slice(0, -1).map((_, end) => names.slice(0, end + 1).join("/"));
      if (tree.has(path) || parents.some((up) => (tree.get(up)?.entry.kind ?? "dir") !== "dir")) {
        continue;
      }
      for (const up of parents) {
        const entry: TreeEntry = { ...FILE, path: up, kind: "dir", mode: 0o755 };
        if (!tree.has(up)) tree.set(up, { entry, bytes: NOTHING });
      }
      const bytes = kind === "file" ? contents : NOTHING;
      const entry: TreeEntry = { path, kind, mode, size: bytes.length, mtimeMs, ctimeMs: 0 };
      if (kind === "link") entry.target = target;
      tree.set(path, { entry, bytes });
    }
    return [...tree.values()].toSorted((a, b) => comparePaths(a.entry.path, b.entry.path));
  });
})();

const cuts = fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 8 });

Deno.test("random trees come out of a stream as they went in, however it is cut", () => {
  fc.assert(
    fc.property(trees, cuts, (tree, cuts) => {
      const taken = takeAll(toStream(tree), { ...STRICT, cuts });
      assert.deepEqual(taken, tree);
    }),
    { numRuns: 300 },
  );
});

Deno.test("broken streams are taken or refused, nothing else, and never a byte that was not there", () => {
  const change = fc.record({
    at: fc.nat(),
    by: fc.integer({ min: 1, max: 255 }),
    how: fc.constantFrom("set", "cut", "double", "drop"),
  });
  const changes = fc.array(change, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(trees, changes, fc.boolean(), (tree, changes, isRepaired) => {
      let stream = toStream(tree);
      for (const { at, by, how } of changes) {
        const place = at % (stream.length + 1);
        if (how === "set") stream[place % stream.length]! ^= by;
        else if (how === "cut") stream = stream.slice(0, place);
        else {
          const rest = stream.subarray(Math.min(place + by, stream.length));
          const kept = how === "double" ? [stream.subarray(0, place + by)] : [];
          stream = join([...kept, stream.subarray(0, place), rest]);
        }
        if (stream.length === 0) break;
      }
      if (isRepaired) stream = repairSums(stream);
      try {
        const taken = takeAll(stream);
        assert.ok(taken.reduce((sum, { bytes }) => sum + bytes.length, 0) <= stream.length);
        for (const { entry, bytes } of taken) assert.equal(bytes.length, entry.size);
      } catch (error) {
        assert.ok(error instanceof TarRefused, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a stream that ends anywhere is refused, but for the zeros after its end", () => {
  const stream = formatStream([
    { ...FILE, path: "ü", size: 700 },
    { ...FILE, path: "d", kind: "dir" },
    { ...FILE, path: "l", kind: "link", target: "d" },
  ]);
  for (let end = 0; end < stream.length; end++) {
    assert.throws(() => takeAll(stream.subarray(0, end)), TarRefused, `${end} bytes`);
  }
  assert.equal(takeAll(stream).length, 3);
});

function toStream(tree: readonly Taken[]): Uint8Array<ArrayBuffer> {
  const contents = new Map(tree.map(({ entry, bytes }) => [entry.path, bytes]));
  return formatStream(tree.map(({ entry }) => entry), contents);
}
