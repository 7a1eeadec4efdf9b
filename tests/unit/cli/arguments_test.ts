import assert from "node:assert/strict";
import {
  findCommandIndex,
  findPathOption,
  hasFlag,
  spellPrompt,
  splitCommandLine,
} from "../../../src/cli/arguments.ts";

Deno.test("splitCommandLine() cuts at the first -- and keeps the rest verbatim", () => {
  assert.deepEqual(splitCommandLine(["claude", "--", "-p", "--", ""]), {
    head: ["claude"],
    rest: ["-p", "--", ""],
  });
  assert.deepEqual(splitCommandLine(["claude"]), { head: ["claude"], rest: undefined });
  assert.deepEqual(splitCommandLine(["claude", "--"]), { head: ["claude"], rest: [] });
});

for (
  const [line, want] of [
    [["list"], 0],
    [["-p", "list", "stop"], 2],
    [["--path=list", "stop"], 1],
    [["-q", "--context", "x", "claude", "-p", "y"], 3],
    [["--help"], -1],
    [[], -1],
  ] as const
) {
  Deno.test(`findCommandIndex() finds ${want} in "${line.join(" ")}"`, () => {
    assert.equal(findCommandIndex(line), want);
  });
}

for (
  const [line, want] of [
    [["list"], undefined],
    [["list", "-p", "/a b"], "/a b"],
    [["-p/a", "list"], "/a"],
    [["--path=/a=b", "list"], "/a=b"],
    [["list", "--path", "/c"], "/c"],
  ] as const
) {
  Deno.test(`findPathOption() reads ${want} from "${line.join(" ")}"`, () => {
    assert.equal(findPathOption(line), want);
  });
}

Deno.test("hasFlag() looks at whole words only", () => {
  assert.equal(hasFlag(["list", "--json"], "--json"), true);
  assert.equal(hasFlag(["list", "--jsonx"], "--json"), false);
});

for (
  const [head, spelt] of [
    [["launch", "-p", "fix it"], ["launch", "--prompt", "fix it"]],
    [["launch", "web", "-pfix"], ["launch", "web", "--prompt=fix"]],
    [["-p", "~/api", "launch", "-p", "x"], ["-p", "~/api", "launch", "--prompt", "x"]],
    [["launch", "--path", "~/api", "--prompt-file", "f"], undefined],
    [["claude", "-p", "~/api"], undefined],
    [["logs", "launch", "-p", "~/api"], undefined],
    [["-p", "launch", "list"], undefined],
    [[], undefined],
  ] as const
) {
  Deno.test(`-p is a prompt behind launch alone: ${head.join(" ") || "nothing"}`, () => {
    assert.deepEqual(spellPrompt(head), spelt ?? head);
  });
}
