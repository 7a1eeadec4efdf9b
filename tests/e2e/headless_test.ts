/** Agents that work alone: real ones, ones that fail, and whatever becomes of who launched them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { LoggedEvent, RunRecord } from "../../src/headless/event.ts";
import { run } from "../../src/engine/process.ts";
import { sha256Hex } from "../../src/hash.ts";
import { docker, listContainers } from "../../tools/engine_state.ts";
import { openTcpDoor } from "./support/acp/tcp_door.ts";
import { exists, waitFor } from "./support/files.ts";
import { AGENTS, everyKey, GEMINI_SETTINGS } from "./support/headless_agents.ts";
import { startModel } from "./support/model.ts";
import { arrives, commit, git, makePromoteWorld, must } from "./support/promote_world.ts";
import { openTerminal } from "./support/tmux.ts";
import { makeWorld, type World, type WorldOptions } from "./support/world.ts";

/** A world whose run is ended with it, whatever the test did. */
async function makeRunWorld(name: string, options: WorldOptions = {}): Promise<World> {
  const world = await makeWorld(`run-${name}`, options);
  return {
    ...world,
    async [Symbol.asyncDispose]() {
      await world.sandcage(["stop"]);
      await world[Symbol.asyncDispose]();
    },
  };
}

/** Launches a script in the foreground; events as they were shown. */
async function launch(world: World, args: readonly string[]) {
  const result = await world.sandcage(["launch", "--json", ...args], {
    env: everyKey(),
    timeoutMs: 300_000,
  });
  const events: LoggedEvent[] = result.stdout.split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line));
  return { ...result, events };
}

function shell(world: World, script: string, args: readonly string[] = []) {
  return launch(world, ["--service", "shell", "--no-inject-messaging", "-p", script, ...args]);
}

async function background(world: World, args: readonly string[]): Promise<string> {
  const result = await world.sandcage(["launch", "--background", "--no-inject-messaging", ...args]);
  assert.equal(result.code, 0, result.stderr);
  return result.stdout.trim();
}

/** Records of the world's only cage, the oldest first. */
async function readRuns(world: World): Promise<RunRecord[]> {
  const runs: RunRecord[] = [];
  for (const dir of await listRunDirs(world)) {
    const path = join(dir, "run.json");
    // One that is just being made has none yet.
    if (await exists(path)) runs.push(JSON.parse(await Deno.readTextFile(path)));
  }
  return runs;
}

async function listRunDirs(world: World): Promise<string[]> {
  const found: string[] = [];
  for await (const cage of Deno.readDir(join(world.state, "cages"))) {
    const runs = join(world.state, "cages", cage.name, "runs");
    if (!await exists(runs)) continue;
    for await (const { name } of Deno.readDir(runs)) found.push(join(runs, name));
  }
  return found.sort();
}

async function readLast(world: World): Promise<RunRecord> {
  return (await readRuns(world)).at(-1)!;
}

async function waitForEnd(world: World): Promise<RunRecord> {
  return await waitFor("the run to end", async () => {
    const last = await readLast(world);
    return last.endedAt === undefined ? undefined : last;
  });
}

/** Containers with an agent in them. */
async function listAgents(world: World): Promise<string[]> {
  return (await listContainers(world.root)).filter((name) => !/-gateway$|courier|mail/.test(name));
}

async function findHolder(world: World): Promise<number> {
  for await (const cage of Deno.readDir(join(world.state, "cages"))) {
    const path = join(world.state, "cages", cage.name, "held", "run.json");
    if (await exists(path)) return JSON.parse(await Deno.readTextFile(path)).pid;
  }
  throw new Error("nothing is held");
}

function kinds(events: readonly LoggedEvent[]): string[] {
  return [...new Set(events.map(({ kind }) => kind))].sort();
}

function textOf(events: readonly LoggedEvent[]): string {
  return events.map((event) => "text" in event ? event.text : "").join("\n");
}

const PROMPT = [
  "write hello.txt: made inside",
  `run: cage-send task_complete '{"summary": "it is written", "exit_code": 0}'`,
].join("\n");

