import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bareHost, makeTempDir, runLine } from "./support.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Presses Tab in a real bash at the end of a line, and gives what it offers. */
async function complete(words: readonly string[], dir: string): Promise<string[]> {
  const script = join(dir, "sandcage.bash");
  await Deno.writeTextFile(script, (await runLine(["completions", "bash"])).out);
  const program = join(dir, "sandcage");
  await Deno.writeTextFile(
    program,
    `#!/bin/sh\nexec '${Deno.execPath()}' run --no-check -A '${join(ROOT, "main.ts")}' "$@"\n`,
    { mode: 0o755 },
  );
  const { stdout, stderr, success } = await new Deno.Command("bash", {
    args: [
      "--norc",
      "-c",
      'compopt() { :; }; source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ' +
      '_sandcage; printf "%s\\n" "${COMPREPLY[@]}"',
      script,
      ...words,
    ],
    cwd: join(dir, "project"),
    env: { PATH: `${dir}:${Deno.env.get("PATH")}`, SANDCAGE_HOME: join(dir, "state") },
  }).output();
  const text = new TextDecoder();
  assert.ok(success, text.decode(stderr));
  assert.equal(text.decode(stderr), "");
  return text.decode(stdout).split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

const TABS: readonly (readonly [string, string[], string[]])[] = [
  ["a command", ["sandcage", "cl"], ["claude", "clear"]],
  ["several commands", ["sandcage", "co"], ["codex", "config", "completions"]],
  ["a subcommand", ["sandcage", "config", "s"], ["show", "schema"]],
  ["a subcommand after options", ["sandcage", "-p", "config", "config", "c"], ["check"]],
  ["an option", ["sandcage", "config", "show", "--o"], ["--origin"]],
  ["a global option", ["sandcage", "list", "--con"], ["--context"]],
  ["a shell", ["sandcage", "completions", "f"], ["fish"]],
  ["a built-in service", ["sandcage", "run", "gem"], ["gemini"]],
  ["a service of the project", ["sandcage", "build", "my"], ["myagent"]],
  ["a cage", ["sandcage", "stop", "api"], ["api-0123456789ab"]],
  ["a cage as a value", ["sandcage", "claude", "--name", "a"], ["api-0123456789ab"]],
  ["a folder as a value", ["sandcage", "claude", "-p", "sta"], ["stage"]],
  ["nothing for the agent", ["sandcage", "claude", "--", "--na"], []],
  ["nothing hidden", ["sandcage", "__"], []],
];

for (const [name, words, want] of TABS) {
  Deno.test(`bash completes ${name}`, async () => {
    await using dir = await makeTempDir();
    await Deno.mkdir(join(dir.path, "project/stage"), { recursive: true });
    await Deno.writeTextFile(
      join(dir.path, "project/.sandcage.yml"),
      "version: 1\nservices:\n  myagent:\n    command: [my-agent]\n",
    );
    await Deno.mkdir(join(dir.path, "state/cages/api-0123456789ab"), { recursive: true });
    assert.deepEqual(await complete(words, dir.path), want);
  });
}

for (const shell of ["bash", "zsh", "fish", "powershell"]) {
  Deno.test(`the script for ${shell} is as reviewed`, async (t) => {
    const { out, exit } = await runLine(["completions", shell], { host: bareHost() });
    assert.equal(exit, 0);
    await t.assertSnapshot(out);
  });
}
