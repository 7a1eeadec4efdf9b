/** One line of a gitignore file, ready to be asked. */
export type IgnorePattern = {
  /** Begins with `!`: what it matches is taken in again. */
  negative: boolean;
  /** Ends in `/`: only directories match. */
  directory: boolean;
  match: PatternMatch;
};

/** What a pattern looks at: the last name of a path, or the path from the directory of its file. */
export type PatternMatch =
  | { on: "name" | "path"; by: "text"; text: string }
  | { on: "name"; by: "ending"; ending: string }
  | { on: "name" | "path"; by: "glob"; glob: Glob };

/** A glob in the terms of git's wildmatch: bytes, not characters. */
export type Glob = readonly Token[];

type Token =
  | { is: "byte"; byte: number }
  | { is: "set"; bytes: Uint8Array }
  | { is: "any" }
  | { is: "star" }
  | { is: "all" }
  | { is: "dirs" };

/**
 * Parses a gitignore file, as git 2.39 does: comments, trailing blanks, `\` before them, `!`, and the
 * byte order mark of some editors. Lines that can match nothing are left out.
 *
 * @see {@link https://git-scm.com/docs/gitignore#_pattern_format}
 */
export function parseIgnoreFile(text: string): IgnorePattern[] {
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  return lines.flatMap((line) => {
    return line.startsWith("#") ? [] : parseLine(trimBlanks(line.replace(/\r$/, ""))) ?? [];
  });
}

function parseLine(line: string): IgnorePattern | undefined {
  const negative = line.startsWith("!");
  let body = negative ? line.slice(1) : line;
  const directory = body.endsWith("/");
  if (directory) body = body.slice(0, -1);
  if (body === "") return undefined;
  const match = body.includes("/") ? parsePath(body) : parseName(body);
  return match === undefined ? undefined : { negative, directory, match };
}

function parseName(body: string): PatternMatch | undefined {
  if (!SPECIAL.test(body)) return { on: "name", by: "text", text: body };
  if (body.startsWith("*") && !SPECIAL.test(body.slice(1))) {
    return { on: "name", by: "ending", ending: body.slice(1) };
  }
  const glob = parseGlob(toBytes(body), 0);
  return glob === undefined ? undefined : { on: "name", by: "glob", glob };
}

function parsePath(body: string): PatternMatch | undefined {
  const path = body.startsWith("/") ? body.slice(1) : body;
  if (path === "") return undefined;
  const special = path.search(SPECIAL);
  if (special < 0) return { on: "path", by: "text", text: path };
  const glob = parseGlob(toBytes(path), toBytes(path.slice(0, special)).length);
  return glob === undefined ? undefined : { on: "path", by: "glob", glob };
}

/** Removes blanks at the end, unless a `\` stands before them; tabs stay, as in git. */
function trimBlanks(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === " ") end--;
  let escapes = 0;
  while (end > escapes && line[end - 1 - escapes] === "\\") escapes++;
  return line.slice(0, escapes % 2 === 1 && end < line.length ? end + 1 : end);
}

const SPECIAL = /[*?[\\]/;

/**
 * @param plain Bytes at the start without a special one. git compares these first and then looks at
 * the rest by itself, so that `**` right behind them counts as if it stood behind a `/`.
 * @returns `undefined` for what never matches: a `[` without its end, a `\` at the end.
 */
function parseGlob(pattern: Uint8Array, plain: number): Glob | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length;) {
    const byte = pattern[at]!;
    if (byte === STAR) {
      const end = runEnd(pattern, at);
      tokens.push(starToken(pattern, { at, end, plain }));
      // The slash belongs to it: `a/**/b` matches `a/b`.
      at = tokens.at(-1)?.is === "dirs" ? end + 1 : end;
    } else if (byte === QUESTION) {
      tokens.push({ is: "any" });
      at++;
    } else if (byte === BRACKET) {
      const set = parseSet(pattern, at);
      if (set === undefined) return undefined;
      tokens.push({ is: "set", bytes: set.bytes });
      at = set.end;
    } else {
      if (byte === BACKSLASH) at++;
      const literal = pattern[at++];
      if (literal === undefined) return undefined;
      tokens.push({ is: "byte", byte: literal });
    }
  }
  return tokens;
}

function runEnd(pattern: Uint8Array, at: number): number {
  while (pattern[at] === STAR) at++;
  return at;
}

function starToken(pattern: Uint8Array, run: { at: number; end: number; plain: number }): Token {
  const { at, end, plain } = run;
  const isFree = at === plain || pattern[at - 1] === SLASH;
  if (end - at < 2 || !isFree) return { is: "star" };
  if (end === pattern.length) return { is: "all" };
  if (pattern[end] === SLASH) return { is: "dirs" };
  return pattern[end] === BACKSLASH && pattern[end + 1] === SLASH ? { is: "all" } : { is: "star" };
}

