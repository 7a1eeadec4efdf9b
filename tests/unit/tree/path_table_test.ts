import assert from "node:assert/strict";
import fc from "fast-check";
import { createPathTable } from "../../../src/tree/path_table.ts";

Deno.test("a table of paths answers as one that keeps them all", () => {
  const path = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join("/"));
  const entry = fc.tuple(path, fc.constantFrom("dir", "other"));
  fc.assert(fc.property(fc.array(entry, { maxLength: 60 }), (entries) => {
    const table = createPathTable(1000);
    const kinds = new Map<string, "dir" | "other" | "implied">();
    for (const [path, kind] of entries) {
      const parents = path.split("/").slice(0, -1)
        .map((_, end) => path.split("/").slice(0, end + 1).join("/"));
      const known = kinds.get(path);
      const isWrong = parents.some((parent) => kinds.get(parent) === "other") ||
        known === "dir" || known === "other" || (known === "implied" && kind === "other");
      const problem = table.add(path, kind);
      assert.equal(problem !== undefined, isWrong, `${path}: ${problem}`);
      // A stream ends with its first problem.
      if (isWrong) return;
      for (const parent of parents) if (!kinds.has(parent)) kinds.set(parent, "implied");
      kinds.set(path, kind);
    }
  }));
});

Deno.test("a table of 200,000 paths knows each of them, and no other", () => {
  const table = createPathTable(200_000);
  const paths = Array.from({ length: 200_000 }, (_, at) => `dir${at % 700}/sub/file${at}.ts`);
  assert.deepEqual(paths.filter((path) => table.add(path, "other") !== undefined), []);
  for (const path of paths.filter((_, at) => at % 1000 === 0)) {
    assert.equal(table.add(path, "other"), "it comes twice");
  }
});
