import assert from "node:assert/strict";
import { compileSnapshot } from "../../../src/gateway/snapshot.ts";
import { makeDocument } from "./documents.ts";

Deno.test("compileSnapshot() makes a frozen snapshot of the document's version", async () => {
  const compiled = await compileSnapshot(makeDocument(["a.test"], { version: 7 }));
  assert.ok(compiled.ok);
  assert.equal(compiled.snapshot.version, 7);
  assert.ok(Object.isFrozen(compiled.snapshot));
});

const WRONG: [what: string, document: unknown][] = [
  ["no document", "nonsense"],
  ["a rule that cannot be read", makeDocument(["http://"])],
  [
    "an inspector that is no module",
    makeDocument([], {
      inspectors: [{ name: "broken", source: "export function inspect( {" }],
    }),
  ],
];

for (const [what, document] of WRONG) {
  Deno.test(`compileSnapshot() says what is wrong with ${what}`, async () => {
    const compiled = await compileSnapshot(document);
    assert.ok(!compiled.ok);
    assert.ok(compiled.problems.length > 0 && compiled.problems.every((text) => text.length > 0));
  });
}