/** Reads `[…]` from `at`; `undefined` when it never ends or names no class. */
function parseSet(pattern: Uint8Array, at: number): { bytes: Uint8Array; end: number } | undefined {
  const bytes = new Uint8Array(256);
  let next = at + 1;
  const negated = pattern[next] === BANG || pattern[next] === CARET;
  if (negated) next++;
  let from = 0;
  // The first member may be a `]`.
  do {
    let byte = pattern[next];
    if (byte === undefined) return undefined;
    if (byte === DASH && from !== 0 && (pattern[next + 1] ?? CLOSE) !== CLOSE) {
      byte = pattern[++next];
      if (byte === BACKSLASH) byte = pattern[++next];
      if (byte === undefined) return undefined;
      for (let member = from; member <= byte; member++) bytes[member] = 1;
      from = 0;
    } else if (byte === BRACKET && pattern[next + 1] === COLON) {
      const end = pattern.indexOf(CLOSE, next + 2);
      if (end < 0) return undefined;
      if (end === next + 2 || pattern[end - 1] !== COLON) {
        bytes[BRACKET] = 1;
        from = BRACKET;
      } else {
        const name = String.fromCharCode(...pattern.subarray(next + 2, end - 1));
        const members = CLASSES.get(name);
        if (members === undefined) return undefined;
        for (let member = 0; member < 128; member++) {
          if (members.test(String.fromCharCode(member))) bytes[member] = 1;
        }
        from = 0;
        next = end;
      }
    } else {
      if (byte === BACKSLASH) byte = pattern[++next];
      if (byte === undefined) return undefined;
      bytes[byte] = 1;
      from = byte;
    }
    next++;
  } while (pattern[next] !== CLOSE);
  if (negated) { for (let member = 0; member < 256; member++) bytes[member] = 1 - bytes[member]!; }
  bytes[SLASH] = 0;
  return { bytes, end: next + 1 };
}

/** As git classifies, whatever the locale: ASCII alone. */
const CLASSES: ReadonlyMap<string, RegExp> = new Map([
  ["alnum", /[0-9A-Za-z]/],
  ["alpha", /[A-Za-z]/],
  ["blank", /[ \t]/],
  // deno-lint-ignore no-control-regex
  ["cntrl", /[\x00-\x1f\x7f]/],
  ["digit", /[0-9]/],
  ["graph", /[!-~]/],
  ["lower", /[a-z]/],
  ["print", /[ -~]/],
  ["punct", /[!-/:-@[-`{-~]/],
  ["space", /[ \t\n\r]/],
  ["upper", /[A-Z]/],
  ["xdigit", /[0-9A-Fa-f]/],
]);

/**
 * Whether a glob matches a text as a whole. Never more than a step for each byte, token and
 * directory: patterns come with strangers' repositories, and a regular expression can be made to
 * take for ever.
 *
 * @param text UTF-8, one character for each byte, as {@link toByteText} gives it.
 */
export function isGlobMatch(glob: Glob, text: string): boolean {
  let at = 0;
  let token = 0;
  // Where to go on when what follows does not match: the last star, and the last `**`.
  let starAt = -1;
  let starToken = -1;
  let wideAt = -1;
  let wideToken = -1;
  for (;;) {
    const wanted = glob[token];
    if (wanted === undefined) {
      if (at === text.length) return true;
    } else if (wanted.is === "star") {
      starAt = at;
      starToken = token++;
      continue;
    } else if (wanted.is === "all" || wanted.is === "dirs") {
      if (wanted.is === "all" && token === glob.length - 1) return true;
      wideAt = at;
      wideToken = token++;
      starToken = -1;
      continue;
    } else if (at < text.length && isByteMatch(wanted, text.charCodeAt(at))) {
      at++;
      token++;
      continue;
    }
    // A star takes one byte more, up to the end of its name.
    if (starToken >= 0 && starAt < text.length && text.charCodeAt(starAt) !== SLASH) {
      at = ++starAt;
      token = starToken + 1;
      continue;
    }
    if (wideToken < 0) return false;
    if (glob[wideToken]!.is === "dirs") {
      const slash = text.indexOf("/", wideAt);
      if (slash < 0) return false;
      wideAt = slash + 1;
    } else if (++wideAt > text.length) return false;
    at = wideAt;
    token = wideToken + 1;
    starToken = -1;
  }
}

function isByteMatch(token: Token, byte: number): boolean {
  switch (token.is) {
    case "byte":
      return token.byte === byte;
    case "set":
      return token.bytes[byte] === 1;
    case "any":
      return byte !== SLASH;
    default:
      return false;
  }
}

/** A text with one character for each byte of its UTF-8: `?` in git means a byte. */
export function toByteText(text: string): string {
  // deno-lint-ignore no-control-regex
  if (!/[^\x00-\x7f]/.test(text)) return text;
  let bytes = "";
  for (const byte of toBytes(text)) bytes += String.fromCharCode(byte);
  return bytes;
}

function toBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const SLASH = 0x2f;
const STAR = 0x2a;
const QUESTION = 0x3f;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const BANG = 0x21;
const CARET = 0x5e;
const DASH = 0x2d;
const COLON = 0x3a;
