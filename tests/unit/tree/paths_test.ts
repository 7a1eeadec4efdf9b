import assert from "node:assert/strict";
import fc from "fast-check";
import {
  checkEntryPath,
  checkLinkTarget,
  createTwinCheck,
  type Platform,
} from "../../../src/tree/paths.ts";

const EVERYWHERE: [name: string, path: string, reason: RegExp][] = [
  ["nothing", "", /is empty/],
  ["an absolute path", "/etc/passwd", /is absolute/],
  ["a UNC path with slashes", "//server/share", /is absolute/],
  ["a UNC path", "\\\\server\\share", /backslash/],
  ["a drive with a backslash", "C:\\x", /backslash/],
  ["a backslash in a name", "a\\b", /backslash/],
  ["two dots", "..", /has the part "\.\."/],
  ["two dots at the start", "../x", /has the part "\.\."/],
  ["two dots in the middle", "a/../../x", /has the part "\.\."/],
  ["two dots at the end", "a/..", /has the part "\.\."/],
  ["one dot", ".", /has the part "\."/],
  ["one dot in the middle", "a/./b", /has the part "\."/],
  ["an empty part", "a//b", /empty part/],
  ["a slash at the end", "a/", /empty part/],
  ["a NUL", "a\0b", /NUL/],
  ["half a character", "a\ud800", /not valid Unicode/],
  ["a name of 256 bytes", "x".repeat(256), /longer than 255 bytes/],
  ["a name of 256 bytes in 86 characters", "€".repeat(85) + "x", /longer than 255 bytes/],
  ["a path of 4,097 bytes", "abc/".repeat(1024) + "x", /longer than 4096 bytes/],
  [".git", ".git", /".git"/],
  [".git below", "sub/.git/config", /".git"/],
  [".GIT", "a/.GIT/hooks", /".git"/],
  [".gIt", ".gIt", /".git"/],
  [".git with a Turkish i", ".gıt", /".git"/],
  [".git with a Turkish I", ".GİT/x", /".git"/],
  ["the short name of .git", "git~1/hooks", /".git"/],
  ["the short name in capitals", "a/GIT~2", /".git"/],
  [".git with a dot that NTFS drops", ".git.", /".git"/],
  [".git with blanks and dots", ".git . ./x", /".git"/],
  [".git as a stream", ".git::$INDEX_ALLOCATION/x", /".git"/],
  [".git with what HFS+ ignores", ".g\u200cit/config", /".git"/],
  [".git with a mark in front", "\ufeff.git", /".git"/],
  [".git with a direction at its end", "x/.git\u202e", /".git"/],
];

const PLATFORMS: readonly Platform[] = ["linux", "darwin", "windows"];

for (const [name, path, reason] of EVERYWHERE) {
  Deno.test(`checkEntryPath() refuses on every host: ${name}`, () => {
    for (const platform of PLATFORMS) {
      assert.match(checkEntryPath(path, { platform }) ?? "", reason);
    }
  });
}

const ON_WINDOWS: [name: string, path: string, reason: RegExp][] = [
  ["a stream of a file", "a/file:stream", /no name with ":"/],
  ["a drive", "C:x", /no name with ":"/],
  ["a star", "a*", /no name with "\*"/],
  ["a newline", "a\nb", /no name with "\\n"/],
  ["an escape", "a\x1b[2J", /no name with "\\u001b"/],
  ["a dot at the end", "a./b", /drops the end of "a\."/],
  ["a blank at the end", "a ", /drops the end of "a "/],
  ["a device", "sub/NUL", /is a device/],
  ["a device with an extension", "con.txt", /is a device/],
  ["a device with a blank", "aux .c", /is a device/],
  ["a port", "COM1", /is a device/],
  ["a port with a raised number", "lpt².log", /is a device/],
];

for (const [name, path, reason] of ON_WINDOWS) {
  Deno.test(`checkEntryPath() refuses on Windows alone: ${name}`, () => {
    assert.match(checkEntryPath(path, { platform: "windows" }) ?? "", reason);
    assert.equal(checkEntryPath(path, { platform: "linux" }), undefined);
    assert.equal(checkEntryPath(path, { platform: "darwin" }), undefined);
  });
}

const TAKEN = [
  "a",
  "src/main.ts",
  "-rf",
  "--/-",
  " leading",
  "...x",
  "..a/b..c/...d",
  ".gitignore",
  ".github/workflows/x.yml",
  ".gitmodules",
  "git",
  "git~",
  "a.git",
  "x/digit~1",
  "com10",
  "console/nullable.txt",
  "ünïcödé/日本語/🦕",
  "x".repeat(255),
  "abc/".repeat(1023) + "abc",
];

for (const path of TAKEN) {
  Deno.test(`checkEntryPath() takes on every host: ${JSON.stringify(path.slice(0, 40))}`, () => {
    for (const platform of PLATFORMS) assert.equal(checkEntryPath(path, { platform }), undefined);
  });
}

Deno.test("checkEntryPath() takes names with a newline, an escape or a bell where they can be", () => {
  for (const path of ["a\nb", "\x1b]0;x\x07", "a/\r"]) {
    assert.equal(checkEntryPath(path, { platform: "linux" }), undefined);
  }
});

Deno.test("no reason has anything in it that a terminal acts on", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
    const reasons = [
      checkEntryPath(a, { platform: "windows" }),
      checkEntryPath(`.git${a}`, { platform: "linux" }),
      checkLinkTarget("x", a),
      checkLinkTarget("x", `../${b}`),
    ];
    for (const reason of reasons) assert.doesNotMatch(reason ?? "", /\p{Cc}|[\u202a-\u202e]/u);
  }));
});

