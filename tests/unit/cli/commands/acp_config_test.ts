import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "jsonc-parser";
import { runAcpConfig } from "../../../../src/cli/commands/acp_config.ts";
import { EXIT, UserError } from "../../../../src/errors.ts";
import { makeSandbox, recordIo, type Sandbox } from "../../config/support.ts";

type Flags = Partial<Parameters<typeof runAcpConfig>[0]>;

async function configIn(box: Sandbox, editor: string, flags: Flags = {}) {
  const io = recordIo();
  const printed: string[] = [];
  const options = { editor, services: [], write: false, ...flags };
  await runAcpConfig(options, { host: box.host, io: { ...io, out: (text) => printed.push(text) } });
  return { printed, said: io.said };
}

function commandsOf(text: string, key: string): string[] {
  const entries: Record<string, { command: string; args: string[] }> = parse(text)[key];
  return Object.entries(entries).map(([title, { command, args }]) => {
    assert.equal(command, Deno.execPath());
    return `${title}: ${args.slice(args.indexOf("acp")).join(" ")}`;
  });
}

const SPEAKING = [
  "Claude Code (sandcage): acp run claude",
  "Codex (sandcage): acp run codex",
  "Gemini CLI (sandcage): acp run gemini",
];

Deno.test("acp config prints every service that speaks ACP, and writes nothing", async () => {
  await using box = await makeSandbox();
  const { printed, said } = await configIn(box, "zed");
  assert.deepEqual(commandsOf(printed.join(""), "agent_servers"), SPEAKING);
  assert.match(said.join("\n"), /goes into .*zed.settings\.json, by itself with --write/);
  const there = await Array.fromAsync(Deno.readDir(box.host.home));
  assert.deepEqual(there.map(({ name }) => name), [".sandcage"]);
});

Deno.test("acp config takes services of the project's own", async () => {
  await using box = await makeSandbox();
  await box.write(
    ".sandcage.yml",
    "services:\n  mine: {command: [mine], acp: [mine, acp]}\n  mute: {command: [mute]}\n",
  );
  const { printed } = await configIn(box, "vscode");
  assert.deepEqual(commandsOf(printed.join(""), "acp.agents"), [
    ...SPEAKING,
    "mine (sandcage): acp run mine",
  ]);
  const one = await configIn(box, "JetBrains", { services: ["mine", "mine"] });
  assert.deepEqual(commandsOf(one.printed.join(""), "agent_servers"), [
    "mine (sandcage): acp run mine",
  ]);
});

Deno.test("acp config --write keeps comments, permissions and links, and does nothing twice", async () => {
  await using box = await makeSandbox();
  const dir = join(box.host.home, "dotfiles");
  await Deno.mkdir(dir);
  const real = join(dir, "settings.json");
  await Deno.writeTextFile(real, '{\n  // mine\n  "theme": "One"\n}\n', { mode: 0o600 });
  const file = join(box.host.home, "settings.json");
  await Deno.symlink(real, file);
  const first = await configIn(box, "zed", { write: true, file, services: ["claude"] });
  assert.deepEqual(first.printed, []);
  const text = await Deno.readTextFile(real);
  assert.match(text, /^\{\n {2}\/\/ mine\n {2}"theme": "One",\n {2}"agent_servers": \{\n/);
  assert.deepEqual(commandsOf(text, "agent_servers"), SPEAKING.slice(0, 1));
  assert.equal((await Deno.stat(real)).mode! & 0o777, 0o600);
  assert.equal((await Deno.lstat(file)).isSymlink, true);
  const again = await configIn(box, "zed", { write: true, file, services: ["claude"] });
  assert.match(again.said[0]!, /has it already$/);
  assert.equal(await Deno.readTextFile(real), text);
  assert.deepEqual((await Array.fromAsync(Deno.readDir(dir))).length, 1);
});

Deno.test("acp config --write makes what is not there yet", async () => {
  await using box = await makeSandbox();
  await configIn(box, "jetbrains", { write: true });
  const text = await Deno.readTextFile(join(box.host.home, ".jetbrains", "acp.json"));
  assert.deepEqual(commandsOf(text, "agent_servers"), SPEAKING);
});

const MISTAKES = [
  ["another editor", "emacs", {}, /no editor "emacs"/, EXIT.usage],
  ["a mistyped editor", "zet", {}, /no editor "zet"/, EXIT.usage],
  ["a service that is silent", "zed", { services: ["shell"] }, /does not speak ACP/, EXIT.config],
  ["an unknown service", "zed", { services: ["claud"] }, /no service "claud"/, EXIT.usage],
] as const;

for (const [title, editor, flags, said, exit] of MISTAKES) {
  Deno.test(`acp config refuses ${title}`, async () => {
    await using box = await makeSandbox();
    const { services = [], ...rest } = { services: [] as readonly string[], ...flags };
    await assert.rejects(
      configIn(box, editor, { ...rest, services: [...services] }),
      (error) => error instanceof UserError && error.exit === exit && said.test(error.message),
    );
  });
}
