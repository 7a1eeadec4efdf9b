import assert from "node:assert/strict";
import fc from "fast-check";
import { createScanner, type Found, MAX_TEXT } from "../../../src/acp/scan.ts";
import { foldName, planWanted, type WantedNames } from "../../../src/acp/wanted.ts";

const NAMES = {
  id: {},
  method: {},
  params: {
    cwd: {},
    additionalDirectories: { "*": {} },
    mcpServers: { "*": { command: {}, url: {} } },
    clientCapabilities: { terminal: {}, fs: {} },
  },
} satisfies WantedNames;

const WANTED = planWanted(NAMES);
const encode = (text: string) => new TextEncoder().encode(text);

function scan(pieces: readonly Uint8Array[]) {
  const scanner = createScanner(WANTED);
  for (const piece of pieces) scanner.feed(piece);
  return scanner.seen();
}

/** What a full parse finds at the same places, in order. */
function findParsed(value: unknown, names: WantedNames = NAMES, path = ""): [string, unknown][] {
  if (Object.keys(names).length === 0) return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) {
    const items = names["*"];
    if (items === undefined) return [];
    return value.flatMap((item) => findParsed(item, items, `${path}.*`));
  }
  return Object.entries(value).flatMap(([key, member]) => {
    const name = Object.keys(names).find((name) =>
      name !== "*" && foldName(name) === foldName(key)
    );
    return name === undefined
      ? []
      : findParsed(member, names[name], path === "" ? name : `${path}.${name}`);
  });
}

function readFound({ path, value, start, end }: Found, line: Uint8Array): [string, unknown] {
  const written = new TextDecoder().decode(line.subarray(start, end));
  switch (value.kind) {
    case "text":
      assert.equal(JSON.parse(written), value.text);
      return [path, value.text];
    case "raw":
      assert.equal(written, value.text);
      return [path, JSON.parse(value.text)];
    default:
      return [path, JSON.parse(written)];
  }
}

/** Every name and every value of the tree turns up, at right and at wrong places. */
const names = fc.oneof(
  fc.constantFrom("id", "method", "params", "cwd", "additionalDirectories", "mcpServers", "url"),
  fc.constantFrom(
    "command",
    "clientCapabilities",
    "terminal",
    "fs",
    "METHOD",
    "*",
    "",
    "__proto__",
  ),
  fc.string({ unit: "grapheme" }),
);
const values = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.string({ maxLength: 300 }),
      fc.constantFrom("session/new", "\\", '"', "{}[]", "\u2028", '\\"},"method":"x'),
      fc.double({ noNaN: true }),
      fc.bigInt().map((value) => new Raw(String(value))),
      fc.constantFrom(true, false, null),
    ),
    fc.array(tie("any"), { maxLength: 4 }),
    fc.array(fc.tuple(names, tie("any")), { maxLength: 6 }).map((members) => new Members(members)),
  ),
})).any;

/** Numbers beyond doubles, and objects whose names may occur twice, written as they are. */
class Raw {
  constructor(readonly text: string) {}
}
class Members {
  constructor(readonly members: [string, unknown][]) {}
}

/** Writes a value with arbitrary white space and escapes. */
function write(value: unknown, style: { space: string; escape: boolean }): string {
  const { space, escape } = style;
  const text = (value: string) =>
    escape
      ? `"${
        [...value].flatMap((c) => c.split("")).map((c) =>
          `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`
        ).join("")
      }"`
      : JSON.stringify(value);
  if (value instanceof Raw) return value.text;
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) {
    return `[${space}${value.map((item) => write(item, style)).join(`${space},${space}`)}${space}]`;
  }
  if (value instanceof Members) {
    const members = value.members.map(([name, member]) =>
      `${text(name)}${space}:${space}${write(member, style)}`
    );
    return `{${space}${members.join(`${space},`)}${space}}`;
  }
  return JSON.stringify(value);
}

const lines = fc.tuple(
  fc.array(fc.tuple(names, values), { maxLength: 8 }).map((members) => new Members(members)),
  fc.constantFrom("", " ", "\t", "\r "),
  fc.boolean(),
).map(([value, space, escape]) => write(value, { space, escape }));