Deno.test("what checkEntryPath() takes stays below its root, and is no .git however it is read", () => {
  const part = fc.oneof(
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.constantFrom("..", ".", "", ".git", ".Git", "git~1", "a", "\u200c", "C:", "\\"),
  );
  const parts = fc.array(fc.array(part, { maxLength: 2 }).map((pieces) => pieces.join("")), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(fc.property(parts, (names) => {
    const path = names.join("/");
    if (checkEntryPath(path, { platform: "linux" }) !== undefined) return;
    const { pathname } = new URL(path.split("/").map(encodeURIComponent).join("/"), "file:///r/");
    assert.ok(pathname.startsWith("/r/") && pathname.length > 3);
    for (const name of names) {
      const read = name.replaceAll(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, "");
      assert.notEqual(read.toLowerCase().replace(/[. ]+$/, ""), ".git");
    }
  }));
});

const LINKS: [name: string, path: string, target: string, reason: RegExp | undefined][] = [
  ["a file beside it", "a/l", "b", undefined],
  ["a file below", "l", "a/b/c", undefined],
  ["a file above", "a/b/l", "../../c", undefined],
  ["the root", "a/l", "..", undefined],
  ["its own directory", "a/l", ".", undefined],
  ["a name of dots", "l", ".../x", undefined],
  ["with a slash at the end", "l", "./a//b/", undefined],
  ["a name with a newline", "l", "a\nb", undefined],
  ["nothing", "l", "", /link to nothing/],
  ["an absolute path", "l", "/etc/passwd", /absolute path, "\/etc\/passwd"/],
  ["the directory above the root", "l", "..", /leads outside/],
  ["a way outside", "a/b/l", "../../../x", /leads outside/],
  ["a way outside that starts inside", "l", "a/../../x", /goes up after it went down/],
  ["a way up behind what may be a link", "l", "a/../x", /goes up after it went down/],
  ["git's files", "l", ".git/hooks/pre-commit", /git's own files/],
  ["git's files in another case", "a/l", "../.GIT", /git's own files/],
  ["git's files by their short name", "l", "git~1/config", /git's own files/],
  ["a NUL", "l", "a\0b", /NUL/],
  ["a backslash", "l", "..\\..\\x", /backslash/],
  ["half a character", "l", "\udc00", /not valid Unicode/],
  ["4,096 bytes", "l", "abc/".repeat(1024), /longer than 4095 bytes/],
];

for (const [name, path, target, reason] of LINKS) {
  Deno.test(`checkLinkTarget() ${reason === undefined ? "takes" : "refuses"}: ${name}`, () => {
    const found = checkLinkTarget(path, target);
    if (reason === undefined) assert.equal(found, undefined);
    else assert.match(found ?? "", reason);
  });
}

Deno.test("links that checkLinkTarget() takes lead nowhere outside, through each other either", () => {
  const name = fc.constantFrom("a", "b", "c");
  const path = fc.array(name, { minLength: 1, maxLength: 4 });
  const target = fc.array(fc.constantFrom("a", "b", "c", "..", ".", ""), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(fc.tuple(path, target), { maxLength: 12 }), path, (links, start) => {
      const tree = new Map<string, string>();
      for (const [at, to] of links) {
        const [link, points] = [at.join("/"), to.join("/")];
        const isBelowLink = at.some((_, end) => tree.has(at.slice(0, end).join("/")));
        const isParent = [...tree.keys()].some((other) => other.startsWith(`${link}/`));
        if (isBelowLink || isParent || checkLinkTarget(link, points) !== undefined) continue;
        tree.set(link, points);
      }
      // As a kernel follows them: what a link says is read where it stands.
      const place: string[] = [];
      let rest: string[] = [...start];
      for (let steps = 0; rest.length > 0 && steps < 200; steps++) {
        const part = rest.shift()!;
        if (part === "" || part === ".") continue;
        if (part === "..") {
          assert.ok(place.pop() !== undefined, "a link led outside");
          continue;
        }
        const to = tree.get([...place, part].join("/"));
        if (to === undefined) place.push(part);
        else rest = [...to.split("/"), ...rest];
      }
    }),
    { numRuns: 2000 },
  );
});

const TWINS: [name: string, paths: readonly string[], found: number][] = [
  ["another case", ["README", "readme"], 1],
  ["another case of a directory", ["Src/a", "src/b"], 1],
  ["another case of a directory, named after what is in it", ["src/b", "SRC"], 1],
  ["accents composed in another way", ["\u00e9", "e\u0301"], 1],
  ["both", ["\u00c9", "e\u0301"], 1],
  ["sharp s", ["straße", "STRASSE"], 1],
  ["the sign of kelvin", ["\u212a", "k"], 1],
  ["Greek with its final letter", ["ΟΔΟΣ", "οδος"], 1],
  ["what HFS+ ignores", ["a\u200db", "ab"], 1],
  ["one path, and those below", ["src", "src/a", "src/b", "src/a/c"], 0],
  ["names that share a start", ["a", "ab", "A1"], 0],
];

for (const [name, paths, found] of TWINS) {
  Deno.test(`createTwinCheck() finds ${found}: ${name}`, () => {
    const check = createTwinCheck({ folds: true });
    const reasons = paths.map(check).filter((reason) => reason !== undefined);
    assert.equal(reasons.length, found);
    for (const reason of reasons) assert.match(reason, /this file system takes it for "/);
    const indifferent = createTwinCheck({ folds: false });
    assert.deepEqual(paths.map(indifferent), paths.map(() => undefined));
  });
}
