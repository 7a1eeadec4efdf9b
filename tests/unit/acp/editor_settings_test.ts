import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "jsonc-parser";
import { planAgents, planPlace } from "../../../src/acp/editors.ts";
import { planSettings } from "../../../src/acp/editor_settings.ts";
import { EXIT, UserError } from "../../../src/errors.ts";

const HOST = { platform: "linux", home: "/home/me", env: {} } as const;
const ZED = planPlace("zed", HOST)!;
const CODE = planPlace("vscode", HOST)!;
const CLAUDE = planAgents([{ name: "claude", title: "Claude Code" }], {
  program: { command: "/bin/sandcage", args: [] },
});
const TWO = planAgents(
  [{ name: "claude", title: "Claude Code" }, { name: "codex", title: "Codex" }],
  { program: { command: "/bin/sandcage", args: [] } },
);

const CASES: [string, string][] = [
  ["nothing but a comment inside", "{\n  // to come\n}\n"],
  ["no file at all", ""],
  ["an empty object", "{}\n"],
  ["comments around everything", COMMENTED()],
  [
    "an agent of another kind",
    '{\n  "agent_servers": {\n    "Other": { "command": "x" }\n  }\n}\n',
  ],
  [
    "a comment behind the last line",
    '{\n  "theme": "One", // the nice one\n  "vim_mode": true // always\n}\n',
  ],
  [
    "a comma and a comment behind the last line",
    '{\n  "vim_mode": true, /* always */\n  // the end\n}\n',
  ],
  ["tabs", '{\n\t"theme": "One",\n\t"agent_servers": {\n\t\t"A": {}\n\t}\n}\n'],
  ["an entry of an older version", OLDER()],
  ["everything on one line", '{"theme":"One","agent_servers":{"A":{}}}'],
];

function COMMENTED(): string {
  return `// Zed settings
{
  // how it looks
  "theme": "One", /* light */
  "agent_servers": {
    // mine
    "Mine": {
      "command": "/x", // here
    },
  },
  "vim_mode": true,
}
// end
`;
}

function OLDER(): string {
  return `{
  "agent_servers": {
    "Claude Code (sandcage)": {
      "type": "custom",
      "command": "/old/sandcage", // moved
      "args": ["acp", "run", "claude"],
      "env": { "MINE": "1" }
    }
  }
}
`;
}

for (const [title, text] of CASES) {
  Deno.test(`planSettings() on ${title} is as reviewed, and changes nothing the second time`, async (t) => {
    const once = planSettings(text, { place: ZED, agents: TWO });
    await t.assertSnapshot(once);
    assert.equal(planSettings(once, { place: ZED, agents: TWO }), once);
  });
}

Deno.test("planSettings() keeps the ends of lines and the mark at the beginning", () => {
  const text = '\ufeff{\r\n    "a": 1\r\n}\r\n';
  const after = planSettings(text, { place: CODE, agents: CLAUDE });
  assert.ok(after.startsWith('\ufeff{\r\n    "a": 1,\r\n    "acp.agents": {\r\n'), after);
  assert.equal(after.replaceAll("\r\n", "").includes("\n"), false);
});

const BROKEN = [
  ['{ "a": }\n', "line 1"],
  ['{\n  "a": 1\n  "b": 2\n}\n', "line 3"],
  ["[]\n", "the whole is no object"],
  ["// nothing\n", "line 2: ValueExpected"],
  ['{\n  "agent_servers": []\n}\n', 'line 2: "agent_servers" is no object'],
  [
    '{\n  "agent_servers": {\n    "Claude Code (sandcage)": 1\n  }\n}\n',
    'line 3: "Claude Code (sandcage)" is no object',
  ],
] as const;

for (const [text, said] of BROKEN) {
  Deno.test(`planSettings() refuses ${JSON.stringify(text)}: ${said}`, () => {
    assert.throws(
      () => planSettings(text, { place: ZED, agents: CLAUDE }),
      (error) =>
        error instanceof UserError && error.exit === EXIT.config &&
        error.message.startsWith(`Cannot edit ${ZED.path}`) && error.message.includes(said),
    );
  });
}

const noise = fc.constantFrom(" ", "\n", "\t", "// c\n", "/* d */", "\n\n    ", "");
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.integer().map(String),
    fc.string({ maxLength: 6 }).map((text) => JSON.stringify(text)),
    fc.constantFrom("true", "null", "[]", "{}"),
    tie("object"),
  ),
  object: fc.tuple(
    fc.uniqueArray(fc.string({ maxLength: 4 }), { maxLength: 4 }),
    fc.infiniteStream(fc.tuple(noise, tie("value"), noise, noise)),
    noise,
    fc.boolean(),
  ).map(([keys, stream, inside, trailing]) => {
    const parts = keys.map((key) => {
      const [before, value, after, last] = stream.next().value!;
      return `${before}${JSON.stringify(key)}${after}: ${value}${last}`;
    });
    const comma = trailing && parts.length > 0 ? "," : "";
    return `{${inside}${parts.join(",")}${comma}${inside}}`;
  }),
}));

Deno.test("planSettings() leaves every comment and every other value as it is, whatever the settings", () => {
  fc.assert(
    fc.property(json.object, noise, (object, around) => {
      const text = `${around}${object}${around}`;
      const after = planSettings(text, { place: ZED, agents: CLAUDE });
      const options = { allowTrailingComma: true };
      const [was, is] = [parse(text, [], options), parse(after, [], options)];
      assert.deepEqual(is.agent_servers["Claude Code (sandcage)"], {
        type: "custom",
        command: "/bin/sandcage",
        args: ["acp", "run", "claude"],
      });
      delete is.agent_servers;
      assert.deepEqual(is, was);
      const comments = (source: string) => source.match(/\/\/ c|\/\* d \*\//g)?.length ?? 0;
      assert.equal(comments(after), comments(text));
      assert.equal(planSettings(after, { place: ZED, agents: CLAUDE }), after);
    }),
    { numRuns: 300 },
  );
});
