import assert from "node:assert/strict";
import { join } from "node:path";
import * as fc from "fast-check";
import {
  type DiffSide,
  formatFileDiff,
  formatLinkDiff,
  MOST_DIFF_BYTES,
} from "../../../src/transfer/diff_text.ts";
import { makeTemp } from "../support/workspace.ts";

function side(text: string | Uint8Array | undefined, mode = "100644"): DiffSide {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return bytes === undefined ? { bytes, size: 0 } : { bytes, size: bytes.length, mode };
}

for (
  const [title, path, before, after, lines] of [
    ["a change with its surroundings", "a.txt", "1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\nfive\n6\n", [
      "diff a/a.txt b/a.txt",
      "--- a/a.txt",
      "+++ b/a.txt",
      "@@ -2,5 +2,5 @@",
      " 2",
      " 3",
      " 4",
      "-5",
      "+five",
      " 6",
    ]],
    ["a new file", "d/a", undefined, "x\ny", [
      "diff a/d/a b/d/a",
      "new file mode 100644",
      "--- /dev/null",
      "+++ b/d/a",
      "@@ -0,0 +1,2 @@",
      "+x",
      "+y",
      "\\ No newline at end of file",
    ]],
    ["a file that is gone", "a", "x\n", undefined, [
      "diff a/a b/a",
      "deleted file mode 100644",
      "--- a/a",
      "+++ /dev/null",
      "@@ -1 +0,0 @@",
      "-x",
    ]],
    ["an empty file that is new", "a", undefined, "", [
      "diff a/a b/a",
      "new file mode 100644",
    ]],
    ["a name and a line that would act on a terminal", "a\x1b]0;x\x07\n", "", "\x1b[2J\u202e\r\n", [
      'diff "a/a\\u001b]0;x\\u0007\\n" "b/a\\u001b]0;x\\u0007\\n"',
      '--- "a/a\\u001b]0;x\\u0007\\n"',
      '+++ "b/a\\u001b]0;x\\u0007\\n"',
      "@@ -0,0 +1 @@",
      "+^[[2J<U+202E>^M",
    ]],
  ] as const
) {
  Deno.test(`formatFileDiff() shows ${title}`, async () => {
    const { text } = await formatFileDiff(path, { before: side(before), after: side(after) });
    assert.equal(text, lines.map((line) => `${line}\n`).join(""));
  });
}

Deno.test("formatFileDiff() shows a change of mode alone", async () => {
  const sides = { before: side("x"), after: side("x", "100755") };
  const { text, added, removed } = await formatFileDiff("run", sides);
  assert.equal(text, "diff a/run b/run\nold mode 100644\nnew mode 100755\n");
  assert.deepEqual([added, removed], [0, 0]);
});

for (
  const [title, before, after] of [
    ["a NUL", "a\0b", "a"],
    ["bytes that are no UTF-8", new Uint8Array([0x61, 0xff]), "a"],
  ] as const
) {
  Deno.test(`formatFileDiff() says that a file is binary by ${title}`, async () => {
    const found = await formatFileDiff("x", { before: side(before), after: side(after) });
    assert.match(found.text, /\nBinary files differ \(\d → 1 bytes\)\n$/);
    assert.equal(found.binary, true);
  });
}

Deno.test("formatFileDiff() sums up a large file, of which it has the beginning", async () => {
  const before = { ...side("a"), size: MOST_DIFF_BYTES + 1 };
  const { text } = await formatFileDiff("x", { before, after: side("b") });
  assert.match(text, /Large files differ \(1048577 → 1 bytes\)/);
});

Deno.test("formatFileDiff() shows texts with nothing in common, without looking for long", async () => {
  const lines = (from: number) =>
    Array.from({ length: 15_000 }, (_, at) => `${from + at}\n`).join("");
  const found = await formatFileDiff("x", { before: side(lines(0)), after: side(lines(1e6)) });
  assert.match(found.text, /\n@@ -1,15000 \+1,15000 @@\n-0\n-1\n/);
  assert.deepEqual([found.added, found.removed], [15_000, 15_000]);
});

Deno.test("formatLinkDiff() shows where a link leads", () => {
  assert.equal(
    formatLinkDiff("l", { before: "a", after: "b\x1b" }),
    'diff a/l b/l\n-"a"\n+"b\\u001b"\n',
  );
  assert.equal(formatLinkDiff("l", { after: "b" }), 'diff a/l b/l\nnew file mode 120000\n+"b"\n');
});

const line = fc.constantFrom("", "a", "b", "c", "@@ x", "--- y", "+", "-", "\\ z");
const text = fc.tuple(fc.array(line, { maxLength: 30 }), fc.boolean())
  .map(([lines, ended]) => lines.join("\n") + (ended && lines.length > 0 ? "\n" : ""));

Deno.test("git apply makes the one text out of the other with what formatFileDiff() shows", async () => {
  await using temp = await makeTemp();
  await fc.assert(
    fc.asyncProperty(text, text, async (before, after) => {
      fc.pre(before !== after);
      await Deno.writeTextFile(join(temp.path, "f"), before);
      const shown = await formatFileDiff("f", { before: side(before), after: side(after) });
      // Only git's own first line may be followed by its other lines.
      const patch = shown.text.replace(/^diff .*\n/, "");
      await Deno.writeTextFile(join(temp.path, "patch"), patch);
      const { success, stderr } = await new Deno.Command("git", {
        args: ["apply", "--unidiff-zero", "--whitespace=nowarn", "patch"],
        cwd: temp.path,
        env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CEILING_DIRECTORIES: "/" },
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      assert.equal(await Deno.readTextFile(join(temp.path, "f")), after);
    }),
    { numRuns: 40, seed: 8 },
  );
});
