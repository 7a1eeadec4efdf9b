import { bytesOf } from "../bytes.ts";
import { type Material, mutate } from "../mutate.ts";
import type { Random } from "../random.ts";

const PIECES = [
  ...[
    "a",
    "b",
    "src",
    "*",
    "**",
    "?",
    "*.ts",
    "[a-z]",
    "[!a]",
    "[[:alpha:]]",
    "\\*",
    "é",
    " ",
    "#",
  ],
  ...["a*b", "**b", "*a*a*a", "[", "\\", "!", "]", "[]a]", "[a-\\]]", "a\\ ", "..", "."],
];

/** A gitignore file with its lines drawn; one in three changed as bytes, too. */
export function makePatterns(random: Random): Uint8Array<ArrayBuffer> {
  const line = () => {
    const parts = Array.from({ length: 1 + random.integer(3) }, () => random.pick(PIECES));
    const start = random.pick(["", "", "", "!", "/", "**/", "#"]);
    return `${start}${parts.join("/")}${random.pick(["", "", "/", "/**", " "])}`;
  };
  const lines = Array.from({ length: 1 + random.integer(4) }, line);
  const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
  return random.oneIn(3) ? mutate(random, { ...PATTERN_MATERIAL, seeds: [bytes] }) : bytes;
}

/** Files of git's patterns. */
export const PATTERN_MATERIAL: Material = {
  seeds: ["*.log\n!keep.log\n/dist/\n", "**/node_modules\na/**/b\n[a-c]*.ts\n", "a\\ \n# c\n\\#x\n"]
    .map(bytesOf),
  tokens: [...PIECES, "\n", "\r\n", "*".repeat(50), "*a".repeat(50), "**\\/", "\ufeff", "\0"]
    .map(bytesOf),
  longest: 4096,
};

/** As long as a path of Linux may be. */
export const LONG_PATH = `${"a".repeat(200)}/`.repeat(19) + "c";

/** Paths that patterns may be about. */
export const PATHS: readonly string[] = [
  ...["a", "b", "src", "a/b", "src/a.ts", "src/b/a", "a/x/y/b", "é", "keep.log", "x.log", "dist/a"],
  ...["a/".repeat(60) + "b", `${"a".repeat(250)}b`],
];
