import { parse } from "yaml";
import { escapeInterpolation } from "../../src/cage/compose_document.ts";
import { planNpmrc } from "../../src/image/npmrc.ts";
import { quoteShell } from "../../src/shell_quote.ts";
import { formatYaml } from "../../src/yaml.ts";
import { ENV_MATERIAL, makeText, NPMRC_MATERIAL } from "./seeds/env.ts";
import { expect, type Target } from "./target.ts";

const ENV = { TOKEN: "t0ken", HOST: "h.test", PASS: "p=\"1'" };

/** What is done to variables and arguments on their way: nothing may come out of them but they. */
export const ENV_READERS: readonly Target[] = [
  {
    name: "config/env",
    material: ENV_MATERIAL,
    make: makeText,
    // Every text may be a value.
    takesAll: true,
    read(bytes) {
      const text = new TextDecoder().decode(bytes);
      const yaml = formatYaml(escapeInterpolation({ environment: { A: text }, command: [text] }));
      for (const version of ["1.1", "1.2"] as const) {
        const back = parse(yaml, { version });
        const isSame = [back.environment.A, back.command[0]].every((value) =>
          typeof value === "string" && withoutInterpolation(value) === text
        );
        expect(isSame, `a value stays what it is in YAML ${version}: ${JSON.stringify(yaml)}`);
      }
      const [line = ""] = yaml.slice("environment:\n  A: ".length).split("\n");
      expect(!isReadOtherwise(line), `no reader takes it for something else: ${line}`);
      expect(readShell(quoteShell(text)) === text, "a word of a shell is that word");
      return "accepted";
    },
  },
  {
    name: "config/npmrc",
    material: NPMRC_MATERIAL,
    read(bytes) {
      const text = new TextDecoder().decode(bytes);
      const planned = planNpmrc(text, ENV);
      if (planned === undefined) return { refused: "no registry" };
      for (const line of planned.split("\n").slice(0, -1)) {
        expect(/^(?:registry|@[^=]*:registry|\/\/[^=]*)=/.test(line), `a line is one: ${line}`);
      }
      return "accepted";
    },
  },
];

/** As compose does it: `$$` is a `$`, and any other would be a variable. */
function withoutInterpolation(text: string): string | undefined {
  const rest = text.replaceAll("$$", "");
  return rest.includes("$") ? undefined : text.replaceAll("$$", "$");
}

/**
 * Whether Go's YAML takes a plain word for a number or a date.
 *
 * @see {@link https://pkg.go.dev/strconv#ParseInt} with base 0
 */
function isReadOtherwise(word: string): boolean {
  // What begins with anything else is never looked at as a number.
  if (!/^[-+.\d]/.test(word)) return /[\u0085\u2028\u2029]/.test(word);
  const digits = word.replaceAll("_", "");
  const isNumber = /^[-+]?(?:0b[01]+|0o?[0-7]+|0x[\da-f]+|\d+)$/i.test(digits) ||
    /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:e[-+]?\d+)?$/i.test(digits);
  return isNumber || /^\d{4}-\d\d?-\d\d?(?:$|[Tt ])/.test(word) ||
    /[\u0085\u2028\u2029]/.test(word);
}

/** One word as a POSIX shell reads it. */
function readShell(word: string): string {
  return word.startsWith("'") ? word.slice(1, -1).replaceAll(`'\\''`, "'") : word;
}
