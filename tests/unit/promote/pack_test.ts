import assert from "node:assert/strict";
import { concat } from "../../../src/promote/bytes.ts";
import { hashObject, type NewObject, writePack } from "../../../src/promote/pack.ts";
import { gitIn } from "../support/history.ts";
import { makeTemp } from "../support/workspace.ts";

/** Sizes around those at which the header of an entry grows by a byte, or compression begins. */
const SIZES = [0, 1, 15, 16, 255, 256, 1024, 1025, 2047, 2048, 262_143, 262_144, 1_000_000];

Deno.test("git finds in a pack what was written, under the ids that were told", async () => {
  await using temp = await makeTemp();
  await gitIn(temp.path, ["init", "-q"]);
  const objects: NewObject[] = SIZES.map((size) => ({
    type: "blob",
    bytes: Uint8Array.from({ length: size }, (_, index) => (index * 7 + size) % 251),
  }));
  const stdin = concat([...writePack(objects)]);
  await gitIn(temp.path, ["index-pack", "--stdin", "--strict"], { stdin });
  const ids = objects.map(hashObject);
  const asked = new TextEncoder().encode(ids.map((id) => `${id}\n`).join(""));
  const told = await gitIn(temp.path, ["cat-file", "--batch-check"], { stdin: asked });
  assert.equal(told, ids.map((id, index) => `${id} blob ${SIZES[index]}\n`).join(""));
});

Deno.test("hashObject() gives the ids that git gives", () => {
  const bytes = new Uint8Array(0);
  assert.equal(hashObject({ type: "blob", bytes }), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  assert.equal(hashObject({ type: "tree", bytes }), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
});

Deno.test("a pack of nothing is one", async () => {
  await using temp = await makeTemp();
  await gitIn(temp.path, ["init", "-q"]);
  const stdin = concat([...writePack([])]);
  const told = await gitIn(temp.path, ["index-pack", "--stdin", "--strict"], { stdin });
  assert.match(told, /^pack\t[0-9a-f]{40}\n$/);
});
