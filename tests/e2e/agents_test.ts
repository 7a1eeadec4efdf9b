/** Real agents in real cages, each writing a file through its own tool. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { startModel } from "./support/model.ts";
import { makeWorld, type World } from "./support/world.ts";

/** How one agent is pointed at the scripted model, and how its headless mode is called. */
type AgentCase = {
  service: string;
  dialect: string;
  key: string;
  config(url: string): string;
  args(prompt: string, url: string): string[];
  /** Files the agent wants in the project. */
  files?: Record<string, string>;
};

const AGENTS: AgentCase[] = [
  {
    service: "claude",
    dialect: "anthropic",
    key: "ANTHROPIC_API_KEY",
    config: (url) => `[services.claude.env]\nANTHROPIC_BASE_URL = "${url}"\n`,
    args: (prompt) => [
      ...["-p", prompt, "--output-format", "stream-json", "--verbose"],
      "--dangerously-skip-permissions",
    ],
  },
  {
    service: "codex",
    dialect: "responses",
    key: "OPENAI_API_KEY",
    config: () => "",
    args: (prompt, url) => [
      ...["exec", "--json", "--skip-git-repo-check"],
      ...["--dangerously-bypass-approvals-and-sandbox", "-c", "model=scripted"],
      ...["-c", "model_provider=scripted", "-c", codexProvider(url), prompt],
    ],
  },
  {
    service: "gemini",
    dialect: "gemini",
    key: "GEMINI_API_KEY",
    config: (url) =>
      `[services.gemini.env]\nGOOGLE_GEMINI_BASE_URL = "${url}"\nGEMINI_CLI_TRUST_WORKSPACE = "true"\n`,
    args: (prompt) => [
      ...["--yolo", "--output-format", "stream-json", "-m", "gemini-2.5-flash", "-p", prompt],
    ],
    // With a base URL in its environment Gemini takes no key unless its settings say so.
    files: {
      ".gemini/settings.json": '{"security":{"auth":{"selectedType":"gemini-api-key"}}}\n',
    },
  },
];

for (const agent of AGENTS) {
  Deno.test(`${agent.service} writes a file through its tool and sends only the configured key`, async () => {
    await using model = await startModel();
    const secret = `[secrets.${agent.key}]\nfrom = "env"\nto = ["api.example.test"]\n`;
    await using world = await makeWorld(agent.service, {
      config: secret + agent.config(model.url),
    });
    await writeFiles(world, agent.files ?? {});
    const result = await world.sandcage(
      [agent.service, "--", ...agent.args("write hello.txt: made inside", model.url)],
      { env: everyKey() },
    );
    assert.equal(result.code, 0, `${result.stdout}\n${result.stderr}`);
    assert.equal(await world.read("hello.txt"), "made inside\n");
    const file = await Deno.stat(join(world.project, "hello.txt"));
    assert.deepEqual([file.uid, file.gid], [Deno.uid(), Deno.gid()]);
    const played = model.requests.filter((request) => request.dialect === agent.dialect);
    assert.ok(played.length >= 2, JSON.stringify(model.requests));
    const keys = (requests: readonly { key?: string }[]) => new Set(requests.map(({ key }) => key));
    assert.deepEqual(keys(played), new Set([keyValue(agent.key)]));
    // An agent may also knock without a key; no other one may arrive.
    const sent = model.requests.filter((request) => request.key !== undefined);
    assert.deepEqual(keys(sent), new Set([keyValue(agent.key)]));
  });
}

Deno.test("claude without a configured key sends none, whatever the host's environment holds", async () => {
  await using model = await startModel();
  await using world = await makeWorld("nokey", { config: AGENTS[0]!.config(model.url) });
  const result = await world.sandcage(
    ["claude", "--", ...AGENTS[0]!.args("write hello.txt: x", model.url)],
    { env: everyKey() },
  );
  assert.notEqual(result.code, 0, "an agent without a key cannot have worked");
  assert.deepEqual(model.requests.filter((request) => request.key !== undefined), []);
});

Deno.test("shell runs a command line and passes its output, its input and its exit code", async () => {
  await using world = await makeWorld("shell");
  const result = await world.sandcage(
    ["shell", "--", "sh", "-c", "cat > hello.txt; cat hello.txt; echo no >&2; exit 7"],
    { stdin: "made inside\n" },
  );
  assert.equal(result.code, 7, result.stderr);
  assert.equal(result.stdout, "made inside\n");
  assert.match(result.stderr, /^no$/m);
  assert.equal(await world.read("hello.txt"), "made inside\n");
});

Deno.test("a service of the user's own runs by its name and by run", async () => {
  await using world = await makeWorld("custom", {
    config: '[services.mine]\ncommand = ["sh", "-c", "echo mine: $*", "sh"]\nargs = ["always"]\n',
  });
  for (
    const args of [["mine", "--", "one", "two words"], ["run", "mine", "--", "one", "two words"]]
  ) {
    const result = await world.sandcage(args);
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.stdout, "mine: always one two words\n");
  }
});

function codexProvider(url: string): string {
  return `model_providers.scripted={name="scripted",base_url="${url}/v1",env_key="OPENAI_API_KEY",` +
    `wire_api="responses",request_max_retries=0,stream_max_retries=0}`;
}

/** The host's environment holds every key there is; the config says which one may pass. */
function everyKey(): Record<string, string> {
  const names = [...AGENTS.map((agent) => agent.key), "ANTHROPIC_AUTH_TOKEN", "GOOGLE_API_KEY"];
  return Object.fromEntries(names.map((name) => [name, keyValue(name)]));
}

function keyValue(name: string): string {
  return `test-key-of-${name.toLowerCase()}`;
}

async function writeFiles(world: World, files: Record<string, string>): Promise<void> {
  for (const [file, text] of Object.entries(files)) {
    await Deno.mkdir(join(world.project, file, ".."), { recursive: true });
    await world.write(file, text);
  }
}
