import assert from "node:assert/strict";
import fc from "fast-check";
import {
  compilePathPattern,
  isPathMatch,
  parsePathPattern,
  readTarget,
} from "../../../src/policy/path.ts";

const PATTERNS = [
  { text: "/posts", base: "/", want: "/posts" },
  { text: "/posts/", base: "/", want: "/posts" },
  { text: "posts", base: "/", want: "/posts" },
  { text: "/", base: "/", want: "/" },
  { text: "items", base: "/v1", want: "/v1/items" },
  { text: "/v1/items", base: "/v1", want: "/v1/items" },
  { text: "/v1", base: "/v1", want: "/v1" },
  { text: "/repos/*/issues", base: "/", want: "/repos/*/issues" },
  { text: "/100%", base: "/", want: "/100%" },
  { text: "/a%2Fb", base: "/", want: "/a%2Fb" },
];
for (const { text, base, want } of PATTERNS) {
  Deno.test(`parsePathPattern() reads "${text}" under "${base}" as "${want}"`, () => {
    assert.deepEqual(parsePathPattern(text, base), { ok: true, path: want });
  });
}

const SIMPLER = [
  { name: "an escape", text: "/a%20b", write: "/a b" },
  { name: "an escape of an escape", text: "/a%2541", write: "/aA" },
  { name: "an encoded slash in lower case", text: "/a%2fb", write: "/a%2Fb" },
  { name: "a dot segment", text: "/a/../b", write: "/b" },
  { name: "an encoded dot segment", text: "/a/%2e%2e/b", write: "/b" },
  { name: "slashes in a row", text: "//a///b", write: "/a/b" },
  { name: "a backslash", text: "\\a\\b", write: "/a/b" },
  { name: "parameters", text: "/a;x=1/b", write: "/a/b" },
  { name: "a query", text: "/a?b", write: "/a" },
  { name: "a fragment", text: "/a#b", write: "/a" },
];
for (const { name, text, write } of SIMPLER) {
  Deno.test(`parsePathPattern() refuses ${name} and says the simpler form`, () => {
    const problem = `"${text}" is not a path in its simplest form; write "${write}"`;
    assert.deepEqual(parsePathPattern(text, "/"), { ok: false, problem });
    assert.ok(parsePathPattern(write, "/").ok);
  });
}

for (
  const { text, problem } of [
    { text: "", problem: `"" is not a path; write "/" or leave it out` },
    { text: "/a%00", problem: `"/a%00" is not a path; write it without control characters` },
    { text: "/a%FF", problem: `"/a%FF" is not a path; write it without control characters` },
    {
      text: "/v*/x",
      problem: `"/v*/x" has "*" inside a segment; write "*" for the whole segment, "/*/x", ` +
        `or nothing: a path includes all that is below it`,
    },
  ]
) {
  Deno.test(`parsePathPattern() refuses "${text}"`, () => {
    assert.deepEqual(parsePathPattern(text, "/"), { ok: false, problem });
  });
}

const MATCHES = [
  { pattern: "/posts", path: "/posts", match: true },
  { pattern: "/posts", path: "/posts/", match: true },
  { pattern: "/posts", path: "/posts/1/2", match: true },
  { pattern: "/posts", path: "/posts-evil", match: false },
  { pattern: "/posts", path: "/postsevil", match: false },
  { pattern: "/posts", path: "/Posts", match: false },
  { pattern: "/posts", path: "/a/posts", match: false },
  { pattern: "/posts", path: "/", match: false },
  { pattern: "/", path: "/anything", match: true },
  { pattern: "/*", path: "/a", match: true },
  { pattern: "/*", path: "/", match: false },
  { pattern: "/repos/*/issues", path: "/repos/a/issues", match: true },
  { pattern: "/repos/*/issues", path: "/repos/a/issues/1", match: true },
  { pattern: "/repos/*/issues", path: "/repos/a/issues-evil", match: false },
  { pattern: "/repos/*/issues", path: "/repos/a/b/issues", match: false },
  { pattern: "/repos/*/issues", path: "/repos//issues", match: false },
  { pattern: "/repos/*/issues", path: "/repos/a", match: false },
  { pattern: "/a%2Fb", path: "/a%2Fb", match: true },
  { pattern: "/a%2Fb", path: "/a/b/c", match: true },
  { pattern: "/a/b", path: "/a%2Fb", match: false },
];
for (const { pattern, path, match } of MATCHES) {
  Deno.test(`the pattern ${pattern} ${match ? "matches" : "does not match"} ${path}`, () => {
    const matchers = compilePathPattern(pattern);
    assert.equal(matchers.some((matcher) => isPathMatch(matcher, path)), match);
  });
}

