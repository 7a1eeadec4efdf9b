/**
 * An editor's agents in the default network mode: every request goes through the gateway by rule,
 * and no agent ever has its key. The client is not ours.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type ModelServer, startModelServer } from "../../tools/model/server.ts";
import { installAcpx, prompt } from "./support/acpx.ts";
import { type CagedWorld, makeCaged } from "./support/caged.ts";
import { requestsOf } from "../../src/verify/internet/evidence.ts";
import { startInternet } from "./support/internet/internet.ts";

/** How one agent is pointed at the model's host. */
type AgentCase = {
  service: string;
  dialect: string;
  key: string;
  config(world: { project: string }): string;
  files?: Record<string, string>;
  flags?: readonly string[];
  /** Who runs sandcage; root otherwise. */
  runAs?: { uid: number; gid: number };
};

const MODEL = "https://model.test";

const CLAUDE: AgentCase = {
  service: "claude",
  dialect: "anthropic",
  key: "ANTHROPIC_API_KEY",
  config: () => `[services.claude.env]\nANTHROPIC_BASE_URL = "${MODEL}"\n`,
};

const AGENTS: AgentCase[] = [
  CLAUDE,
  // Files are the agent's own then, and not those that a client of root writes.
  { ...CLAUDE, flags: ["--no-fs", "--no-terminal"], runAs: { uid: 61234, gid: 61234 } },
  {
    service: "codex",
    dialect: "responses",
    key: "OPENAI_API_KEY",
    config: ({ project }) => `[services.codex.env]\nCODEX_HOME = "${project}/.codex-home"\n`,
    files: {
      ".codex-home/config.toml": 'model = "scripted"\nmodel_provider = "scripted"\n' +
        '[model_providers.scripted]\nname = "scripted"\n' +
        `base_url = "${MODEL}/v1"\nenv_key = "OPENAI_API_KEY"\nwire_api = "responses"\n` +
        "request_max_retries = 0\nstream_max_retries = 0\n",
    },
  },
  {
    service: "gemini",
    dialect: "gemini",
    key: "GEMINI_API_KEY",
    config: () =>
      `[services.gemini.env]\nGOOGLE_GEMINI_BASE_URL = "${MODEL}"\nGEMINI_CLI_TRUST_WORKSPACE = "true"\n`,
    files: {
      ".gemini/settings.json": '{"security":{"auth":{"selectedType":"gemini-api-key"}}}\n',
    },
    flags: ["--no-fs"],
  },
];

const KEY = "test-key-that-only-the-model-server-knows-0123456789";
const acpx = await installAcpx();
const internet = await startInternet();
Deno.test.afterAll(async () => await internet[Symbol.asyncDispose]());

for (const agent of AGENTS) {
  const who = agent.runAs === undefined ? "" : ` of uid ${agent.runAs.uid}`;
  Deno.test(`acpx drives ${agent.service}${who} through relay and gateway to a written file`, async () => {
    await using model = await startModelServer({ hostname: "127.0.0.1", port: 0 });
    await internet.clear();
    leadTo(model);
    await using world = await makeAgentWorld(agent);
    const result = await prompt(acpx, {
      world,
      args: ["acp", "run", agent.service],
      text: "write hello.txt: made inside",
      ...(agent.flags === undefined ? {} : { flags: agent.flags }),
    });
    assert.equal(result.code, 0, `${result.stdout}\n${result.stderr}`);
    assert.equal(await world.read("hello.txt"), "made inside\n");
    const { uid, gid } = await Deno.stat(join(world.project, "hello.txt"));
    const user = agent.runAs ?? { uid: Deno.uid(), gid: Deno.gid() };
    assert.deepEqual({ uid, gid }, user);
    assert.equal(/"stopReason":"(\w+)"/.exec(result.stdout)?.[1], "end_turn", result.stdout);
    for (const line of result.stdout.trim().split("\n")) JSON.parse(line);
    assert.ok(!`${result.stdout}${result.stderr}`.includes(KEY), "the key is nobody's to see");
    const played = model.requests.filter(({ dialect }) => dialect === agent.dialect);
    assert.ok(played.length >= 2, JSON.stringify(model.requests));
    assert.deepEqual(new Set(played.map(({ key }) => key)), new Set([KEY]));
    const foreign = requestsOf(await internet.events()).filter(({ host }) => host !== "model.test");
    assert.deepEqual(foreign, []);
    const decisions = await world.audit();
    assert.ok(decisions.length > 0, "the gateway has decided");
  });
}

/** What the agent's key and its answers are is the model's business. */
const PASSED = /^(x-api-key|x-goog-api-key|authorization|content-type)$/i;

function leadTo(model: ModelServer): void {
  internet.handle("model.test", async ({ method, target, headers }, body) => {
    const response = await fetch(`${model.url}${target}`, {
      method,
      headers: headers.filter(([name]) => PASSED.test(name)),
      ...(method === "POST" ? { body } : {}),
    });
    const type = response.headers.get("content-type") ?? "application/json";
    return {
      status: response.status,
      headers: [["content-type", type]],
      body: await response.text(),
    };
  });
}

async function makeAgentWorld(agent: AgentCase): Promise<CagedWorld> {
  const { service, key, files = {}, runAs } = agent;
  const world = await makeCaged(`acp-${service}`, internet, {
    // What speaks ACP is a layer of its own.
    services: [service, "--acp"],
    network: 'allow = ["model.test"]\n',
    env: { [key]: KEY },
    ...(runAs === undefined ? {} : { runAs }),
  });
  await world.configure(
    `[secrets.${key}]\nfrom = "env"\nto = ["model.test"]\n${agent.config(world)}`,
  );
  for (const [file, text] of Object.entries(files)) {
    await Deno.mkdir(join(world.project, file, ".."), { recursive: true });
    await world.write(file, text);
  }
  return world;
}
