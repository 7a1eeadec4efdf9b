import assert from "node:assert/strict";
import fc from "fast-check";
import { replayTree } from "../../../src/promote/replay.ts";
import {
  compareEntries,
  isTree,
  type RawId,
  rawId,
  type TreeEntry,
} from "../../../src/promote/tree.ts";
import { createTreeStore, EMPTY_TREE, type TreeStore } from "../../../src/promote/tree_store.ts";

/** Files by path; `!` before a content makes it executable. */
type Files = Readonly<Record<string, string>>;

function emptyStore(): TreeStore {
  return createTreeStore({ read: () => Promise.reject(new Error("nothing to read")) });
}

function blobId(content: string): RawId {
  let hex = "";
  for (const char of content.padEnd(20, "\0")) {
    hex += char.charCodeAt(0).toString(16).padStart(2, "0");
  }
  return rawId(hex);
}

function makeTree(files: Files, trees: TreeStore): RawId {
  const entries: TreeEntry[] = [];
  const dirs = new Map<string, Record<string, string>>();
  for (const [path, content] of Object.entries(files)) {
    const at = path.indexOf("/");
    if (at < 0) {
      const mode = content.startsWith("!") ? "100755" : "100644";
      entries.push({ mode, name: path, id: blobId(content) });
    } else {
      const inside = dirs.get(path.slice(0, at)) ?? {};
      inside[path.slice(at + 1)] = content;
      dirs.set(path.slice(0, at), inside);
    }
  }
  for (const [name, inside] of dirs) {
    entries.push({ mode: "40000", name, id: makeTree(inside, trees) });
  }
  return trees.make(entries.sort(compareEntries));
}

function readTree(id: RawId, trees: TreeStore, prefix = ""): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of trees.get(id)!) {
    const path = prefix + entry.name;
    if (isTree(entry)) Object.assign(files, readTree(entry.id, trees, `${path}/`));
    else files[path] = entry.id.replace(/\0+$/, "");
  }
  return files;
}

function replay(
  from: Files,
  to: Files,
  { onto }: { onto: Files },
): Files | { collision: string[] } {
  const trees = emptyStore();
  const [a, b, c] = [from, to, onto].map((files) => makeTree(files, trees));
  const replayed = replayTree({ from: a!, to: b!, onto: c! }, trees);
  if (replayed.kind === "collision") return { collision: replayed.paths.sort() };
  assert.equal(replayed.kind, "tree");
  return readTree(replayed.kind === "tree" ? replayed.id : EMPTY_TREE, trees);
}

const ROWS: readonly {
  name: string;
  from: Files;
  to: Files;
  onto: Files;
  want: Files | { collision: string[] };
}[] = [
  {
    name: "keeps what never went in",
    from: { a: "1" },
    to: { a: "2" },
    onto: { a: "1", ".env": "secret", "d/x": "u" },
    want: { a: "2", ".env": "secret", "d/x": "u" },
  },
  {
    name: "adds, changes and removes beside the user's own files",
    from: { "d/a": "1", "d/b": "1" },
    to: { "d/a": "2", "d/c": "1" },
    onto: { "d/a": "1", "d/b": "1", "d/u": "u" },
    want: { "d/a": "2", "d/c": "1", "d/u": "u" },
  },
  {
    name: "takes over only a mode",
    from: { a: "x" },
    to: { a: "!x" },
    onto: { a: "x", u: "u" },
    want: { a: "!x", u: "u" },
  },
  {
    name: "removes a directory and leaves the user's file in it",
    from: { "d/a": "1" },
    to: {},
    onto: { "d/a": "1", "d/u": "u" },
    want: { "d/u": "u" },
  },
  {
    name: "removes a directory that has nothing left",
    from: { "d/e/a": "1", z: "1" },
    to: { z: "2" },
    onto: { "d/e/a": "1", z: "1", u: "u" },
    want: { z: "2", u: "u" },
  },
  {
    name: "puts a file in place of a directory that has nothing else",
    from: { "d/a": "1" },
    to: { d: "file" },
    onto: { "d/a": "1", u: "u" },
    want: { d: "file", u: "u" },
  },
  {
    name: "puts a directory in place of a file",
    from: { d: "file" },
    to: { "d/a": "1" },
    onto: { d: "file", u: "u" },
    want: { "d/a": "1", u: "u" },
  },
  {
    name: "takes a change that the user has made already",
    from: { a: "1" },
    to: { a: "2" },
    onto: { a: "2", u: "u" },
    want: { a: "2", u: "u" },
  },
  {
    name: "makes a directory again that the user removed, for a new file alone",
    from: { "d/a": "1" },
    to: { "d/a": "1", "d/b": "1" },
    onto: { u: "u" },
    want: { "d/b": "1", u: "u" },
  },
  {
    name: "leaves nothing where both sides leave nothing",
    from: { a: "1" },
    to: {},
    onto: { a: "1" },
    want: {},
  },
  {
    name: "stops at a file both changed",
    from: { a: "1", b: "1" },
    to: { a: "2", b: "2" },
    onto: { a: "3", b: "1" },
    want: { collision: ["a"] },
  },
  {
    name: "stops at a file the user added, too",
    from: {},
    to: { "d/.env": "agent" },
    onto: { "d/.env": "user" },
    want: { collision: ["d/.env"] },
  },
  {
    name: "stops at a file the user removed",
    from: { a: "1" },
    to: { a: "2" },
    onto: { u: "u" },
    want: { collision: ["a"] },
  },
  {
    name: "stops at a file it removes and the user changed",
    from: { "d/a": "1" },
    to: {},
    onto: { "d/a": "2" },
    want: { collision: ["d/a"] },
  },
  {
    name: "stops where only the user's mode differs",
    from: { a: "x" },
    to: { a: "y" },
    onto: { a: "!x" },
    want: { collision: ["a"] },
  },
  {
    name: "stops at a file where a directory is to be",
    from: {},
    to: { "d/a": "1" },
    onto: { d: "user" },
    want: { collision: ["d"] },
  },
  {
    name: "stops at a directory of the user's where a file is to be",
    from: {},
    to: { d: "1" },
    onto: { "d/u": "u" },
    want: { collision: ["d"] },
  },
  {
    name: "stops at a directory that is to become a file and has a file of the user's",
    from: { "d/a": "1" },
    to: { d: "1" },
    onto: { "d/a": "1", "d/u": "u" },
    want: { collision: ["d"] },
  },
  {
    name: "names every path in the way",
    from: { a: "1", "d/b": "1" },
    to: { a: "2", "d/b": "2", c: "1" },
    onto: { a: "3", "d/b": "3", c: "2" },
    want: { collision: ["a", "c", "d/b"] },
  },
];
for (const { name, from, to, onto, want } of ROWS) {
  Deno.test(`replayTree() ${name}`, () => assert.deepEqual(replay(from, to, { onto }), want));
}

