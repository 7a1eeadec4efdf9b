import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { addPackages } from "../../../src/config/edit.ts";
import { UserError } from "../../../src/errors.ts";

for (
  const [name, before, after] of [
    [
      "a flow list",
      "packages: [jq] # mine\nhome: service\n",
      "packages: [jq, fd] # mine\nhome: service\n",
    ],
    [
      "a block list",
      "packages:\n  - jq # why\n\nhome: service\n",
      "packages:\n  - jq # why\n  - fd\n\nhome: service\n",
    ],
    [
      "no list",
      "# top\nversion: 1\n\n# who\nhome: service\n",
      "# top\nversion: 1\n\n# who\nhome: service\npackages:\n  - fd\n",
    ],
    ["an empty key", "packages:\nhome: service\n", "packages:\n  - fd\nhome: service\n"],
    ["an empty file", "", "packages:\n  - fd\n"],
    ["only comments", "# nothing yet\n", "# nothing yet\npackages:\n  - fd\n"],
    ["a reset", "packages: !reset [jq]\n", "packages: !reset [jq, fd]\n"],
    [
      "quotes",
      "packages: [\"jq\", 'rg']\nenv: {A: \"1\", B: '2'}\n",
      "packages: [\"jq\", 'rg', fd]\nenv: {A: \"1\", B: '2'}\n",
    ],
    [
      "what is there already",
      "packages:   [ fd ]\nhome:    service\n",
      "packages:   [ fd ]\nhome:    service\n",
    ],
  ] as const
) {
  Deno.test(`addPackages() edits a file with ${name}`, () => {
    assert.equal(addPackages(before, ["fd", "fd"]), after);
  });
}

Deno.test("addPackages() keeps every comment and every other value", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{1,8}$/);
  const comment = fc.stringMatching(/^[a-zA-Z ,.]{1,20}$/).map((text) => `# ${text.trim()}x`);
  const block = fc.tuple(comment, fc.constantFrom("env", "limits", "toolchains"), name, comment);
  fc.assert(fc.property(
    fc.uniqueArray(block, { selector: ([, key]) => key, maxLength: 3 }),
    fc.uniqueArray(name, { maxLength: 4 }),
    fc.array(name, { minLength: 1, maxLength: 4 }),
    fc.constantFrom("none", "flow", "block"),
    (blocks, known, added, style) => {
      const parts = blocks.map(([above, key, value, beside]) =>
        `${above}\n${key}:\n  X: ${value} ${beside}\n`
      );
      if (style === "flow") parts.push(`packages: [${known.join(", ")}]\n`);
      if (style === "block" && known.length > 0) {
        parts.push(`packages:\n${known.map((one) => `  - ${one}\n`).join("")}`);
      }
      const before = parts.join("\n");
      const after = addPackages(before, added);
      for (const [above, , , beside] of blocks) {
        assert.ok(after.includes(above) && after.includes(beside), after);
      }
      const old = parse(before) ?? {};
      const now = parse(after);
      assert.deepEqual({ ...now, packages: null }, { ...old, packages: null });
      assert.deepEqual(now.packages, [...new Set([...(old.packages ?? []), ...added])]);
      assert.equal(addPackages(after, added), after);
    },
  ));
});

for (
  const [text, message] of [
    ["packages: [jq\n", /^\.sandcage\.yml:\d+:\d+: not valid YAML/],
    ["packages: jq\n", /^\.sandcage\.yml:1:11: packages: expected a list$/],
    ["- a\n", /^\.sandcage\.yml:1:1: expected a map of keys$/],
  ] as const
) {
  Deno.test(`addPackages() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => addPackages(text, ["fd"]),
      (error) => error instanceof UserError && error.exit === 3 && message.test(error.message),
    );
  });
}
