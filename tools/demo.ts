/**
 * `deno task demo`: real Claude Code in a real cage, from nothing. Without a key it talks to the
 * bundled scripted model; with `--live` and ANTHROPIC_API_KEY set, to the real one.
 */
import { hostname } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { observeHost } from "../src/host.ts";
import { NETWORK } from "../src/names.ts";
import { formatEvent, formatFacts, judgeInside } from "./demo/report.ts";
import { removeCageOf } from "./engine_state.ts";
import { findGateway } from "./gateway.ts";
import { type Inside, INSIDE_SCRIPT, parseInside } from "./inside.ts";
import { startModelServer } from "./model/server.ts";
import { ensureEngine, ensurePrograms, REPOSITORY } from "./prepare.ts";
import { must, print, say } from "./shell.ts";

const USAGE = `deno task demo [--live] [--keep]

Sets up what is missing, runs Claude Code in a cage on a sample project, shows what came of it.
  --live  use your own ANTHROPIC_API_KEY and the real model instead of the bundled scripted one
  --keep  keep the sample project`;

const FILE = "greeting.md";

/** A host that no rule allows; nobody has this name (RFC 2606). */
const FOREIGN = "somewhere.example";

const { values: flags } = parseArgs({
  args: Deno.args,
  options: { live: { type: "boolean" }, keep: { type: "boolean" }, help: { type: "boolean" } },
});

/** Set once the person wants it to end. */
let interrupted = false;

/** Number of the step on the screen. */
let steps = 0;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // Ctrl-C reaches every child by itself; this process stays to clean up after them.
  Deno.addSignalListener(signal, () => {
    interrupted = true;
    say("\nStopping");
  });
}

if (flags.help === true) print(USAGE);
else Deno.exitCode = await main();
Deno.exit();