Deno.test("replayTree() takes over a tree without a look inside where nothing differs", () => {
  const ids = { from: rawId("1".repeat(40)), to: rawId("2".repeat(40)) };
  const replayed = replayTree({ ...ids, onto: ids.from }, emptyStore());
  assert.deepEqual(replayed, { kind: "tree", id: ids.to });
});

Deno.test("replayTree() asks for all trees it has to see at once", () => {
  const ids = ["1", "2", "3"].map((digit) => rawId(digit.repeat(40)));
  const step = { from: ids[0]!, to: ids[1]!, onto: ids[2]! };
  assert.deepEqual(replayTree(step, emptyStore()), { kind: "missing", ids, files: [] });
});

const path = fc.constantFrom("a", "b", "d/a", "d/b", "d/e/a", "d/e/b", "f/a", "f", "d");
const files: fc.Arbitrary<Files> = fc.dictionary(path, fc.constantFrom("1", "2", "!1"), {
  maxKeys: 6,
})
  // A path is a file or a directory.
  .map((all) =>
    Object.fromEntries(
      Object.entries(all).filter(([own]) =>
        !Object.keys(all).some((other) => other.startsWith(`${own}/`))
      ),
    )
  );

Deno.test("replayTree() changes exactly the paths of the change, or nothing", () => {
  fc.assert(
    fc.property(files, files, files, (from, to, onto) => {
      const out = replay(from, to, { onto });
      if ("collision" in out) {
        // There is a path that the change touches and the user has otherwise.
        const all = [...Object.keys(from), ...Object.keys(to), ...Object.keys(onto)];
        const touched = all.filter((own) => from[own] !== to[own]);
        assert.ok(touched.length > 0);
        return;
      }
      const names = new Set([...Object.keys(from), ...Object.keys(to), ...Object.keys(onto)]);
      for (const own of names) {
        const want = from[own] === to[own] ? onto[own] : to[own];
        assert.equal((out as Files)[own], want, own);
      }
      assert.deepEqual(Object.keys(out).filter((own) => !names.has(own)), []);
    }),
    { numRuns: 500 },
  );
});

Deno.test("replayTree() stops whenever one path is changed on both sides to different things", () => {
  fc.assert(
    fc.property(files, files, files, (from, to, onto) => {
      const names = [...Object.keys(from), ...Object.keys(to), ...Object.keys(onto)];
      const isClash = (own: string) =>
        from[own] !== to[own] && onto[own] !== from[own] && onto[own] !== to[own];
      fc.pre(names.some(isClash));
      assert.ok("collision" in replay(from, to, { onto }));
    }),
    { numRuns: 500 },
  );
});
