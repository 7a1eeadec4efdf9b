import { join } from "node:path";
import type { ProcessResult } from "../../src/engine/process.ts";
import { run } from "../../src/engine/process.ts";
import { ensureEngine, makeBundle } from "../../tools/prepare.ts";
import { say } from "../../tools/shell.ts";
import { serveAgents } from "../e2e/support/agents_registry.ts";
import { initRepository, makeWorld, type World } from "../e2e/support/world.ts";
import { formatBench, judge, measure, type Subject, type Target } from "./measure.ts";
import { pickService, planDockerRun } from "./references.ts";

/** An ordinary network, as the references have it. */
const SESSION = "sandcage shell -- true";
const BEHIND_GATEWAY = "the same behind its gateway";
const COMPOSE = "docker compose run --rm";
const DOCKER = "docker run --rm";
const HELP = "sandcage --help";
const VERSION = "sandcage --version";
const EMPTY = "an empty Deno program";
const BUILD = "sandcage build, nothing to do";
const SECOND = "first start of another project";
const ACP_LIST = "sandcage acp list, from its copy";

/** As many agents as the official registry has. */
const REGISTRY_AGENTS = 39;

const TARGETS: Target[] = [
  { subject: SESSION, limit: { times: COMPOSE, of: 1.25 } },
  { subject: SESSION, limit: { times: DOCKER, of: 2 } },
  { subject: HELP, limit: { times: EMPTY, of: 4 } },
  { subject: VERSION, limit: { times: EMPTY, of: 4 } },
  { subject: ACP_LIST, limit: { times: VERSION, of: 3 } },
  { subject: BUILD, limit: { ms: 500 } },
];

/** Times the product's own start beside docker's; answers both tables as text, or all as JSON. */
export async function benchSessions(options: { rounds: number; json: boolean }): Promise<string> {
  await ensureEngine({});
  await makeBundle();
  await using world = await makeWorld("bench");
  await using held = await makeWorld("bench-held", { network: 'mode = "allowlist"' });
  say("Warming up");
  done(
    await world.sandcage(["build", "claude", "codex", "gemini", "shell"], { timeoutMs: 1_200_000 }),
  );
  done(await world.sandcage(["shell", "--", "true"]));
  // The first session of a cage waits for its gateway, which makes the cage's authority.
  done(await held.sandcage(["shell", "--", "true"], { timeoutMs: 1_200_000 }));
  await copyRegistry(world);
  const timings = await measure(await subjects(world, held), options.rounds);
  const verdicts = judge(timings, TARGETS);
  return options.json
    ? JSON.stringify({ timings, verdicts }, null, 2)
    : formatBench(timings, verdicts);
}

async function subjects(world: World, held: World): Promise<Subject[]> {
  const { id, file } = await writeReference(world);
  const empty = join(world.root, "empty.js");
  await Deno.writeTextFile(empty, "");
  const docker = planDockerRun(await Deno.readTextFile(file), "shell");
  const compose = ["compose", "--project-name", id, "--file", file, "run", "--rm", "--no-TTY"];
  const cli = (args: string[]) => async () => done(await world.sandcage(args));
  return [
    { name: SESSION, run: cli(["shell", "--", "true"]) },
    { name: BEHIND_GATEWAY, run: async () => done(await held.sandcage(["shell", "--", "true"])) },
    { name: COMPOSE, run: command(world, ["docker", ...compose, "shell", "true"]) },
    { name: DOCKER, run: command(world, ["docker", ...docker, "true"]) },
    { name: HELP, run: cli(["--help"]) },
    { name: VERSION, run: cli(["--version"]) },
    {
      name: EMPTY,
      run: command(world, [Deno.execPath(), "run", "-A", "--no-config", "--no-lock", empty]),
    },
    { name: ACP_LIST, run: cli(["acp", "list"]) },
    { name: BUILD, run: cli(["build"]) },
    { name: SECOND, run: () => startAnother(world) },
  ];
}

/** Asks a registry as large as the official one, once: the copy is fresh for longer than this takes. */
async function copyRegistry(world: World): Promise<void> {
  await using registry = serveAgents();
  const platforms = ["darwin", "linux", "windows"].flatMap((os) =>
    ["aarch64", "x86_64"].map((arch) => `${os}-${arch}`)
  );
  registry.agents = Array.from({ length: REGISTRY_AGENTS }, (_, index) => ({
    id: `agent-${index}`,
    name: `Agent ${index}`,
    version: "1.2.3",
    description: "An agent with as many words about it as most of them have in the registry",
    authors: ["Somebody"],
    license: "MIT",
    icon: `https://registry.example/agent-${index}.svg`,
    distribution: {
      binary: Object.fromEntries(platforms.map((platform) => [platform, {
        archive: `https://registry.example/agent-${index}/v1.2.3/agent-${platform}.tar.gz`,
        cmd: "./agent",
        args: ["acp"],
        sha256: "a".repeat(64),
      }])),
    },
  }));
  Object.assign(world.env, registry.env);
  done(await world.sandcage(["acp", "list"]));
}

/** A project that no cage has seen. */
async function startAnother(world: World): Promise<void> {
  const path = await Deno.makeTempDir({ dir: join(world.project, ".."), prefix: "another-" });
  await initRepository(path, world.home);
  done(await world.sandcage(["shell", "-p", path, "--", "true"]));
}

/** The compose file that the references start: the one sandcage would, of the shell alone. */
async function writeReference(world: World): Promise<{ id: string; file: string }> {
  const shown = await world.sandcage(["config", "show", "--compose"]);
  done(shown);
  const text = pickService(shown.stdout, "shell");
  const file = join(world.root, "reference.compose.yml");
  await Deno.writeTextFile(file, text);
  return { id: (JSON.parse(text) as { name: string }).name, file };
}

function command(world: World, [program, ...args]: [string, ...string[]]): () => Promise<void> {
  return async () => {
    const env = { DENO_DIR: world.env.DENO_DIR! };
    done(await run(program, args, { cwd: world.project, env, timeoutMs: 60_000 }));
  };
}

function done(result: ProcessResult): void {
  if (result.code !== 0) throw new Error(`ended with ${result.code}: ${result.stderr}`);
}
