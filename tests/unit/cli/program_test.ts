import assert from "node:assert/strict";
import { formatHelp, isHidden, pathOf, walkCommands } from "../../../src/cli/command.ts";
import { buildProgram } from "../../../src/cli/program.ts";
import { UserError } from "../../../src/errors.ts";
import { bareHost, makeTempDir, recordingIo, runLine } from "./support.ts";

function tree() {
  const context = { host: bareHost(), io: recordingIo() };
  return walkCommands(buildProgram({ context, columns: 80, end: () => {} }));
}

for (const command of tree().filter((command) => !isHidden(command))) {
  const path = pathOf(command);
  Deno.test(`${path} --help is as reviewed`, async (t) => {
    const words = path.split(" ").slice(1);
    const { out, exit } = await runLine([...words, "--help"]);
    assert.equal(exit, 0);
    assert.equal(out, formatHelp(command));
    await t.assertSnapshot(out);
  });
}

Deno.test("no line of any help is wider than a terminal of 80 columns", () => {
  const wide = tree().flatMap((command) =>
    formatHelp(command).split("\n").filter((line) =>
      line.length > 80 && !line.includes("sandcage ")
    )
  );
  assert.deepEqual(wide, []);
});

Deno.test("every command that does something shows an example of itself", () => {
  const lacking = tree().filter((command) => command.commands.length === 0 && !isHidden(command))
    .filter((command) =>
      !formatHelp(command).includes(`  ${pathOf(command)}`) &&
      !formatHelp(command).includes(`$(${pathOf(command)}`)
    )
    .map(pathOf);
  assert.deepEqual(lacking, []);
});

Deno.test("sandcage alone shows its help and ends with 0", async () => {
  const { exit, out } = await runLine([]);
  assert.equal(exit, 0);
  assert.match(out, /^Usage: sandcage/);
});

Deno.test("a group without its command shows its help on stderr and ends with 2", async () => {
  const { exit, out, talk } = await runLine(["config"]);
  assert.deepEqual([exit, out], [2, ""]);
  assert.match(talk, /^Usage: sandcage config/);
});

Deno.test("help config show is the help of config show", async () => {
  const [asked, shown] = [
    await runLine(["help", "config", "show"]),
    await runLine(["config", "show", "--help"]),
  ];
  assert.equal(asked.out, shown.out);
});

const MISTAKES: readonly (readonly [string[], string, string])[] = [
  [
    ["clade"],
    'Cannot run "clade": no command or service has this name',
    'Did you mean "claude"?\nRun: sandcage --help',
  ],
  [
    ["comp"],
    'Cannot run "comp": no command or service has this name',
    'Did you mean "completions"?\nRun: sandcage --help',
  ],
  [
    ["zzzzzzzz"],
    'Cannot run "zzzzzzzz": no command or service has this name',
    "Run: sandcage --help",
  ],
  [
    ["claude", "--nmae", "x"],
    'Cannot read the command line: unknown option "--nmae"',
    "Did you mean --name?\nPut agent arguments after --: sandcage claude -- …\n" +
    "Run: sandcage claude --help",
  ],
  [
    ["claude", "fix the bug"],
    'Cannot read the command line: too many arguments for "claude". Expected 0 arguments but got 1',
    "Put agent arguments after --: sandcage claude -- …\nRun: sandcage claude --help",
  ],
  [
    ["list", "--jsn"],
    'Cannot read the command line: unknown option "--jsn"',
    "Did you mean --json?\nRun: sandcage list --help",
  ],
  [
    ["config", "shwo"],
    'Cannot read the command line: unknown command "shwo"',
    "Did you mean show?\nRun: sandcage config --help",
  ],
  [
    ["auth"],
    'Cannot read the command line: missing required argument "service"',
    "Run: sandcage auth --help",
  ],
  [
    ["list", "--path"],
    'Cannot read the command line: option "-p, --path <path>" argument missing',
    "Run: sandcage --help",
  ],
  [
    ["build", "--", "x"],
    'Cannot read the command line: "sandcage build" takes nothing after --',
    "Only agents do, as in: sandcage claude -- --help\nRun: sandcage build --help",
  ],
  [
    ["help", "config", "shwo"],
    'Cannot show help for "config shwo": no such command',
    "Run: sandcage config --help",
  ],
  [["completions", "fihs"], 'Cannot print completions for "fihs"', 'Did you mean "fish"?'],
];

for (const [line, message, hint] of MISTAKES) {
  Deno.test(`sandcage ${line.join(" ")} is refused with the way out`, async () => {
    await using dir = await makeTempDir();
    const host = bareHost({ cwd: dir.path, stateDir: `${dir.path}/state` });
    await assert.rejects(runLine(line, { host }), (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual([error.message, error.hint, error.exit, error.code], [
        message,
        hint,
        2,
        "usage",
      ]);
      return true;
    });
  });
}
