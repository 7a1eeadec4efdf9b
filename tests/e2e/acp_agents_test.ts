/** Real agents in real cages, driven by a client that is not ours. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { installAcpx, prompt } from "./support/acpx.ts";
import { startModel } from "./support/model.ts";
import { makeWorld, type World } from "./support/world.ts";

/** How one agent is pointed at the scripted model. */
type AgentCase = {
  service: string;
  dialect: string;
  key: string;
  config(url: string, world: { project: string }): string;
  files?(url: string): Record<string, string>;
  flags?: readonly string[];
};

const AGENTS: AgentCase[] = [
  {
    service: "claude",
    dialect: "anthropic",
    key: "ANTHROPIC_API_KEY",
    config: (url) => `[services.claude.env]\nANTHROPIC_BASE_URL = "${url}"\n`,
  },
  {
    service: "codex",
    dialect: "responses",
    key: "OPENAI_API_KEY",
    config: (_url, { project }) => `[services.codex.env]\nCODEX_HOME = "${project}/.codex-home"\n`,
    files: (url) => ({
      ".codex-home/config.toml": 'model = "scripted"\nmodel_provider = "scripted"\n' +
        '[model_providers.scripted]\nname = "scripted"\n' +
        `base_url = "${url}/v1"\nenv_key = "OPENAI_API_KEY"\nwire_api = "responses"\n` +
        "request_max_retries = 0\nstream_max_retries = 0\n",
    }),
  },
  {
    service: "gemini",
    dialect: "gemini",
    key: "GEMINI_API_KEY",
    config: (url) =>
      `[services.gemini.env]\nGOOGLE_GEMINI_BASE_URL = "${url}"\nGEMINI_CLI_TRUST_WORKSPACE = "true"\n`,
    files: () => ({
      ".gemini/settings.json": '{"security":{"auth":{"selectedType":"gemini-api-key"}}}\n',
    }),
    // Gemini takes a client's answer that a file is not there yet for a failure of its tool.
    flags: ["--no-fs"],
  },
];

const KEY = "test-key-that-only-the-model-server-knows";
const acpx = await installAcpx();

for (const agent of AGENTS) {
  Deno.test(`acpx drives ${agent.service} through sandcage to a finished prompt that wrote a file`, async () => {
    await using model = await startModel();
    await using world = await makeWorld(`acp-${agent.service}`);
    await world.configure(
      `[secrets.${agent.key}]\nfrom = "env"\nto = ["api.example.test"]\n` +
        agent.config(model.url, world),
    );
    await writeFiles(world, agent.files?.(model.url) ?? {});
    // As many editors do not: the first start would build, and the client has its own patience.
    const built = await world.sandcage(["build", agent.service, "--acp"], { timeoutMs: 500_000 });
    assert.equal(built.code, 0, built.stderr);
    const result = await prompt(acpx, {
      world,
      args: ["acp", "run", agent.service],
      text: "write hello.txt: made inside",
      env: { [agent.key]: KEY },
      ...(agent.flags === undefined ? {} : { flags: agent.flags }),
    });
    assert.equal(result.code, 0, `${result.stdout}\n${result.stderr}`);
    assert.equal(await world.read("hello.txt"), "made inside\n");
    const file = await Deno.stat(join(world.project, "hello.txt"));
    assert.deepEqual([file.uid, file.gid], [Deno.uid(), Deno.gid()]);
    const stop = /"stopReason":"(\w+)"/.exec(result.stdout)?.[1];
    assert.equal(stop, "end_turn", result.stdout);
    // The client says what it printed on stdout: messages and nothing else.
    for (const line of result.stdout.trim().split("\n")) JSON.parse(line);
    const played = model.requests.filter(({ dialect }) => dialect === agent.dialect);
    assert.ok(played.length >= 2, JSON.stringify(model.requests));
    assert.deepEqual(new Set(played.map(({ key }) => key)), new Set([KEY]));
  });
}

async function writeFiles(world: World, files: Record<string, string>): Promise<void> {
  for (const [file, text] of Object.entries(files)) {
    await Deno.mkdir(join(world.project, file, ".."), { recursive: true });
    await world.write(file, text);
  }
}

Deno.test("acp doctor says what an agent answers, and which login it misses", async () => {
  await using world = await makeWorld("acp-doctor", {
    config: '[secrets.OPENAI_API_KEY]\nfrom = "env"\nto = ["api.example.test"]\n',
  });
  const without = await world.sandcage(["acp", "doctor", "codex", "--json"], {
    timeoutMs: 500_000,
  });
  const missing = JSON.parse(without.stdout);
  assert.deepEqual(
    [without.code, missing.agent.name, missing.protocolVersion, missing.needsLogin],
    [1, "Codex", 1, true],
  );
  const [initialize, session, end] = missing.steps;
  assert.equal(initialize.status, "ok");
  assert.match(session.fix, /sandcage auth codex/);
  assert.deepEqual([end.name, end.status], ["end", "ok"]);
  const claude = await world.sandcage(["acp", "doctor", "claude"], { timeoutMs: 500_000 });
  assert.equal(claude.code, 0, claude.stderr);
  assert.match(claude.stdout, /^ok +initialize +Claude Agent 0\.100\.0; protocol version 1;/);
  assert.match(claude.stdout, new RegExp(`ok +session/new +a session in ${world.project};`));
  const gemini = await world.sandcage(["acp", "doctor", "gemini"], { timeoutMs: 500_000 });
  assert.equal(gemini.code, 1, gemini.stderr);
  assert.match(gemini.stdout, /^ok +initialize +Gemini CLI .*protocol version 1; login methods: /);
  assert.match(gemini.stdout, /FAIL +session\/new +Gemini CLI wants a login first/);
  assert.match(gemini.stdout, /sandcage (auth gemini|secret set GEMINI_API_KEY)/);
  const shell = await world.sandcage(["acp", "doctor", "shell"]);
  assert.equal(shell.code, 3);
  assert.match(shell.stdout, /does not speak the Agent Client Protocol/);
});
