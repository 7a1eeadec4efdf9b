import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { parse as parseSmol } from "smol-toml";
import { addRules, removeRules } from "../../../src/config/edit_rules.ts";
import { UserError } from "../../../src/errors.ts";

const YAML = "/p/.sandcage.yml";
const TOML = "/h/config.toml";

/** A TOML file as plain data; its own objects have no prototype. */
function parseTomlText(text: string) {
  return JSON.parse(JSON.stringify(parseSmol(text)));
}

const ADDED: [name: string, before: string, after: string][] = [
  [
    "a block list",
    "network:\n  allow:\n    - a.dev # why\n    # more\n  mode: allowlist\n",
    "network:\n  allow:\n    - a.dev # why\n    - new.dev\n    # more\n  mode: allowlist\n",
  ],
  [
    "a block list that is not indented, with a map in it",
    "network:\n  allow:\n  - dest: a.dev\n    ports: [1] # p\nhome: service\n",
    "network:\n  allow:\n  - dest: a.dev\n    ports: [1] # p\n  - new.dev\nhome: service\n",
  ],
  [
    "a flow list",
    "network: {allow: [ 'a.dev',   b.dev, ] }   # x\n",
    "network: {allow: [ 'a.dev',   b.dev, new.dev, ] }   # x\n",
  ],
  ["an empty flow list", "network: {allow: []}\n", "network: {allow: [new.dev]}\n"],
  [
    "a flow list over lines",
    "network:\n  allow: [\n    a.dev, # a\n    b.dev # b\n  ]\n",
    "network:\n  allow: [\n    a.dev, # a\n    b.dev, new.dev # b\n  ]\n",
  ],
  [
    "a list whose lines are commented out",
    "network:\n  allow: # none\n    # - a.dev\n  mode: open\n",
    "network:\n  allow: # none\n    - new.dev\n    # - a.dev\n  mode: open\n",
  ],
  [
    "a reset list",
    "network:\n  allow: !reset\n  mode: open\n",
    "network:\n  allow: !reset\n    - new.dev\n  mode: open\n",
  ],
  [
    "a reset section",
    "network: !reset # r\n",
    "network: !reset # r\n  allow:\n    - new.dev\n",
  ],
  ["a null", "network:\n  allow: ~\n", "network:\n  allow: \n    - new.dev\n"],
  [
    "nothing in a flow map",
    "network: {allow: , mode: open}\n",
    "network: {allow: [new.dev] , mode: open}\n",
  ],
  [
    "another key only",
    "network:\n    mode: open # o\n\nhome: service\n",
    "network:\n    mode: open # o\n    allow:\n      - new.dev\n\nhome: service\n",
  ],
  [
    "another key in a flow map",
    "network: {mode: open}\n",
    "network: {mode: open, allow: [new.dev]}\n",
  ],
  ["an empty flow map", "network: {}\n", "network: {allow: [new.dev]}\n"],
  [
    "an empty section",
    "network:\n# none\nhome: service",
    "network:\n  allow:\n    - new.dev\n# none\nhome: service",
  ],
  [
    "no section, and no line end at the end",
    "home:   service # h",
    "home:   service # h\nnetwork:\n  allow:\n    - new.dev\n",
  ],
  [
    "the end of the document marked",
    "home: service\n...\n",
    "home: service\nnetwork:\n  allow:\n    - new.dev\n...\n",
  ],
  ["a flow map as the file", "{home: service}\n", "{home: service, network: {allow: [new.dev]}}\n"],
  ["nothing", "", "network:\n  allow:\n    - new.dev\n"],
  [
    "line ends of Windows",
    "network:\r\n  allow:\r\n    - a.dev\r\n",
    "network:\r\n  allow:\r\n    - a.dev\r\n    - new.dev\r\n",
  ],
];

for (const [name, before, after] of ADDED) {
  Deno.test(`addRules() edits a file with ${name}`, async () => {
    const edit = { list: "allow", rules: ["new.dev", "new.dev"] } as const;
    const text = await addRules({ file: YAML, text: before }, edit);
    assert.equal(text, after);
    assert.equal(await addRules({ file: YAML, text }, edit), after);
  });
}

for (
  const rule of ["*.a.dev", "10.0.0.0/8", "https://a.dev/x?", "a.dev:8443", "::1", "yes", "1.2"]
) {
  Deno.test(`addRules() writes ${rule} so that it is read as text`, async () => {
    for (const text of ["network: {allow: [a.dev]}\n", ""]) {
      const after = await addRules({ file: YAML, text }, { list: "allow", rules: [rule] });
      assert.equal(parse(after).network.allow.at(-1), rule);
    }
  });
}

const REMOVED: [name: string, before: string, after: string][] = [
  [
    "a block list",
    "network:\n  allow:\n    # one\n    - a.dev # why\n    # two\n    - old.dev # gone\n    - b.dev\n",
    "network:\n  allow:\n    # one\n    - a.dev # why\n    # two\n    - b.dev\n",
  ],
  [
    "the last item",
    "network:\n  allow:\n    - old.dev\n  mode: open\n",
    "network:\n  allow:\n  mode: open\n",
  ],
  [
    "maps",
    "network:\n  allow:\n    - dest: old.dev\n      ports: [1]\n    - {dest: OLD.dev., methods: [GET]}\n    - b.dev\n",
    "network:\n  allow:\n    - b.dev\n",
  ],
  [
    "the first of a flow list",
    "network: {allow: [old.dev, b.dev]}\n",
    "network: {allow: [b.dev]}\n",
  ],
  [
    "the last of a flow list",
    "network: {allow: [b.dev, old.dev]}\n",
    "network: {allow: [b.dev]}\n",
  ],
  ["the only one of a flow list", "network: {allow: [old.dev]}\n", "network: {allow: []}\n"],
  [
    "a flow list over lines",
    "network:\n  allow: [\n    a.dev, # a\n    old.dev,\n    b.dev # b\n  ]\n",
    "network:\n  allow: [\n    a.dev, # a\n    b.dev # b\n  ]\n",
  ],
  ["a list without it", "network: {allow: [ a.dev ]}\n", "network: {allow: [ a.dev ]}\n"],
];