for (const agent of AGENTS) {
  Deno.test(`${agent.service} works alone: a file, a message, its last word, tokens`, async () => {
    await using model = await startModel();
    await using world = await makeRunWorld(agent.service, { config: agent.config(model.url) });
    if (agent.settings !== undefined) {
      await Deno.mkdir(join(world.project, ".gemini"));
      await world.write(".gemini/settings.json", agent.settings);
    }
    const { code, events, stderr } = await launch(world, [
      ...["--service", agent.service, "-p", PROMPT],
      ...["--", ...agent.args(model.url)],
    ]);
    assert.equal(code, 0, `${stderr}\n${JSON.stringify(events, null, 1)}`);
    assert.equal((await world.read("hello.txt")).trim(), "made inside");
    const wanted = ["done", "init", "message", "result", "tool"];
    assert.deepEqual(kinds(events).filter((kind) => wanted.includes(kind)), wanted);
    const message = events.find((event) => event.kind === "message");
    assert.ok(message?.kind === "message" && message.type === "task_complete", "the message");
    assert.deepEqual(events.map(({ seq }) => seq), events.map((_, index) => index + 1));
    const last = await readLast(world);
    assert.deepEqual([last.state, last.exit], ["done", 0]);
    assert.ok((last.usage.outputTokens ?? 0) > 0, JSON.stringify(last.usage));
    assert.equal(last.usage.costUsd !== undefined, agent.hasCost === true);
    assert.deepEqual(await listAgents(world), []);
  });
}

Deno.test("gemini driven over ACP: it is allowed what it asks for, and ends when it has answered", async () => {
  const gemini = AGENTS[2]!;
  await using model = await startModel();
  await using world = await makeRunWorld("acp", {
    config: `${gemini.config(model.url)}GEMINI_CLI_TRUST_WORKSPACE = "true"\n` +
      `[services.gemini.headless]\nformat = "acp"\n`,
  });
  await Deno.mkdir(join(world.project, ".gemini"));
  await world.write(".gemini/settings.json", GEMINI_SETTINGS);
  const { code, events, stderr } = await launch(world, [
    ...["--service", "gemini", "-p", "write hello.txt: made inside", "--", ...gemini.args("")],
  ]);
  assert.equal(code, 0, `${stderr}\n${JSON.stringify(events, null, 1)}`);
  assert.equal((await world.read("hello.txt")).trim(), "made inside");
  const wanted = ["done", "init", "result", "text", "tool"];
  assert.deepEqual(kinds(events).filter((kind) => wanted.includes(kind)), wanted);
  assert.equal((await readLast(world)).state, "done");
});

Deno.test("claude: --test says that it answers, or that it lacks a key; --budget ends it", async () => {
  const claude = AGENTS[0]!;
  await using model = await startModel();
  await using world = await makeRunWorld("test", { config: claude.config(model.url) });
  const good = await world.sandcage(["launch", "--test", "--service", "claude"], {
    env: everyKey(),
  });
  assert.equal(good.code, 0, good.stderr);
  assert.match(good.stdout, /^ok {6}starts.*\nok {6}answers: Hello from the scripted model/);
  const bad = await world.sandcage(["launch", "--test", "--service", "claude"]);
  assert.equal(bad.code, 1, bad.stderr);
  assert.match(bad.stdout, /FAILED {2}answers: [^]*secret set ANTHROPIC_API_KEY[^]*auth claude/);
  const { code, events } = await launch(world, [
    ...["--service", "claude", "--budget", "0.0001", "-p", "run: echo one\nrun: echo two"],
  ]);
  assert.equal(code, 125, JSON.stringify(events));
  assert.equal((await readLast(world)).state, "over-budget");
});

Deno.test("an agent that says nothing of its cost is kept to no budget, and is not started", async () => {
  await using world = await makeRunWorld("nobudget");
  const result = await world.sandcage(["launch", "-p", "x", "--service", "codex", "--budget", "1"]);
  assert.equal(result.code, 2, result.stderr);
  assert.match(result.stderr, /does not say what it costs/);
  assert.deepEqual(await listRunDirs(world), []);
});

Deno.test("ends of an agent: its own code, a crash, a timeout, no memory left", async () => {
  await using world = await makeRunWorld("ends", { config: '[limits]\nmemory = "64m"\n' });
  const own = await shell(world, "echo said; echo told >&2; exit 7");
  assert.equal(own.code, 7, own.stderr);
  assert.deepEqual(own.events.map(({ kind }) => kind).sort(), ["note", "text"]);
  const crash = await shell(world, "kill -SEGV $$");
  assert.equal(crash.code, 139, crash.stderr);
  const hang = await shell(world, "sleep 1000 & sleep 1000", [
    ...["--timeout", "1s"],
  ]);
  assert.equal(hang.code, 124, hang.stderr);
  const memory = await shell(world, "exec tail /dev/zero");
  assert.equal(memory.code, 137, memory.stderr);
  assert.deepEqual((await readRuns(world)).map(({ state, exit }) => [state, exit]), [
    ["failed", 7],
    ["failed", 139],
    ["timed-out", 124],
    ["out-of-memory", 137],
  ]);
  assert.match((await readLast(world)).reason!, /limits\.memory: 64m/);
  assert.deepEqual(await listAgents(world), []);
  for (const dir of await listRunDirs(world)) assert.ok(!await exists(join(dir, "prompt")));
});

