import assert from "node:assert/strict";
import { formatStats } from "../../../src/transfer/diff_stats.ts";
import { visibleText } from "../../../src/transfer/visible.ts";

Deno.test("formatStats() has a line for each file and the sums", () => {
  const text = formatStats([
    { path: "src/a.ts", kind: "text", added: 3, removed: 1 },
    { path: "b", kind: "text", added: 0, removed: 2 },
    { path: "logo.png", kind: "binary", before: 10, after: 20 },
    { path: "mode", kind: "text", added: 0, removed: 0 },
  ]);
  assert.equal(
    text,
    [
      " src/a.ts |   4 +++-",
      " b        |   2 --",
      " logo.png | Bin 10 -> 20 bytes",
      " mode     |   0",
      " 4 files changed, 3 insertions(+), 3 deletions(-)",
      "",
    ].join("\n"),
  );
});

Deno.test("formatStats() counts one as one", () => {
  const text = formatStats([{ path: "a", kind: "text", added: 1, removed: 1 }]);
  assert.match(text, / 1 file changed, 1 insertion\(\+\), 1 deletion\(-\)\n$/);
  assert.equal(formatStats([]), " 0 files changed\n");
});

Deno.test("formatStats() keeps to its width, whatever the names and numbers", () => {
  const stats = [
    { path: "x/".repeat(80) + "end.ts", kind: "text" as const, added: 12_000, removed: 1 },
    { path: "é\x1b[31m", kind: "text" as const, added: 1, removed: 0 },
  ];
  const lines = formatStats(stats, { columns: 60 }).trimEnd().split("\n");
  for (const line of lines) assert.ok([...line].length <= 60, line);
  assert.match(lines[0]!, /^ ….*end\.ts \| 12001 \++-$/);
  assert.match(lines[1]!, /^ é\^\[\[31m +\| {5}1 \+$/);
});

for (
  const [text, expected] of [
    ["plain\ttext é 名", "plain\ttext é 名"],
    ["\x1b[31m", "^[[31m"],
    ["a\nb\rc\0", "a^Jb^Mc^@"],
    ["\x7f\x9b", "^?<U+009B>"],
    ["a\u202eb\u2066c\u200b", "a<U+202E>b<U+2066>c<U+200B>"],
    ["\u{e0041}", "<U+E0041>"],
  ] as const
) {
  Deno.test(`visibleText() writes ${JSON.stringify(text)} so that nothing acts`, () => {
    assert.equal(visibleText(text), expected);
  });
}
