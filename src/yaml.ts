import { Document, visit } from "yaml";

/**
 * What readers of older YAML take for a number or a date, and what they take for the end of a line:
 * docker compose reads `1_000` as a thousand, `0b11` as three and `2001-01-01` as a time.
 *
 * @see {@link https://yaml.org/type/} and {@link https://pkg.go.dev/gopkg.in/yaml.v3#readme-compatibility}
 */
const READ_OTHERWISE = /^[-+.\d](?=.*_)(?=.*\d)[\w.+-]*$|^[-+]?0[box]|^\d{4}-\d\d?-\d\d?/i;
/** Of a text of several lines, one that begins with blanks: a block would lose them in some places. */
const BLANK_START = /^[ \t].*\n|\n[ \t]/;
const LINE_ENDS = /[\u0085\u2028\u2029]/g;

/**
 * Formats a value as YAML with whole lines and no anchors, so that every reader gets the same texts.
 *
 * Import this module lazily, never the package: in the split bundle `await import("yaml")` has a
 * default export only, because the package is CommonJS.
 */
export function formatYaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false, compat: "yaml-1.1" });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== "string") return;
      const isPlain = !READ_OTHERWISE.test(node.value) && !BLANK_START.test(node.value) &&
        node.value.search(LINE_ENDS) < 0;
      if (!isPlain) node.type = "QUOTE_DOUBLE";
    },
  });
  return document.toString({ lineWidth: 0 })
    .replace(LINE_ENDS, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
