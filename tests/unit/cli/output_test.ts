import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAge, formatCount, formatJson, formatTable } from "../../../src/cli/output.ts";
import { cutToWidth, displayWidth, padToWidth } from "../../../src/cli/width.ts";

for (
  const [text, want] of [
    ["abc", 3],
    ["", 0],
    ["日本", 4],
    ["한글", 4],
    ["é", 1],
    ["cut…", 4],
    ["“Größe” – x", 11],
    ["soft\u00adhyphen", 10],
    ["e\u0301", 1],
    ["👨‍👩‍👧", 2],
    ["✔️", 2],
    ["\x1b[1mbold\x1b[0m", 4],
    ["a\u200bb", 2],
  ] as const
) {
  Deno.test(`displayWidth() of ${JSON.stringify(text)} is ${want}`, () => {
    assert.equal(displayWidth(text), want);
  });
}

Deno.test("cutToWidth() never exceeds the width and padToWidth() always reaches it", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.nat(40), (text, columns) => {
    assert.ok(displayWidth(cutToWidth(text, columns)) <= columns);
    assert.ok(displayWidth(padToWidth(text, columns)) >= columns);
  }));
});

Deno.test("formatTable() aligns wide characters and ends no line with blanks", () => {
  assert.equal(
    formatTable(["NAME", "WHERE"], [["日本", "a"], ["x", ""]]),
    "NAME  WHERE\n日本  a\nx\n",
  );
});

Deno.test("formatTable() cuts its widest column to fit, and keeps a row on one line", () => {
  const table = formatTable(["ID", "PATH"], [["abc", `/very/long\n${"x".repeat(60)}`]], {
    columns: 30,
  });
  assert.equal(table, `ID   PATH\nabc  /very/long\\n${"x".repeat(12)}…\n`);
});

Deno.test("formatTable() shows escapes of hostile names instead of sending them", () => {
  assert.equal(formatTable(["A"], [["\x1b[2Jx"]]), "A\n\\u001b[2Jx\n");
});

Deno.test("formatJson(), formatCount() and formatAge() are plain", () => {
  assert.equal(formatJson({ a: [1] }), '{\n  "a": [\n    1\n  ]\n}\n');
  assert.deepEqual([formatCount(1, "cage"), formatCount(0, "cage")], ["1 cage", "0 cages"]);
  assert.deepEqual([5e3, 3e5, 7.2e6, 2e8, -5].map(formatAge), ["5s", "5m", "2h", "2d", "0s"]);
});