async function main(): Promise<number> {
  if (flags.live === true && !Deno.env.get("ANTHROPIC_API_KEY")) {
    say("Cannot run --live: ANTHROPIC_API_KEY is not set");
    return 2;
  }
  const startedMs = performance.now();
  try {
    const held = await play();
    say(`\nTook ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    return held ? 0 : 1;
  } catch (error) {
    if (interrupted) return 130;
    say(`The demo failed: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

async function play(): Promise<boolean> {
  await using sample = await makeSample();
  step("Docker engine, Compose, base image");
  await ensurePrograms({ git: "git" });
  await ensureEngine(sample.env);
  step("Images");
  await must(Deno.execPath(), sandcageArgs(sample, ["build", "claude"]), { env: sample.env });
  step("Sample project");
  await initSample(sample);
  say(`  ${sample.project}`);
  step("The cage, measured from inside");
  const inside = await lookInside(sample);
  step("Claude Code, through sandcage claude");
  await runClaude(sample);
  return await summarize(sample, inside);
}

/** A project and a state directory of the demo's own. */
type Sample = AsyncDisposable & {
  root: string;
  project: string;
  state: string;
  env: Record<string, string>;
};

async function makeSample(): Promise<Sample> {
  const root = await Deno.makeTempDir({ prefix: "sandcage-demo-" });
  const [project, state] = [join(root, "hello-cage"), join(root, "state")];
  await Deno.mkdir(project);
  await Deno.mkdir(state, { mode: 0o700 });
  await writeConfig(state, "");
  return {
    ...{ root, project, state },
    env: { SANDCAGE_HOME: state },
    async [Symbol.asyncDispose]() {
      await removeCageOf(root).catch(() => {});
      if (flags.keep === true) say(`Kept: ${project}`);
      else await Deno.remove(root, { recursive: true });
    },
  };
}

/** A home of this project only, so that no login or history of the user is touched. */
async function writeConfig(state: string, more: string): Promise<void> {
  await Deno.writeTextFile(join(state, "config.toml"), `version = 1\nhome = "project"\n${more}`);
}

async function initSample(sample: Sample): Promise<void> {
  await Deno.writeTextFile(join(sample.project, "README.md"), "# A sample project\n");
  const identity = ["-c", "user.name=Demo", "-c", "user.email=demo@example.test"];
  const git = (...args: string[]) => must("git", ["-C", sample.project, ...identity, ...args]);
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", ".");
  await git("commit", "--quiet", "--message", "chore: begin");
}

function sandcageArgs(sample: Sample, args: readonly string[]): string[] {
  const [first, ...rest] = args;
  return [
    "run",
    "--quiet",
    "-A",
    join(REPOSITORY, "main.ts"),
    first!,
    "-p",
    sample.project,
    ...rest,
  ];
}

async function lookInside(sample: Sample): Promise<Inside> {
  const output = await new Deno.Command(Deno.execPath(), {
    args: sandcageArgs(sample, ["claude", "--shell", "--", "sh", "-c", INSIDE_SCRIPT]),
    env: sample.env,
    stdin: "null",
    stderr: "inherit",
  }).output();
  if (!output.success) throw new Error(`sandcage claude --shell ended with ${output.code}`);
  return parseInside(new TextDecoder().decode(output.stdout));
}

async function runClaude(sample: Sample): Promise<void> {
  const hostname = await findGateway(NETWORK.egress);
  await using model = await startModelServer({ hostname, port: 0 });
  const live = flags.live === true;
  await writeConfig(sample.state, live ? LIVE_CONFIG : formatScriptedConfig(model.url));
  const prompt = live
    ? `Write a short greeting from inside a cage to the file ${FILE}, then run: id`
    : `write ${FILE}: Hello from inside the cage.\nrun: id && pwd; curl -sS https://${FOREIGN}`;
  say(live ? "  model: the real one" : "  model: the bundled scripted one, no key, no cost");
  const code = await streamClaude(sample, {
    prompt,
    ...(live ? { key: Deno.env.get("ANTHROPIC_API_KEY") } : {}),
  });
  if (code !== 0) throw new Error(`sandcage claude ended with ${code}`);
  if (!live) say(`  ${model.requests.length} requests reached the model server`);
}

/** The agent gets a placeholder; the gateway puts the key in toward its API. */
const LIVE_CONFIG = "[secrets.ANTHROPIC_API_KEY]\n";

/** The bundled model speaks plain HTTP, where no secret is ever put in: its key is for show. */
function formatScriptedConfig(url: string): string {
  return `[network]\nallow = ["${new URL(url).host}"]\n` +
    `[services.claude.env]\nANTHROPIC_BASE_URL = "${url}"\nANTHROPIC_API_KEY = "demo-key"\n`;
}

async function streamClaude(
  sample: Sample,
  options: { prompt: string; key?: string },
): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: sandcageArgs(sample, [
      ...["claude", "--", "-p", options.prompt, "--output-format", "stream-json", "--verbose"],
      "--dangerously-skip-permissions",
    ]),
    env: {
      ...sample.env,
      ...(options.key === undefined ? {} : { ANTHROPIC_API_KEY: options.key }),
    },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let rest = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const text = formatEvent(line);
      if (text !== undefined) say(`  │ ${text.replaceAll("\n", "\n  │ ")}`);
    }
  }
  return (await child.status).code;
}

/** Says what came of it; true when everything is as it should be. */
async function summarize(sample: Sample, inside: Inside): Promise<boolean> {
  const path = join(sample.project, FILE);
  const [text, file] = [await Deno.readTextFile(path), await Deno.stat(path)];
  const host = observeHost();
  const mine = file.uid === host.user.uid && file.gid === host.user.gid;
  const facts = judgeInside(inside, {
    home: host.home,
    hostname: hostname(),
    project: sample.project,
    uid: host.user.uid,
  });
  print(`\nOn this machine, Claude Code wrote ${path}:`);
  print(`  │ ${text.trimEnd().replaceAll("\n", "\n  │ ")}`);
  print(
    `  owned by ${file.uid}:${file.gid}, ${mine ? `which is you (${host.user.name})` : "NOT you"}`,
  );
  print(`\nThe cage it ran in, measured from inside:\n${formatFacts(facts)}`);
  return mine && facts.every((fact) => fact.held);
}

function step(title: string): void {
  if (interrupted) throw new Error("interrupted");
  say(`\n${++steps}. ${title}`);
}
