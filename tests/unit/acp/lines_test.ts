import assert from "node:assert/strict";
import fc from "fast-check";
import { readLines } from "../../../src/acp/lines.ts";

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

Deno.test("readLines() reads the same lines however the bytes are cut, inside a letter too", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", " "))),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      async (lines, sizes) => {
        const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
        const whole = new TextDecoder().decode(bytes).split("\n").slice(0, -1);
        assert.deepEqual(await Array.fromAsync(readLines(cut(bytes, sizes))), whole);
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("readLines() gives a last line without an end, and nothing for an empty one", async () => {
  const read = (text: string) =>
    Array.fromAsync(readLines(cut(new TextEncoder().encode(text), [2])));
  assert.deepEqual(await read("a\nb"), ["a", "b"]);
  assert.deepEqual(await read("a\n\nb\n"), ["a", "", "b"]);
  assert.deepEqual(await read(""), []);
});
