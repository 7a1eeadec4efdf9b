import assert from "node:assert/strict";
import fc from "fast-check";
import { parseToml } from "../../../src/config/parse_toml.ts";
import { parseYaml } from "../../../src/config/parse_yaml.ts";
import { decode } from "../../../src/config/read.ts";
import { configSchema } from "../../../src/config/schema.ts";
import { locateToml } from "../../../src/config/toml_places.ts";
import type { Tree } from "../../../src/config/tree.ts";
import { validateTree } from "../../../src/config/validate.ts";
import { UserError } from "../../../src/errors.ts";
import { stringify } from "smol-toml";

/** Text that looks like configuration often enough to get past the first line. */
const piece = fc.constantFrom(
  ..."packages: |limits|image|- |\n|  |[|]|{|}|: |, |&a |*a|!reset |!x |\"|'|#|=|<<: *a|? |---\n|\t|1.10|null|~|0x1f|2024-01-01|\"\"\"|'''|[[a]]|a.b = 1|env|__proto__|constructor|é|\u{1F600}|\r\n|%YAML 1.1\n|>-\n"
    .split("|"),
);
const almost = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(""));
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  almost.map((text) => new TextEncoder().encode(text)),
  fc.string({ unit: "binary", maxLength: 100 }).map((text) => new TextEncoder().encode(text)),
);

for (const [name, parse] of [["YAML", parseYaml], ["TOML", parseToml]] as const) {
  Deno.test(`any bytes as ${name} are a layer, issues with a place, or a UserError`, () => {
    fc.assert(
      fc.property(bytes, (input) => {
        let tree: Tree;
        let text: string;
        try {
          text = decode(input, "f");
          tree = parse(text, "f");
        } catch (error) {
          assert.ok(error instanceof UserError, String(error));
          assert.equal(error.exit, 3);
          assert.match(error.message, /^f:\d+:\d+: |^f: nested/);
          return;
        }
        const { issues, value } = validateTree(tree, configSchema);
        const lines = text.split("\n").length;
        for (const { at } of issues) {
          assert.ok(at.line >= 1 && at.line <= lines && at.column >= 1, JSON.stringify(at));
        }
        assert.equal(Object.getPrototypeOf(value), Object.prototype);
        assert.equal(({} as Record<string, unknown>).polluted, undefined);
      }),
      { numRuns: 2000 },
    );
  });
}

Deno.test("locateToml() ends on any text", () => {
  fc.assert(fc.property(almost, (text) => void locateToml(text)), { numRuns: 1000 });
});

Deno.test("locateToml() finds every key the parser finds", () => {
  const key = fc.oneof(
    fc.constantFrom("a", "b-1", "C_2"),
    fc.string({ minLength: 1, maxLength: 4 }),
  )
    // Escapes of quoted keys stay as written, which only costs the exact column.
    .filter((key) => !/["\\\p{C}]/u.test(key) && key !== "__proto__" && key !== "!reset");
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.string({ maxLength: 8 }),
      fc.integer(),
      fc.boolean(),
      fc.array(fc.oneof(fc.string({ maxLength: 3 }), fc.integer()), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 3 }),
    ),
  }));
  fc.assert(fc.property(fc.dictionary(key, value, { maxKeys: 4 }), (document) => {
    const text = stringify(document);
    const lines = text.split("\n");
    const visit = (tree: Tree) => {
      if (tree.kind === "list") tree.items.forEach(visit);
      if (tree.kind !== "map") return;
      for (const { key, keyAt, value } of tree.entries) {
        const line = lines[keyAt.line - 1] ?? "";
        assert.ok(line.includes(key) || line.startsWith("["), `${key} is not in: ${line}`);
        visit(value);
      }
    };
    visit(parseToml(text, "f"));
  }));
});

Deno.test("parseToml() keeps the text of a bare number and places nested keys", () => {
  const text =
    '# c\n[toolchains]\npython = 3.10\n\n[services.mine]\nenv = { A = 1.50, "B" = [1.0] }\n';
  const { value, issues, positions } = validateTree(parseToml(text, "f"), configSchema);
  assert.deepEqual(value.toolchains, { python: "3.10" });
  assert.deepEqual(issues.map(({ at, path }) => [path, at]), [
    ["services.mine.env.B", { line: 6, column: 25 }],
  ]);
  assert.deepEqual(positions.get("services.mine.env.A"), { line: 6, column: 9 });
});
