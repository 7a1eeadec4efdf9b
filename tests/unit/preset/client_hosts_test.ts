import assert from "node:assert/strict";
import fc from "fast-check";
import { parseClientHosts } from "../../../src/preset/client_hosts.ts";

Deno.test("the answer of an image is read, managers it does not have are absent", () => {
  assert.deepEqual(
    parseClientHosts('{"npm":["https://r.test"],"pypi":["default","http://[::1]:8"],"later":1}'),
    { npm: ["https://r.test"], pypi: ["default", "http://[::1]:8"] },
  );
  assert.deepEqual(parseClientHosts("{}"), {});
});

const REFUSED: readonly (readonly [string, string])[] = [
  ["no JSON", "Segmentation fault"],
  ["a list", "[]"],
  ["no list of a manager", '{"npm":"https://r.test"}'],
  ["a path in an address", '{"npm":["https://r.test/x"]}'],
  ["a login in an address", '{"npm":["https://me:secret@r.test"]}'],
  ["another scheme", '{"npm":["file:///etc"]}'],
  ["a wildcard of every host", '{"npm":["*"]}'],
  ["too many", JSON.stringify({ npm: Array.from({ length: 65 }, (_, i) => `https://h${i}.test`) })],
];

for (const [what, text] of REFUSED) {
  Deno.test(`an answer with ${what} is refused as a whole`, () => {
    assert.equal(parseClientHosts(text), undefined);
  });
}

Deno.test("no answer throws", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    parseClientHosts(text);
  }));
});