Deno.test("createScanner() finds what JSON.parse() finds, in any order and however it is cut", () => {
  fc.assert(
    fc.property(lines, fc.array(fc.nat(400), { maxLength: 12 }), (line, cuts) => {
      const bytes = encode(line);
      const pieces: Uint8Array[] = [];
      let at = 0;
      for (const cut of cuts) {
        pieces.push(bytes.subarray(at, at + cut));
        at += cut;
      }
      pieces.push(bytes.subarray(at));
      const { found } = scan(pieces);
      const read = found.map((entry) => readFound(entry, bytes));
      // A parse keeps the last of two values with one name; the scanner has every one of them.
      for (const [path, value] of findParsed(JSON.parse(line))) {
        assert.ok(
          read.some(([at, seen]) =>
            at === path && Object.is(JSON.stringify(seen), JSON.stringify(value))
          ),
          `${path}: ${JSON.stringify(value)} in ${line}`,
        );
      }
      assert.deepEqual(scan([bytes]).found, found, "cuts change nothing");
    }),
    { numRuns: 3000 },
  );
});

Deno.test("createScanner() finds nothing that is not there", () => {
  fc.assert(
    fc.property(lines, (line) => {
      const value = JSON.parse(line);
      // Without duplicates the two are the same.
      fc.pre(write(fromJson(value), { space: "", escape: false }).length === line.length);
      const bytes = encode(line);
      const read = scan([bytes]).found.map((entry) => readFound(entry, bytes));
      assert.deepEqual(read.length, findParsed(value).length);
    }),
    { numRuns: 500 },
  );
});

function fromJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromJson);
  if (typeof value !== "object" || value === null) return value;
  return new Members(Object.entries(value).map(([name, member]) => [name, fromJson(member)]));
}

Deno.test("createScanner() reads any bytes without an error and holds no more than it may", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (pieces) => {
      const { found } = scan(pieces);
      assert.ok(found.length <= 1024);
    }),
    { numRuns: 2000 },
  );
});

for (
  const [what, line, want] of [
    ["a name written with escapes", '{"\\u006dethod":"a"}', [["method", "a"]]],
    ["a name in other letters", '{"METHOD":"a"}', [["method", "a"]]],
    ["a name that folds to another", '{"param\u017f":{"cwd":"/a"}}', [["params.cwd", "/a"]]],
    ["a name twice", '{"method":"a","method":"b"}', [["method", "a"], ["method", "b"]]],
    ["a name that only looks so", '{"x":{"method":"a"},"y":["method"]}', []],
    ["a name inside a text", '{"x":"{\\"method\\":\\"a\\"}"}', []],
    ["a huge number", `{"id":${"9".repeat(400)}}`, [["id", "9".repeat(400)]]],
    ["a byte order mark", '\ufeff{"id":1}', [["id", "1"]]],
    ["a batch", '[{"id":1},{"id":2}]', [["id", "1"], ["id", "2"]]],
    ["two messages without a newline", '{"id":1}{"id":2}', [["id", "1"], ["id", "2"]]],
    ["deep nesting", `{"a":${"[".repeat(50_000)}${"]".repeat(50_000)},"id":1}`, [["id", "1"]]],
    ["noise", 'noise {"method":"a"}', []],
  ] as const
) {
  Deno.test(`createScanner() reads ${what}`, () => {
    const { found } = scan([encode(line)]);
    const read = found.map(({ path, value }) => [path, "text" in value ? value.text : value.kind]);
    assert.deepEqual(read, want);
  });
}

Deno.test("createScanner() reads a name with broken UTF-8 as another name", () => {
  const bytes = new Uint8Array([...encode('{"metho'), 0xff, ...encode('d":"a","id":1}')]);
  assert.deepEqual(scan([bytes]).found.map(({ path }) => path), ["id"]);
});

Deno.test("createScanner() says that a text is too long, and does not keep it", () => {
  const { found } = scan([encode(`{"params":{"cwd":"/${"a".repeat(MAX_TEXT)}"}}`)]);
  assert.deepEqual(found.map(({ path, value }) => [path, value.kind]), [["params.cwd", "long"]]);
});

Deno.test("createScanner() says when there is more than it keeps", () => {
  const { found, overflow } = scan([encode(`{${'"id":1,'.repeat(5000)}"id":2}`)]);
  assert.equal(found.length, 1024);
  assert.ok(overflow);
});
