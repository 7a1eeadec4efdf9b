import type { Glob, PatternMatch } from "./ignore_pattern.ts";

/** How the names that a pattern matches begin and end. */
export type NameHint = {
  /** Code of the first character; {@link ANY} where it can be any. */
  first: number;
  /** Code of the last one, or which ASCII characters it may be. */
  last: number | Uint8Array;
};

const ANY = -1;
const ASCII = 0x80;

/** What every name that a pattern matches looks like. Pure. */
export function hintOf(match: PatternMatch): NameHint {
  switch (match.by) {
    case "text": {
      const name = match.text.slice(match.text.lastIndexOf("/") + 1);
      return { first: codeOf(name, 0), last: codeOf(name, name.length - 1) };
    }
    case "ending":
      return { first: ANY, last: codeOf(match.ending, match.ending.length - 1) };
    case "glob":
      return { first: match.on === "name" ? firstOf(match.glob) : ANY, last: lastOf(match.glob) };
    default:
      return match satisfies never;
  }
}

/** Whether a name looks like those that any of the patterns matches. */
export function isLikeAny(hints: readonly NameHint[], name: string): boolean {
  const begin = name.charCodeAt(0);
  const end = name.charCodeAt(name.length - 1);
  for (const { first, last } of hints) {
    if (first !== ANY && first !== begin) continue;
    if (typeof last !== "number") {
      if (end >= ASCII || last[end] === 1) return true;
    } else if (last === ANY || last === end) return true;
  }
  return false;
}

function codeOf(text: string, at: number): number {
  return at >= 0 && at < text.length ? text.charCodeAt(at) : ANY;
}

/** Globs match bytes: of what is no ASCII, nothing is said. */
function firstOf(glob: Glob): number {
  const token = glob[0];
  return token?.is === "byte" && token.byte < ASCII ? token.byte : ANY;
}

function lastOf(glob: Glob): number | Uint8Array {
  const token = glob.at(-1);
  if (token?.is === "byte") return token.byte < ASCII ? token.byte : ANY;
  return token?.is === "set" ? token.bytes.subarray(0, ASCII) : ANY;
}
