import assert from "node:assert/strict";
import { createArrived, type Wanted } from "../../../src/transfer/arrived.ts";

const WANTED: Wanted = ["a", "a/b", "a.c", "d"].map((path) => ({
  path,
  entry: { path, kind: "file", mode: 0o644, size: 0, mtimeMs: 0, ctimeMs: 0 },
}));
const SHA = "0123456789abcdef".repeat(4);

Deno.test("what was asked for is found, in order and out of it; nothing else is", () => {
  const arrived = createArrived(WANTED);
  const asked = ["a", "a/b", "d", "a.c", "a", "d", "d", "a/b"];
  assert.deepEqual(asked.map(arrived.find), [0, 1, 3, 2, 0, 3, 3, 1]);
  for (const path of ["", "A", "a/", "a/b/c", "c", "e"]) assert.equal(arrived.find(path), -1);
  assert.equal(createArrived([]).find("a"), -1);
});

Deno.test("what has come is known with its hash, until it is gone", () => {
  const arrived = createArrived(WANTED);
  arrived.add(0);
  arrived.add(2, SHA);
  arrived.add(2, SHA);
  assert.equal(arrived.size, 2);
  assert.deepEqual([0, 1, 2, 3].map(arrived.has), [true, false, true, false]);
  assert.deepEqual([0, 1, 2, 3].map(arrived.hash), [undefined, undefined, SHA, undefined]);
  arrived.delete(2);
  arrived.delete(2);
  arrived.delete(-1);
  assert.equal(arrived.has(-1), false);
  assert.equal(arrived.size, 1);
  assert.equal(arrived.hash(2), undefined);
});
