import assert from "node:assert/strict";
import * as fc from "fast-check";
import { findGitValue, parseGitConfig } from "../../../src/project/git_config.ts";

const TEXT = String.raw`
; comment
[core]
	bare = false
	worktree = "../a b"	# comment
[Remote "Ori\"gin"] url = x;y
	fetch=a\
b
[user]
	name = A "#" B   
	signing
`;

Deno.test("parseGitConfig() reads sections, quotes, escapes, comments and continuations", () => {
  assert.deepEqual(parseGitConfig(TEXT), [
    { key: "core.bare", value: "false" },
    { key: "core.worktree", value: "../a b" },
    { key: 'remote.Ori"gin.url', value: "x" },
    { key: 'remote.Ori"gin.fetch', value: "ab" },
    { key: "user.name", value: "A # B" },
    { key: "user.signing", value: "true" },
  ]);
});

Deno.test("parseGitConfig() takes long values as fast as short ones, from whoever wrote them", () => {
  const values = ["\\\\".repeat(60_000), "a\\\n".repeat(60_000), "a \\\n".repeat(60_000)];
  const wanted = ["\\".repeat(60_000), "a".repeat(60_000), "a ".repeat(60_000)];
  const startedMs = performance.now();
  for (const [index, value] of values.entries()) {
    const entries = parseGitConfig(`[core]\n\ta = ${value}x\n\tb = y\n`);
    assert.deepEqual(entries.map(({ value }) => value), [`${wanted[index]}x`, "y"]);
  }
  // Seconds, and half a minute for the first, when time grew with the square.
  assert.ok(performance.now() - startedMs < 10_000);
});

Deno.test("findGitValue() takes the last value", () => {
  const entries = parseGitConfig("[a]\nb = 1\n[a]\nB = 2\n");
  assert.equal(findGitValue(entries, "a.b"), "2");
  assert.equal(findGitValue(entries, "a.c"), undefined);
});

for (const text of ["x = 1", "[a]\n= 1", "[a\nb=1", "[a]\n-x = 1"]) {
  Deno.test(`parseGitConfig() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseGitConfig(text), SyntaxError);
  });
}

Deno.test("parseGitConfig() agrees with git on values git itself wrote", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const values = fc.sample(
      fc.string({ unit: fc.constantFrom(..."ab \t\"\\#;='$\n") }),
      { numRuns: 40, seed: 7 },
    );
    for (const [at, value] of values.entries()) {
      const result = await new Deno.Command("git", {
        args: ["config", "--file", `${dir}/c`, `s.k${at}`, value],
      }).output();
      assert.ok(result.success);
    }
    const entries = parseGitConfig(await Deno.readTextFile(`${dir}/c`));
    assert.deepEqual(entries.map((entry) => entry.value), values);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