for (const [name, before, after] of REMOVED) {
  Deno.test(`removeRules() edits a file with ${name}`, async () => {
    const edit = { list: "allow", rules: ["old.dev", "other.dev"] } as const;
    const { text, removed } = await removeRules({ file: YAML, text: before }, edit);
    assert.equal(text, after);
    assert.deepEqual(removed, before === after ? [] : ["old.dev"]);
  });
}

Deno.test("addRules() and removeRules() keep every other line, byte for byte", async () => {
  const name = fc.stringMatching(/^[a-z]{1,6}\.(dev|example)$/);
  const filler = fc.constantFrom(
    "# a comment",
    "",
    "home:    'service'  # kept",
    "limits: { cpus: 2,   memory: 4g }",
    'setup:\n  - |\n    npm ci\n\n    npm test\n  - "x"',
    "env:\n    A:   b # c\n\n    # d",
  );
  const blockOf = (rules: string[]) =>
    `network:\n  # above\n  allow:\n${rules.map((rule) => `  - ${rule} # ${rule}\n`).join("")}` +
    "  block: [x.dev]";
  await fc.assert(fc.asyncProperty(
    fc.uniqueArray(filler, { maxLength: 5 }),
    fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
    fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
    fc.uniqueArray(filler, { maxLength: 1 }),
    async (above, known, wanted, below) => {
      const parts = [...above, blockOf(known), ...below.filter((part) => !above.includes(part))];
      const before = `${parts.join("\n")}\n`;
      const rules = wanted.filter((rule) => !known.includes(rule));
      const file = { file: YAML, text: before };
      const after = await addRules(file, { list: "allow", rules });
      const added = new Set(rules.map((rule) => `  - ${rule}`));
      assert.deepEqual(after.split("\n").filter((line) => !added.has(line)), before.split("\n"));
      assert.deepEqual(parse(after).network.allow, [...known, ...rules]);
      const back = await removeRules({ file: YAML, text: after }, { list: "allow", rules });
      assert.equal(back.text, before);
      const none = await removeRules(file, { list: "allow", rules: known });
      const gone = new Set(known.map((rule) => `  - ${rule} # ${rule}`));
      assert.deepEqual(none.text.split("\n"), before.split("\n").filter((line) => !gone.has(line)));
    },
  ));
});

Deno.test("addRules() refuses what it cannot edit, and names the place", async () => {
  for (
    const [text, message] of [
      [
        "network: {allow: &a [a.dev], block: *a}\n",
        /network\.block cannot be edited by a command$/,
      ],
      ["x: &n {allow: [a.dev]}\nnetwork: *n\n", /network\.block cannot be edited by a command$/],
      ["network: {block: a.dev}\n", /network\.block cannot be edited by a command$/],
      ["network: [a.dev\n", /^\/p\/\.sandcage\.yml:\d+:\d+: not valid YAML/],
    ] as const
  ) {
    await assert.rejects(
      addRules({ file: YAML, text }, { list: "block", rules: ["new.dev"] }),
      (error) => error instanceof UserError && error.exit === 3 && message.test(error.message),
    );
  }
});

Deno.test("addRules() puts nothing in the place of what is no list of a TOML file", async () => {
  for (const text of ["network = []\n", 'network = "a.dev"\n', 'network.block = "a.dev"\n']) {
    await assert.rejects(
      addRules({ file: TOML, text }, { list: "block", rules: ["new.dev"] }),
      /network\.block cannot be edited by a command$/,
    );
  }
});

Deno.test("rules of a TOML file are added and removed beside their comments", async () => {
  const text = '# top\n[network] # n\nmode = "allowlist" # m\n# about\nallow = [\n' +
    '  "a.dev", # first\n  { dest = "b.dev", ports = [8443] },\n]\n\n# tail\n[limits]\ncpus = 2 # two\n';
  const added = await addRules({ file: TOML, text }, {
    list: "allow",
    rules: ["*.c.dev", "a.dev"],
  });
  for (const line of text.split("\n")) assert.ok(added.split("\n").includes(line), line);
  assert.deepEqual(parseTomlText(added).network, {
    mode: "allowlist",
    allow: ["a.dev", { dest: "b.dev", ports: [8443] }, "*.c.dev"],
  });
  const { text: after, removed } = await removeRules({ file: TOML, text: added }, {
    list: "allow",
    rules: ["*.C.dev", "b.dev", "none.dev"],
  });
  assert.deepEqual(removed, ["*.C.dev", "b.dev"]);
  assert.deepEqual(parseTomlText(after).network.allow, ["a.dev"]);
  for (const comment of ["# top", "# n", "# m", "# about", "# tail", "# two"]) {
    assert.ok(after.includes(comment), comment);
  }
});

Deno.test("a TOML file without a network gets one", async () => {
  for (const text of ["", "# only\n", 'packages = ["jq"]\n', "[limits]\ncpus = 2\n"]) {
    const after = await addRules({ file: TOML, text }, { list: "block", rules: ["evil.dev"] });
    assert.deepEqual(parseTomlText(after), {
      ...parseTomlText(text),
      network: { block: ["evil.dev"] },
    });
    assert.ok(after.startsWith(text.trimEnd()), after);
  }
});
