import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { compileNameSearch } from "../../../../src/gateway/content/name_search.ts";

const VALUE = "Key-0Aq7.x9zZ-31";
const HEX = Buffer.from(VALUE).toString("hex");
const search = compileNameSearch([{ name: "KEY", value: VALUE }], { secrets: "block" });

Deno.test("a value is found in a name, in any case and over several labels", () => {
  for (
    const host of [
      `${VALUE}.wild.test`,
      `a.${VALUE.toLowerCase()}b.wild.test`,
      `key-0a.q7x9.zz-31.wild.test`,
      `${HEX}.wild.test`,
      `${HEX.slice(0, 10)}.${HEX.slice(10)}.wild.test`.toUpperCase(),
    ]
  ) {
    const found = search(host);
    assert.deepEqual([found?.action, found?.reason], ["block", "secret-leak"], host);
    assert.ok(!found!.detail.toLowerCase().includes(VALUE.toLowerCase()));
  }
});

Deno.test("wherever a value is cut into labels, it is found", () => {
  const letters = VALUE.replaceAll(".", "");
  fc.assert(fc.property(fc.subarray(Array.from(letters, (_, at) => at).slice(1)), (cuts) => {
    const host = [...letters].map((char, at) => cuts.includes(at) ? `.${char}` : char).join("");
    assert.notEqual(search(`${host}.wild.test`), null);
  }));
});

Deno.test("an ordinary name holds nothing", () => {
  for (const host of ["wild.test", "key-0aq7.wild.test", "198.51.100.3"]) {
    assert.equal(search(host), null);
  }
  const short = compileNameSearch([{ name: "A", value: "a.b.c.d.e" }], { secrets: "block" });
  assert.equal(short("abcde.test"), null);
  assert.equal(compileNameSearch([], { secrets: "block" })("wild.test"), null);
});

Deno.test("it is as strict as the user is with secrets", () => {
  const host = `${VALUE}.wild.test`;
  const secrets = [{ name: "KEY", value: VALUE }];
  assert.equal(compileNameSearch(secrets, { secrets: "flag" })(host)?.action, "flag");
  assert.equal(compileNameSearch(secrets, { secrets: "off" })(host), null);
});
