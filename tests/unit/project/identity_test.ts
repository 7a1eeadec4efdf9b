import assert from "node:assert/strict";
import * as fc from "fast-check";
import { EXIT, UserError } from "../../../src/errors.ts";
import { cageId } from "../../../src/project/identity.ts";

Deno.test("cageId() is the basename and a hash of the canonical path", () => {
  assert.equal(cageId({ path: "/home/u/My App", basename: "My App" }), "my-app-048459d92295");
});

Deno.test("cageId() strips accents and falls back where no letter is left", () => {
  assert.match(cageId({ path: "/x/Äpfel", basename: "Äpfel" }), /^apfel-[0-9a-f]{12}$/);
  assert.match(cageId({ path: "/x/日本", basename: "日本" }), /^project-[0-9a-f]{12}$/);
});

Deno.test("cageId() differs for equal basenames in different places", () => {
  assert.notEqual(
    cageId({ path: "/a/x", basename: "x" }),
    cageId({ path: "/b/x", basename: "x" }),
  );
});

Deno.test("cageId() is a valid compose project name for any path", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (basename) => {
    const id = cageId({ path: `/p/${basename}`, basename });
    assert.match(id, /^[a-z0-9][a-z0-9_-]*-[0-9a-f]{12}$/);
    assert.ok(id.length <= 45);
  }));
});

Deno.test("cageId() takes a given name as it is", () => {
  assert.equal(cageId({ path: "/a", basename: "a" }, "review_2"), "review_2");
});

for (const name of ["", "-x", "Upper", "a b", "a/b", "ü", "a".repeat(41), "a\n"]) {
  Deno.test(`cageId() refuses the name ${JSON.stringify(name.slice(0, 8))}`, () => {
    assert.throws(() => cageId({ path: "/a", basename: "a" }, name), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.exit, EXIT.usage);
      assert.match(error.hint ?? "", /lower-case letters/);
      return true;
    });
  });
}
