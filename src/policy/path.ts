/** More readings than this, and nobody can say what a server will make of a target. */
const MAX_READINGS = 64;

/** What a target means. */
export type ReadTarget = {
  /** What to send: the target with backslashes and dot segments resolved, otherwise as it came. */
  target: string;
  /** Every path, without the query, that some server takes it for. */
  readings: readonly string[];
};

/** A pattern made ready for {@link isPathMatch}. */
export type PathMatcher = {
  path: string;
  /** What everything below the path starts with. */
  below: string;
  /** With a `*` among them; `null` without. */
  segments: readonly string[] | null;
};

/**
 * Reads a path of a rule: decoded, starting with `/`, without a slash at the end. A segment `*`
 * stands for any one segment. `%2F` stays: to many servers an encoded slash is no separator.
 *
 * @param base What a relative path is under: the path of the rule's own URL, or `/`.
 */
export function parsePathPattern(
  text: string,
  base: string,
): { ok: true; path: string } | { ok: false; problem: string } {
  if (text === "") return { ok: false, problem: `"" is not a path; write "/" or leave it out` };
  const fixed = simplifyPattern(text);
  if (fixed === undefined) {
    return { ok: false, problem: `"${text}" is not a path; write it without control characters` };
  }
  if (fixed !== text) {
    const problem = `"${text}" is not a path in its simplest form; write "${fixed}"`;
    return { ok: false, problem };
  }
  if (text.split("/").some((segment) => segment !== "*" && segment.includes("*"))) {
    const problem = `"${text}" has "*" inside a segment; write "*" for the whole segment, ` +
      `"${text.replace(/[^/]*\*[^/]*/g, "*")}", or nothing: a path includes all that is below it`;
    return { ok: false, problem };
  }
  const full = text.startsWith("/") ? text : `${base.replace(/\/$/, "")}/${text}`;
  if (!compilePathPattern(base).some((matcher) => isPathMatch(matcher, full))) {
    const problem = `"${text}" is not below "${base}", the path of the rule's own URL; ` +
      `write "${text.slice(1)}" for "${base}${text}", or leave the path out of the URL`;
    return { ok: false, problem };
  }
  return { ok: true, path: full === "/" ? full : full.replace(/\/$/, "") };
}

/**
 * Makes a pattern ready to be matched. One with encoded slashes is two: there is a reading with each
 * of the spellings, and all of them have to match.
 */
export function compilePathPattern(pattern: string): PathMatcher[] {
  const spellings = new Set([pattern, pattern.replaceAll("%2F", "/")]);
  return [...spellings].map((path) => ({
    path,
    below: path === "/" ? path : `${path}/`,
    segments: path.includes("/*") ? path.split("/") : null,
  }));
}

/** Whether the path is the pattern or below it: `/posts` matches `/posts/1`, not `/posts-evil`. */
export function isPathMatch(matcher: PathMatcher, path: string): boolean {
  if (matcher.segments === null) return path === matcher.path || path.startsWith(matcher.below);
  const segments = path.split("/");
  return matcher.segments.every((want, index) => {
    const segment = segments[index];
    return want === "*" ? segment !== undefined && segment !== "" : want === segment;
  });
}

/**
 * Reads a request target in every way a server may: decoded once or until nothing is left to decode,
 * with an encoded slash as a separator or not, `\` as `/`, slashes in a row as one, without
 * `;parameters`, cut at a decoded `?` or `#`, with dot segments resolved, and any order of these.
 *
 * @returns `undefined` for what has no trustworthy reading: no origin form, invalid UTF-8, control
 * characters, `%u` escapes, or encodings nested too deep.
 */
export function readTarget(target: string): ReadTarget | undefined {
  if (!/^\/[\x21-\x7e]*$/.test(target) || target.includes("#")) return undefined;
  const queryAt = target.indexOf("?");
  const rawPath = queryAt === -1 ? target : target.slice(0, queryAt);
  if (!/[%\\;]|\/[/.]/.test(rawPath)) return { target, readings: [rawPath] };
  const path = resolveDots(rawPath.replaceAll("\\", "/"), ENCODED_DOTS);
  const readings = listReadings(path);
  if (readings === undefined) return undefined;
  return { target: queryAt === -1 ? path : path + target.slice(queryAt), readings };
}

/** Dot segments in plain and percent-encoded spelling, as browsers read them (WHATWG URL 4.4). */
const ENCODED_DOTS = { one: /^(?:\.|%2e)$/i, two: /^(?:\.|%2e){2}$/i };
const PLAIN_DOTS = { one: /^\.$/, two: /^\.\.$/ };

const STEPS: readonly ((path: string) => string)[] = [
  decodeAll,
  (path) => path.replaceAll("\\", "/"),
  (path) => path.replace(/\/{2,}/g, "/"),
  (path) => path.replace(/;[^/]*/g, ""),
  (path) => path.replace(/[?#].*$/, ""),
  (path) => resolveDots(path, PLAIN_DOTS),
];

function listReadings(path: string): string[] | undefined {
  try {
    // A set that grows while it is walked: every step is tried on every reading.
    const readings = new Set([decodeButSlash(path), decodeAll(path)]);
    for (const reading of readings) {
      // deno-lint-ignore no-control-regex
      if (/[\x00-\x1f\x7f]|%u[0-9a-f]{4}/i.test(reading)) return undefined;
      for (const step of STEPS) readings.add(step(reading));
      if (readings.size > MAX_READINGS) return undefined;
    }
    return [...readings];
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** @throws {URIError} For invalid UTF-8, overlong forms of a slash or a dot among it. */
function decodeAll(path: string): string {
  return path.replace(/(?:%[0-9a-f]{2})+/gi, decodeURIComponent);
}

function decodeButSlash(path: string): string {
  return path.replace(/%2f/gi, "%2F").replace(/(?:%(?!2F)[0-9a-f]{2})+/gi, decodeURIComponent);
}

/** RFC 3986 5.2.4. */
function resolveDots(path: string, dots: { one: RegExp; two: RegExp }): string {
  const segments = path.split("/").slice(1);
  if (!segments.some((segment) => dots.one.test(segment) || dots.two.test(segment))) return path;
  const kept: string[] = [];
  segments.forEach((segment, index) => {
    const isLast = index === segments.length - 1;
    if (dots.two.test(segment)) kept.pop();
    else if (!dots.one.test(segment)) return kept.push(segment);
    if (isLast) kept.push("");
  });
  return `/${kept.join("/")}`;
}

/** The simplest text that means the same, as far as a path of a rule can be read. */
function simplifyPattern(text: string): string | undefined {
  const isRelative = !/^[/\\]/.test(text);
  let path = isRelative ? `/${text}` : text;
  for (let before = ""; before !== path;) {
    before = path;
    try {
      path = decodeButSlash(path);
    } catch (error) {
      if (error instanceof URIError) return undefined;
      throw error;
    }
    path = path.replaceAll("\\", "/").replace(/[?#].*$/, "").replace(/;[^/]*/g, "");
    path = resolveDots(path.replace(/\/{2,}/g, "/"), PLAIN_DOTS);
  }
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]|%u[0-9a-f]{4}/i.test(path)) return undefined;
  return isRelative && path !== "/" ? path.slice(1) : path;
}
