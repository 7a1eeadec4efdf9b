/** Real agents in real cages, driven by a client that is not ours. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { installAcpx, prompt } from "./support/acpx.ts";
import { startModel } from "./support/model.ts";
import { makeWorld } from "./support/world.ts";

const KEY = "test-key-that-only-the-model-server-knows";
const acpx = await installAcpx();

// Codex and Gemini, and all of them behind a gateway: acp_gateway_test.ts.
Deno.test("acpx drives claude through sandcage to a finished prompt that wrote a file", async () => {
  await using model = await startModel();
  await using world = await makeWorld("acp-claude");
  await world.configure(
    '[secrets.ANTHROPIC_API_KEY]\nfrom = "env"\nto = ["api.example.test"]\n' +
      `[services.claude.env]\nANTHROPIC_BASE_URL = "${model.url}"\n`,
  );
  // As many editors do not: the first start would build, and the client has its own patience.
  const built = await world.sandcage(["build", "claude", "--acp"], { timeoutMs: 500_000 });
  assert.equal(built.code, 0, built.stderr);
  const result = await prompt(acpx, {
    world,
    args: ["acp", "run", "claude"],
    text: "write hello.txt: made inside",
    env: { ANTHROPIC_API_KEY: KEY },
  });
  assert.equal(result.code, 0, `${result.stdout}\n${result.stderr}`);
  assert.equal(await world.read("hello.txt"), "made inside\n");
  const file = await Deno.stat(join(world.project, "hello.txt"));
  assert.deepEqual([file.uid, file.gid], [Deno.uid(), Deno.gid()]);
  const stop = /"stopReason":"(\w+)"/.exec(result.stdout)?.[1];
  assert.equal(stop, "end_turn", result.stdout);
  // The client says what it printed on stdout: messages and nothing else.
  for (const line of result.stdout.trim().split("\n")) JSON.parse(line);
  const played = model.requests.filter(({ dialect }) => dialect === "anthropic");
  assert.ok(played.length >= 2, JSON.stringify(model.requests));
  assert.deepEqual(new Set(played.map(({ key }) => key)), new Set([KEY]));
});

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
