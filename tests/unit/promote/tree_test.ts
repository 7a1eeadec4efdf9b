import assert from "node:assert/strict";
import fc from "fast-check";
import { latin1 } from "../../../src/promote/bytes.ts";
import {
  compareEntries,
  diffTrees,
  findEntry,
  formatTree,
  hexId,
  isTree,
  parseTree,
  rawId,
  type Tree,
  type TreeEntry,
  withEntry,
} from "../../../src/promote/tree.ts";

const ID = "\x00\x01\x0a\x20".repeat(5);
const file = (name: string, id = ID): TreeEntry => ({ mode: "100644", name, id });
const dir = (name: string, id = ID): TreeEntry => ({ mode: "40000", name, id });

const entry: fc.Arbitrary<TreeEntry> = fc.record({
  mode: fc.constantFrom("100644", "100755", "120000", "160000", "40000", "100664", "040000"),
  // Few letters, so that names meet; those around the slash, where the order of directories differs.
  name: fc.stringMatching(/^[a.\-0\xff]{1,3}$/),
  id: fc.uint8Array({ minLength: 20, maxLength: 20 }).map(latin1),
}, { noNullPrototype: true });
const tree: fc.Arbitrary<Tree> = fc.uniqueArray(entry, { selector: ({ name }) => name })
  .map((entries) => entries.sort(compareEntries));

Deno.test("parseTree() and formatTree() are each other's reverse", () => {
  fc.assert(fc.property(tree, (entries) => {
    assert.deepEqual(parseTree(formatTree(entries)), entries);
  }));
});

for (const text of ["100644", "100644 a", "100644 a\0short", "a\0" + ID]) {
  Deno.test(`parseTree() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseTree(text), /The object is no tree/);
  });
}

Deno.test("compareEntries() orders a directory as if its name ended in a slash", () => {
  const names = [dir("a"), file("a-b"), file("a.txt"), file("a0"), file("A")].sort(compareEntries);
  assert.deepEqual(names.map(({ name }) => name), ["A", "a-b", "a.txt", "a", "a0"]);
});

Deno.test("diffTrees() tells a file that became a directory as one change", () => {
  const changes = diffTrees([file("a"), file("a.b")], [file("a.b"), dir("a")]);
  assert.deepEqual(changes, [{ name: "a", was: file("a"), is: dir("a") }]);
});

Deno.test("diffTrees() tells exactly the names at which two trees differ", () => {
  fc.assert(fc.property(tree, tree, (from, to) => {
    const byName = (entries: Tree) => new Map(entries.map((each) => [each.name, each]));
    const [was, is] = [byName(from), byName(to)];
    const want = [...new Set([...was.keys(), ...is.keys()])]
      .map((name) => ({ name, was: was.get(name), is: is.get(name) }))
      .filter((change) => change.was?.id !== change.is?.id || change.was?.mode !== change.is?.mode);
    const sort = (changes: typeof want) => changes.sort((a, b) => a.name < b.name ? -1 : 1);
    assert.deepEqual(sort(diffTrees(from, to)), sort(want));
  }));
});

Deno.test("withEntry() keeps the order and finds what it put there", () => {
  fc.assert(fc.property(tree, entry, (entries, added) => {
    const more = withEntry(entries, { name: added.name, entry: added });
    assert.deepEqual(more, [...more].sort(compareEntries));
    assert.deepEqual(findEntry(more, added.name), added);
    const less = withEntry(more, { name: added.name, entry: undefined });
    assert.equal(findEntry(less, added.name), undefined);
    assert.deepEqual(less, entries.filter(({ name }) => name !== added.name));
  }));
});

Deno.test("isTree() knows the mode that old trees have", () => {
  assert.equal(isTree({ ...dir("a"), mode: "040000" }), true);
  assert.equal(isTree({ ...dir("a"), mode: "160000" }), false);
});

Deno.test("hexId() and rawId() are each other's reverse", () => {
  const hex = "00010a20ff".repeat(4);
  assert.equal(hexId(rawId(hex)), hex);
});
