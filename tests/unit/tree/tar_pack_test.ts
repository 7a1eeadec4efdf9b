import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { comparePaths, type TreeEntry, type TreeProblem } from "../../../src/tree/entry.ts";
import type { TreeFs, TreeStat } from "../../../src/tree/fs.ts";
import { packEntries } from "../../../src/tree/tar_pack.ts";
import { join, takeAll } from "../support/tar.ts";

/** A file, link or directory that is only in memory; `was` is what `lstat` tells of a file. */
type Node = {
  kind: TreeStat["kind"];
  bytes?: Uint8Array;
  target?: string;
  mode?: number;
  /** What `lstat` says at first, where it is not so any more. */
  was?: Partial<TreeStat>;
  /** Codes of the errors that opening and reading end in. */
  openCode?: string;
  readCode?: string;
};

const STAT: TreeStat = {
  kind: "file",
  mode: 0o644,
  size: 0,
  mtimeMs: 1_700_000_000_123,
  ctimeMs: 5,
  identity: "1:1",
};

/** The part of a file system that packing asks, and how many files are open. */
function memoryFs(nodes: Readonly<Record<string, Node>>, options: { longestRead?: number } = {}) {
  const { longestRead = Infinity } = options;
  const held = { open: 0 };
  const looked = new Set<string>();
  const find = (path: string) => nodes[path.replace(/^\/root\//, "")];
  const fail = (code: string | undefined) => {
    if (code !== undefined) throw Object.assign(new Error(code), { code });
  };
  const statOf = ({ kind, bytes, mode }: Node): TreeStat => ({
    ...STAT,
    kind,
    mode: mode ?? STAT.mode,
    size: bytes?.length ?? 0,
  });
  const fs: Pick<TreeFs, "lstat" | "readLink" | "openRead"> = {
    lstat(path) {
      const node = find(path);
      if (node === undefined) return undefined;
      const isFirst = !looked.has(path);
      looked.add(path);
      return isFirst ? { ...statOf(node), ...node.was } : statOf(node);
    },
    readLink(path) {
      fail(find(path)!.openCode);
      return find(path)!.target!;
    },
    openRead(path) {
      const node = find(path)!;
      fail(node.openCode);
      held.open++;
      let at = 0;
      return {
        stat: () => statOf(node),
        read(buffer) {
          fail(node.readCode);
          const part = node.bytes!.subarray(at, at + Math.min(buffer.length, longestRead));
          buffer.set(part);
          at += part.length;
          return part.length;
        },
        close: () => held.open--,
      };
    },
  };
  return { fs: fs as TreeFs, held };
}

function packAll(nodes: Readonly<Record<string, Node>>, options: { longestRead?: number } = {}) {
  const { fs, held } = memoryFs(nodes, options);
  const entries: TreeEntry[] = [];
  const problems: TreeProblem[] = [];
  const sizes: number[] = [];
  const pieces: Uint8Array[] = [];
  const stream = packEntries("/root", Object.keys(nodes), {
    fs,
    hash: () => createHash("sha256"),
    onEntry: (entry) => entries.push(entry),
    onProblem: (problem) => problems.push(problem),
  });
  for (const piece of stream) {
    sizes.push(piece.length);
    // The buffer is used again.
    pieces.push(piece.slice());
  }
  assert.equal(held.open, 0, "every file is closed");
  return { taken: takeAll(join(pieces)), entries, problems, sizes };
}

const text = (value: string) => new TextEncoder().encode(value);
const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

Deno.test("a tree is packed in the order of its paths, with a hash of every file", () => {
  const { taken, entries, problems } = packAll({
    "d": { kind: "dir", mode: 0o40755 },
    "d/a": { kind: "file", bytes: text("hello"), mode: 0o100755 },
    "d/empty": { kind: "file", bytes: text("") },
    "d/l": { kind: "link", target: "a", mode: 0o777 },
  });
  const base = { mtimeMs: STAT.mtimeMs, ctimeMs: 5, size: 0 };
  assert.deepEqual(entries, [
    { ...base, path: "d", kind: "dir", mode: 0o755 },
    { ...base, path: "d/a", kind: "file", mode: 0o755, size: 5, sha256: hashOf(text("hello")) },
    { ...base, path: "d/empty", kind: "file", mode: 0o644, sha256: hashOf(text("")) },
    { ...base, path: "d/l", kind: "link", mode: 0o777, target: "a" },
  ]);
  const streamed = entries.map(({ sha256: _, ...entry }) => ({ ...entry, ctimeMs: 0 }));
  assert.deepEqual(taken.map(({ entry }) => entry), streamed);
  assert.deepEqual(taken[1]!.bytes, text("hello"));
  assert.deepEqual(problems, []);
});

Deno.test("many small files come in few pieces, a large one in pieces of 128 KiB", () => {
  const small = Array.from({ length: 1000 }, (_, at): [string, Node] => [
    `f${at}`,
    { kind: "file", bytes: new Uint8Array(700) },
  ]);
  const few = packAll(Object.fromEntries(small)).sizes;
  assert.ok(few.length < 30, `${few.length} pieces`);
  const large = packAll({ large: { kind: "file", bytes: new Uint8Array(1_000_000) } }).sizes;
  assert.deepEqual(large.slice(0, -2), large.slice(0, -2).map(() => 128 * 1024));
  for (const size of [...few, ...large]) assert.ok(size <= 128 * 1024 && size % 512 === 0);
});

Deno.test("nothing at all is a stream that ends", () => {
  assert.deepEqual(packAll({}).taken, []);
});

const CHANGED: [name: string, node: Node, problem: TreeProblem["problem"], bytes: string][] = [
  [
    "it shrank",
    { kind: "file", bytes: text("abc"), was: { size: 5 } },
    "changed while read",
    "abc\0\0",
  ],
  [
    "it grew",
    { kind: "file", bytes: text("abcdef"), was: { size: 3 } },
    "changed while read",
    "abc",
  ],
  [
    "it grew from nothing",
    { kind: "file", bytes: text("a"), was: { size: 0 } },
    "changed while read",
    "",
  ],
  [
    "another file is at its place",
    { kind: "file", bytes: text("abc"), was: { identity: "1:2" } },
    "changed while read",
    "abc",
  ],
  [
    "its time is another",
    { kind: "file", bytes: text("abc"), was: { mtimeMs: 1 } },
    "changed while read",
    "abc",
  ],
  [
    "it cannot be read",
    { kind: "file", bytes: text("abc"), readCode: "EIO" },
    "unreadable",
    "\0\0\0",
  ],
  [
    "it is a directory",
    { kind: "file", bytes: text("ab"), readCode: "EISDIR" },
    "changed while read",
    "\0\0",
  ],
];

for (const [name, node, problem, bytes] of CHANGED) {
  Deno.test(`a file keeps the size of its header, and is reported: ${name}`, () => {
    const { taken, problems, entries } = packAll({ a: node, b: { kind: "dir" } });
    assert.deepEqual(problems, [{ path: "a", problem }]);
    assert.deepEqual(taken.map(({ entry }) => entry.path), ["a", "b"]);
    assert.deepEqual(taken[0]!.bytes, text(bytes));
    assert.equal(entries[0]!.sha256, hashOf(text(bytes)));
  });
}

const LEFT_OUT: [name: string, node: Node, problem: TreeProblem["problem"]][] = [
  ["a file that may not be opened", { kind: "file", openCode: "EACCES" }, "unreadable"],
  ["a file that is gone", { kind: "file", openCode: "ENOENT" }, "changed while read"],
  ["a file that is a link by now", { kind: "file", openCode: "ELOOP" }, "changed while read"],
  ["a link that is none by now", { kind: "link", openCode: "EINVAL" }, "changed while read"],
  ["a socket, a pipe, a device", { kind: "other" }, "special file"],
];

for (const [name, node, problem] of LEFT_OUT) {
  Deno.test(`what cannot come is reported and left out: ${name}`, () => {
    const { taken, problems, entries } = packAll({ a: node, b: { kind: "dir" } });
    assert.deepEqual(problems, [{ path: "a", problem }]);
    assert.deepEqual(taken.map(({ entry }) => entry.path), ["b"]);
    assert.deepEqual(entries.map(({ path }) => path), ["b"]);
  });
}

Deno.test("a path that is gone is reported", () => {
  const problems: TreeProblem[] = [];
  const onProblem = (problem: TreeProblem) => problems.push(problem);
  const { fs } = memoryFs({});
  const pieces = [...packEntries("/root", ["gone"], { fs, onProblem })];
  assert.deepEqual(problems, [{ path: "gone", problem: "changed while read" }]);
  assert.deepEqual(takeAll(pieces[0]!), []);
});

Deno.test("what is wrong with the machine, and not with a path, ends the packing", () => {
  assert.throws(() => packAll({ a: { kind: "file", openCode: "EMFILE" } }), /EMFILE/);
});

Deno.test("a file is closed when nobody wants the rest", () => {
  const { fs, held } = memoryFs({ a: { kind: "file", bytes: new Uint8Array(1_000_000) } });
  const stream = packEntries("/root", ["a"], { fs });
  stream.next();
  stream.next();
  assert.equal(held.open, 1);
  stream.return(undefined);
  assert.equal(held.open, 0);
});

Deno.test("trees of any sizes come out as they went in, however little is read at once", () => {
  const size = fc.oneof(
    fc.nat(2000),
    fc.constantFrom(0, 511, 512, 513, 65_536, 130_047, 130_048, 130_560, 131_072, 131_073, 300_000),
  );
  const sizes = fc.array(size, { maxLength: 12 });
  fc.assert(
    fc.property(sizes, fc.constantFrom(1000, 4096, Infinity), (sizes, longestRead) => {
      const nodes = sizes.map((length, at): [string, Node] => [
        `${at % 3 === 0 ? "é".repeat(100) : "f"}${at}`,
        { kind: "file", bytes: Uint8Array.from({ length }, (_, index) => index * (at + 3)) },
      ]).toSorted(([a], [b]) => comparePaths(a, b));
      const { taken, problems } = packAll(Object.fromEntries(nodes), { longestRead });
      assert.deepEqual(problems, []);
      assert.deepEqual(
        taken.map(({ entry, bytes }) => [entry.path, hashOf(bytes)]),
        nodes.map(([path, { bytes }]) => [path, hashOf(bytes!)]),
      );
    }),
    { numRuns: 40 },
  );
});
