import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { findSpellings, spell, SPELLINGS } from "../../../../src/verify/secrets/spellings.ts";

const VALUE = "tried-body-0c6f/+=77ab";

Deno.test("a value is found in each spelling, and only there", () => {
  for (const as of SPELLINGS) {
    assert.deepEqual(findSpellings(`a${spell(VALUE, as)}b`, VALUE), [as], as);
  }
  assert.deepEqual(findSpellings("tried-none-0c6f/+=77ab", VALUE), []);
});

Deno.test("in base64 a value is found wherever it stands, in both alphabets", () => {
  const text = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(text, text, fc.constantFrom("base64", "base64url"), (before, behind, as) => {
      const encoded = Buffer.from(before + VALUE + behind).toString(as as "base64");
      assert.equal(findSpellings(encoded, VALUE).length, 1);
    }),
  );
});