Deno.test("five megabytes of prompt arrive byte for byte, and any bytes come back", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const noise = [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  await using world = await makeRunWorld("bytes", {
    config:
      '[services.hash]\ncommand = ["cat"]\nheadless.command = ["sh", "-c", "sha256sum; ps axww | wc -c"]\n',
  });
  const prompt = "ä \u{1f600} $X `id` \\ \" '\n".repeat(200_000).slice(0, 5_000_000);
  await world.write("prompt.md", prompt);
  const { code, events, stderr } = await launch(world, [
    ...["--service", "hash", "--prompt-file", "prompt.md", "--no-inject-messaging"],
  ]);
  assert.equal(code, 0, stderr);
  assert.ok(textOf(events).includes(sha256Hex(prompt)), textOf(events));
  assert.ok(Number(textOf(events).split("\n")[1]) < 5_000, "no process was given it");
  await world.write("noise.sh", `printf '${noise}\\n\\033]0;title\\007\\033[2Jclear'\n`);
  const binary = await launch(world, [
    ...["--service", "shell", "--prompt-file", "noise.sh", "--no-inject-messaging"],
  ]);
  assert.equal(binary.code, 0, binary.stderr);
  const dir = (await listRunDirs(world)).at(-1)!;
  const raw = await Deno.readFile(join(dir, "raw.001.log"));
  assert.deepEqual(raw.subarray(0, bytes.length), bytes, "byte for byte");
  const shown = await world.sandcage(["logs"]);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(shown.stdout, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
  assert.match(shown.stdout, /\^\[\[2Jclear/);
});

Deno.test("stop ends the whole tree; meanwhile a second launch and destroy are refused", async () => {
  await using world = await makeRunWorld("stop", { network: "" });
  const made = await world.sandcage(["create", "--dir", ".", "--name", "web", "--no-attach"]);
  assert.equal(made.code, 0, made.stderr);
  const script = "setsid sh -c 'while :; do sleep 0.1; done' & curl -sm5 http://blocked.example; " +
    "echo up; sleep 1000";
  const id = await background(world, ["web", "--service", "shell", "-p", script]);
  assert.match(id, /^\d{8}t\d{6}-[0-9a-f]{6}$/);
  const second = await world.sandcage(["launch", "web", "--service", "shell", "-p", "true"]);
  assert.equal(second.code, 5, second.stderr);
  assert.match(second.stderr, /at work in web already/);
  const destroyed = await world.sandcage(["destroy", "web", "--yes"]);
  assert.equal(destroyed.code, 5, destroyed.stderr);
  assert.match(destroyed.stderr, /an agent is at work in it/);
  const status = await world.sandcage(["status", "web"]);
  assert.match(status.stdout, /last run: shell, running/);
  await waitFor("its first word", async () => (await readLast(world)).events > 0 || undefined);
  const stopped = await world.sandcage(["stop", "web"]);
  assert.equal(stopped.code, 0, stopped.stderr);
  const last = await readLast(world);
  assert.deepEqual([last.state, last.exit], ["stopped", 143]);
  assert.deepEqual(await listAgents(world), []);
  const listed = JSON.parse((await world.sandcage(["list", "--json"])).stdout);
  assert.equal(listed.find(({ name }: { name: string }) => name === "web").run.state, "stopped");
  const logs = await world.sandcage(["logs", "web"]);
  assert.match(logs.stdout, /blocked\.example/, "what its gateway refused is on record");
  const gone = await world.sandcage(["destroy", "web", "--yes", "--force"]);
  assert.equal(gone.code, 0, gone.stderr);
});

Deno.test("mode promote: the cage is made, and what the agent commits lands under the user's name", async () => {
  await using world = await makePromoteWorld("run-promote");
  const { code, stderr } = await shell(world, commit("done.txt"));
  assert.equal(code, 0, stderr);
  await arrives(world, "done.txt");
  assert.equal(await git(world, "log -1 --format=%an|%s"), "Test User|done.txt\n");
  await must(world.sandcage(["clear"]));
});

Deno.test("kill -9 of the holder: the next command says so, clears up, and launches again", async () => {
  await using world = await makeRunWorld("kill", { network: "" });
  await background(world, ["--service", "shell", "-p", "echo up; sleep 1000"]);
  await waitFor("its first word", async () => (await readLast(world)).events > 0 || undefined);
  Deno.kill(await findHolder(world), "SIGKILL");
  const logs = await world.sandcage(["logs", "-n", "1"]);
  assert.match(logs.stdout, /up/);
  const listed = JSON.parse((await world.sandcage(["list", "--json"])).stdout);
  assert.equal(listed[0].run.state, "cut-off");
  const again = await shell(world, "echo again");
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual(await listAgents(world), []);
  const dirs = await listRunDirs(world);
  assert.ok(!await exists(join(dirs[0]!, "prompt")), "what it was asked does not stay");
});

Deno.test("an engine that goes away cuts a run off, and what it said is kept", async () => {
  const door = openTcpDoor("/var/run/docker.sock");
  await using world = await makeRunWorld("engine");
  const env = { DOCKER_HOST: door.url };
  const made = await world.sandcage(
    ["create", "--dir", ".", "--name", "away", "--no-attach", "--service", "shell"],
    { env },
  );
  assert.equal(made.code, 0, made.stderr);
  const launched = await world.sandcage(
    ["launch", "away", "--background", "--no-inject-messaging", "-p", "echo up; sleep 1000"],
    { env },
  );
  assert.equal(launched.code, 0, launched.stderr);
  await waitFor("its first word", async () => (await readLast(world)).events > 0 || undefined);
  await door[Symbol.asyncDispose]();
  const last = await waitForEnd(world);
  assert.deepEqual([last.state, last.exit], ["cut-off", 4], last.reason ?? "");
  const logs = await world.sandcage(["logs", "away"]);
  assert.match(logs.stdout, /TEXT up/);
});

Deno.test("Ctrl-C ends a run; a terminal that is closed leaves it at work", async () => {
  await using world = await makeRunWorld("terminal");
  const child = world.spawn([
    "launch",
    "--service",
    "shell",
    "--no-inject-messaging",
    "-p",
    "echo up; sleep 1000",
  ]);
  await waitFor("its first word", async () => {
    const dirs = await exists(join(world.state, "cages")) ? await readRuns(world) : [];
    return (dirs.at(-1)?.events ?? 0) > 0 || undefined;
  });
  assert.equal(await child.end("SIGINT"), 130);
  assert.equal((await waitForEnd(world)).state, "stopped");
  {
    await using terminal = await openTerminal(world);
    await terminal.type(
      "sandcage launch --service shell --no-inject-messaging -p 'echo first; until [ -e go ]; do sleep 0.1; done; echo last'",
    );
    await terminal.expect(/TEXT first/);
  }
  assert.equal((await readLast(world)).state, "running");
  await world.write("go", "");
  const last = await waitForEnd(world);
  assert.deepEqual([last.state, last.exit, last.last], ["done", 0, "last"]);
});

Deno.test("a disk that fills up ends a run in words, and keeps what was said", async () => {
  await using world = await makeRunWorld("full");
  assert.equal((await shell(world, "echo first")).code, 0);
  const cage = join((await listRunDirs(world))[0]!, "..", "..");
  const mounted = await run("mount", [
    "-t",
    "tmpfs",
    "-o",
    "size=2m,mode=700",
    "none",
    `${cage}/runs`,
  ], {
    timeoutMs: 10_000,
  });
  assert.equal(mounted.code, 0, mounted.stderr);
  try {
    const { code, stderr } = await shell(
      world,
      "echo said; head -c 4000000 /dev/zero | tr '\\0' x",
    );
    assert.equal(code, 1, stderr);
    const last = await readLast(world);
    assert.deepEqual([last.state, last.exit], ["failed", 1]);
    assert.match(last.reason!, /disk is full/);
    const logs = await world.sandcage(["logs"]);
    assert.match(logs.stdout, /TEXT said/);
  } finally {
    await run("umount", [`${cage}/runs`], { timeoutMs: 10_000 });
  }
  assert.deepEqual(await listAgents(world), []);
});

Deno.test("a launch that cannot start leaves no run: no engine, no such service, no way to work alone", async () => {
  await using world = await makeRunWorld("never", {
    config: '[services.mine]\ncommand = ["true"]\n',
  });
  for (
    const [args, code, words] of [
      [["--service", "nobody"], 2, /no service "nobody"/],
      [["--service", "mine"], 3, /services\.mine\.headless\.command/],
      [["--service", "shell", "--context", "nowhere"], 4, /nowhere/],
    ] as const
  ) {
    const result = await world.sandcage(["launch", "-p", "true", ...args]);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, words);
  }
  assert.deepEqual(await listRunDirs(world), []);
  assert.equal(
    await docker(["ps", "--quiet", "--filter", `label=dev.sandcage.project=${world.project}`]),
    "",
  );
});
