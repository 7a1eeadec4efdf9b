import assert from "node:assert/strict";
import { parse } from "yaml";
import { formatYaml } from "../../src/yaml.ts";

/** Texts that docker compose 2.26 makes something else of, as `docker-compose config` shows. */
const READ_OTHERWISE = [
  ...["1_000", "+1_0", "1__0", "0_7", "1_0.5", ".5_1", "1.5e_3", "1_e3", "0x_1", "-_1"],
  ...["0b11", "-0b1", "0B1", "0X1F", "0O7", "2001-01-01", "2001-1-1", "2001-01-01T00:00:00Z"],
];

for (const text of READ_OTHERWISE) {
  Deno.test(`${text} is quoted, whoever reads it`, () => {
    assert.equal(
      formatYaml({ env: { A: text }, list: [text] }),
      `env:\n  A: "${text}"\nlist:\n  - "${text}"\n`,
    );
  });
}

Deno.test("what some take for the end of a line is escaped, in a key as in a value", () => {
  const value = { "a\u0085b": ["x\u2028y", "\u2029", "é"] };
  const text = formatYaml(value);
  assert.equal(text, '"a\\u0085b":\n  - "x\\u2028y"\n  - "\\u2029"\n  - é\n');
  assert.deepEqual(parse(text), value);
});

Deno.test("lines of blanks stay", () => {
  for (const text of [" \n", "a\n  \n", " a\nb", "a\n\tb\n", "\n \n"]) {
    assert.deepEqual(parse(formatYaml({ A: text })), { A: text });
  }
});

Deno.test("other texts stay as people write them", () => {
  const value = { a: "10.231.0.2", b: "1.2.3", c: "8g", d: "snake_case", e: "a_1", f: "2001" };
  assert.equal(
    formatYaml(value),
    'a: 10.231.0.2\nb: 1.2.3\nc: 8g\nd: snake_case\ne: a_1\nf: "2001"\n',
  );
});
