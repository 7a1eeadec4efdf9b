import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import {
  compileReplacer,
  createReplaceStream,
  createReplacing,
  replaceAll,
} from "../../../../src/gateway/content/replacer.ts";
import { cut, pass } from "./support.ts";

const toPairs = (pairs: readonly (readonly [string, string])[]) =>
  pairs.map(([bytes, replacement]) => ({
    bytes: Buffer.from(bytes),
    replacement: Buffer.from(replacement),
  }));

/** Leftmost, then longest: an alternation of all, the longest first. */
function replaceByHand(text: string, pairs: readonly (readonly [string, string])[]): string {
  const longest = pairs.toSorted(([a], [b]) => b.length - a.length);
  const pattern = longest.map(([bytes]) => bytes.replace(/[^a-z]/g, "\\$&")).join("|");
  return text.replace(
    new RegExp(pattern, "g"),
    (found) => pairs.find(([bytes]) => bytes === found)![1],
  );
}

// Few letters, so that needles are met, overlap and begin each other.
const word = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength, maxLength });
const needles = fc.uniqueArray(fc.tuple(word(3, 6), word(0, 9)), {
  minLength: 1,
  maxLength: 5,
  selector: ([bytes]) => bytes,
});
const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });

Deno.test("replaceAll() is String.replaceAll for one needle", () => {
  fc.assert(fc.property(word(3, 5), word(0, 9), word(0, 200), (needle, replacement, text) => {
    const replacer = compileReplacer(toPairs([[needle, replacement]]));
    const want = text.replaceAll(needle, () => replacement);
    assert.equal(replaceAll(replacer, Buffer.from(text)).toString(), want);
  }));
});

Deno.test("a stream replaces the leftmost and longest, whatever the chunks", async () => {
  await fc.assert(
    fc.asyncProperty(needles, word(0, 300), lengths, async (pairs, text, cuts) => {
      const stream = createReplaceStream(compileReplacer(toPairs(pairs)));
      const { out } = await pass(stream, cut(Buffer.from(text), cuts));
      assert.equal(out.toString(), replaceByHand(text, pairs));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("long needles are replaced byte by byte", async () => {
  const needle = "xy".repeat(2000) + "z";
  const text = `${"xy".repeat(1000)}${needle}${needle}x`;
  const stream = createReplaceStream(compileReplacer(toPairs([[needle, "-"]])));
  const { out } = await pass(stream, cut(Buffer.from(text), [997]));
  assert.equal(out.toString(), `${"xy".repeat(1000)}--x`);
});

Deno.test("only what may be the start of a needle is held back", () => {
  const replacing = createReplacing(compileReplacer(toPairs([["secret-value", "X"]])));
  const write = (text: string) => Buffer.concat(replacing.write(Buffer.from(text))).toString();
  assert.equal(write("data: one\n\n"), "data: one\n\n");
  assert.equal(write("data: sec"), "data: ");
  assert.equal(write("ond\n\n"), "second\n\n");
  assert.equal(write("secret-valu"), "");
  assert.equal(write("e!s"), "X!");
  assert.equal(Buffer.concat(replacing.end()).toString(), "s");
});

Deno.test("what was replaced is no start of anything", () => {
  const needles = toPairs([["secret-value", "X"], ["valueZZ", "Y"]]);
  const replacing = createReplacing(compileReplacer(needles));
  const out = replacing.write(Buffer.from("secret-valueZ"));
  assert.equal(Buffer.concat(out).toString(), "XZ");
});

Deno.test("replaceAll() gives back what it changes nothing in", () => {
  const replacer = compileReplacer(toPairs([["abc", "x"]]));
  for (const text of ["", "a", "ab", "nothing here"]) {
    const data = Buffer.from(text);
    assert.deepEqual(replaceAll(replacer, data), data);
  }
});