const TARGETS = [
  { name: "a plain path", target: "/a/b", readings: ["/a/b"] },
  { name: "a query, which is not read", target: "/a?x=../%2e\\", readings: ["/a"] },
  { name: "an escape", target: "/a%20b", readings: ["/a b"] },
  { name: "UTF-8", target: "/%C3%A4", readings: ["/ä"] },
  { name: "a stray percent", target: "/100%", readings: ["/100%"] },
  { name: "a hidden file", target: "/.well-known/x", readings: ["/.well-known/x"] },
  { name: "a dot segment", target: "/a/./../b", readings: ["/b"], send: "/b" },
  { name: "a dot segment at the end", target: "/a/b/..?q", readings: ["/a/"], send: "/a/?q" },
  { name: "dot segments above the root", target: "/../../a", readings: ["/a"], send: "/a" },
  { name: "encoded dots", target: "/a/%2e%2E/b", readings: ["/b"], send: "/b" },
  { name: "half encoded dots", target: "/a/.%2e/b", readings: ["/b"], send: "/b" },
  { name: "backslashes", target: "/a\\..\\b", readings: ["/b"], send: "/b" },
  {
    name: "a dot segment beside an escape that stays",
    target: "/x/../a%20b",
    readings: ["/a b"],
    send: "/a%20b",
  },
  { name: "an encoded slash", target: "/a%2fb", readings: ["/a%2Fb", "/a/b"] },
  {
    name: "an encoded slash before dots",
    target: "/a%2f..%2fb",
    readings: ["/a%2F..%2Fb", "/a/../b", "/b"],
  },
  {
    name: "dots encoded twice",
    target: "/a/%252e%252e/b",
    readings: ["/a/%2e%2e/b", "/a/../b", "/b"],
  },
  {
    name: "an encoded slash before a dot encoded twice",
    target: "/a%2f%252eb",
    readings: ["/a%2F%2eb", "/a/%2eb", "/a/.b"],
  },
  { name: "an encoded backslash", target: "/a%5cb", readings: ["/a\\b", "/a/b"] },
  { name: "slashes in a row", target: "/a//b", readings: ["/a//b", "/a/b"] },
  { name: "parameters", target: "/a;x=1/b", readings: ["/a;x=1/b", "/a/b"] },
  {
    name: "dots with parameters",
    target: "/a/..;/b",
    readings: ["/a/..;/b", "/a/../b", "/b"],
  },
  { name: "an encoded question mark", target: "/a%3fb", readings: ["/a?b", "/a"] },
  { name: "an encoded number sign", target: "/a%23b", readings: ["/a#b", "/a"] },
];
for (const { name, target, readings, send } of TARGETS) {
  Deno.test(`readTarget(): ${name}`, () => {
    assert.deepEqual(readTarget(target), { target: send ?? target, readings });
  });
}

for (
  const { name, target } of [
    { name: "nothing", target: "" },
    { name: "no slash at the start", target: "a" },
    { name: "absolute form", target: "http://example.com/a" },
    { name: "asterisk form", target: "*" },
    { name: "a space", target: "/a b" },
    { name: "a raw control character", target: "/a\x01" },
    { name: "a raw letter beyond ASCII", target: "/ä" },
    { name: "a fragment", target: "/a#b" },
    { name: "NUL", target: "/a%00" },
    { name: "NUL encoded twice", target: "/a%2500" },
    { name: "a line break", target: "/a%0d%0a" },
    { name: "an overlong slash", target: "/a%c0%af" },
    { name: "an overlong dot", target: "/%c0%ae%c0%ae/a" },
    { name: "a lone surrogate", target: "/%ed%a0%80" },
    { name: "another encoding than UTF-8", target: "/%e4" },
    { name: "a %u escape", target: "/%u002e%u002e/a" },
    { name: "encodings nested too deep", target: `/%${"25".repeat(80)}41` },
    {
      name: "more forms than can be told apart",
      target: "/a//..%5c;b%2f%252e%252e%252fc;%253fd/%2523",
    },
  ]
) {
  Deno.test(`readTarget() refuses ${name}`, () => assert.equal(readTarget(target), undefined));
}

Deno.test("what is sent is read as what was asked for", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }), (pieces) => {
    const read = readTarget(`/${pieces.join("")}`);
    if (read === undefined) return;
    assert.deepEqual(readTarget(read.target), read);
  }));
});

Deno.test("however a path is encoded, the path itself is among its readings", () => {
  fc.assert(fc.property(disguised(), ({ path, target }) => {
    const read = readTarget(target);
    if (read !== undefined) assert.ok(read.readings.includes(path), `${target}: ${read.readings}`);
  }));
});

const PIECES = ["a", "b", "/", "..", ".", "%2e", "%2f", "%5c", "\\", ";x", "%25", "2e", "%3f", "?"];

/** A plain path and one of the ways to write it. */
function disguised(): fc.Arbitrary<{ path: string; target: string }> {
  const step = fc.constantFrom("", "/.", "/", "/x/..", "/%2e", "/x/%2e%2e", "/x/%252e%252e");
  const segment = fc.record({
    name: fc.stringMatching(/^[a-z]{1,4}$/),
    separator: fc.constantFrom("/", "\\", "%2f", "%5c", "%252f"),
    before: step,
    params: fc.constantFrom("", "", ";p", "%3bp"),
    depth: fc.integer({ min: 0, max: 3 }),
  });
  return fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => ({
    path: segments.map(({ name }) => `/${name}`).join(""),
    target: segments.map(({ name, separator, before, params, depth }, index) => {
      const start = index === 0 ? "/" : separator;
      return before + start + encode(name, depth) + params;
    }).join(""),
  })).filter(({ target }) => target.startsWith("/"));
}

function encode(name: string, depth: number): string {
  if (depth === 0) return name;
  const hex = name.charCodeAt(0).toString(16);
  return `%${"25".repeat(depth - 1)}${hex}${name.slice(1)}`;
}
