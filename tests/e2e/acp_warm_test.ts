/** Agents that are started before their editor comes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { docker, listContainers } from "../../tools/engine_state.ts";
import { type Editor, openEditor } from "./support/editor.ts";
import { waitFor } from "./support/files.ts";
import { makeWorld, type World } from "./support/world.ts";

/** Answers every request with a name it gave itself; nothing else tells one from another. */
const AGENT = `import json, os, sys, uuid
name = str(uuid.uuid4())
with open("/tmp/name", "w") as file:
    file.write(name)
for line in sys.stdin:
    message = json.loads(line)
    answer = {"name": name, "color": os.environ.get("COLOR", "")}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": answer}), flush=True)
`;

const SERVICE = '[services.mine]\ncommand = ["true"]\nacp = ["python3", "agent.py"]\n';

async function makeWarmWorld(name: string, idle = "10m"): Promise<World> {
  const world = await makeWorld(name, { config: formatConfig("", idle) });
  await world.write("agent.py", AGENT);
  return world;
}

function formatConfig(color: string, idle = "10m"): string {
  return `[acp]\nwarm = true\nwarm_idle = "${idle}"\n${SERVICE}` +
    `[services.mine.env]\nCOLOR = "${color}"\n`;
}

const open = (world: World) => openEditor(world, ["acp", "run", "mine"]);

/** What the agent says of itself. */
async function greet(editor: Editor): Promise<{ name: string; color: string }> {
  const answer = await editor.ask("initialize", { protocolVersion: 1, clientCapabilities: {} }, {
    timeoutMs: 90_000,
  });
  if (answer.kind !== "result") assert.fail(JSON.stringify([answer, await editor.leave()]));
  const { name, color } = answer.result;
  return { name: String(name), color: String(color) };
}

/** Names in the directory of the sessions of the world's one cage. */
async function listFiles(world: World): Promise<string[]> {
  for await (const { name } of Deno.readDir(join(world.state, "cages"))) {
    const entries = await Array.fromAsync(
      Deno.readDir(join(world.state, "cages", name, "sessions")),
    );
    return entries.map((entry) => join(world.state, "cages", name, "sessions", entry.name));
  }
  return [];
}

async function findName(container: string): Promise<string | undefined> {
  return await docker(["exec", container, "cat", "/tmp/name"]).then(
    (text) => text.trim() || undefined,
    () => undefined,
  );
}

async function waitForSocket(world: World): Promise<string> {
  return await waitFor("a waiting agent", async () => {
    return (await listFiles(world)).find((file) => file.endsWith(".sock"));
  });
}

/** Waits until an agent is kept. */
async function waitForAgent(world: World): Promise<{ name: string; socket: string }> {
  const socket = await waitForSocket(world);
  const record = JSON.parse(await Deno.readTextFile(socket.replace(/\.sock$/, ".json")));
  const name = await waitFor("its name", () => findName(record.container));
  return { name, socket };
}

/** Waits until nothing of the world runs or stands on record. */
async function waitForNothing(world: World): Promise<void> {
  await waitFor("the end of everything", async () => {
    const left = [...await listContainers(world.root), ...await listFiles(world)];
    return left.length === 0 && (await listHolders(world)).length === 0 || undefined;
  });
}

/** Stops what waits, and what is about to: once is enough, whenever it comes. */
async function stopEverything(world: World): Promise<void> {
  const stopped = await world.sandcage(["stop"]);
  assert.equal(stopped.code, 0, stopped.stderr);
  await waitForNothing(world);
}

/** Processes that keep agents of this world. */
async function listHolders(world: World): Promise<string[]> {
  const commands = await Promise.all(
    [...Deno.readDirSync("/proc")].map(({ name }) =>
      /^\d+$/.test(name) ? Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "") : ""
    ),
  );
  return commands.filter((command) =>
    command.includes("\0hold\0") && command.includes(world.project)
  );
}

/** Opens an editor and leaves, so that an agent is kept. */
async function warmUp(world: World): Promise<{ name: string; socket: string }> {
  await using editor = open(world);
  await greet(editor);
  assert.equal((await editor.leave()).code, 0);
  return await waitForAgent(world);
}

Deno.test("an editor gets the agent that waits, the next one another, and stop ends what waits", async () => {
  await using world = await makeWarmWorld("warm");
  const first = await warmUp(world);
  assert.equal((await Deno.stat(first.socket)).mode! & 0o777, 0o600);
  await using one = open(world);
  assert.equal((await greet(one)).name, first.name);
  const second = await waitForAgent(world);
  assert.notEqual(second.name, first.name);
  await using other = open(world);
  assert.equal((await greet(other)).name, second.name);
  // They work side by side, each with its own.
  assert.equal((await greet(one)).name, first.name);
  const outside = await one.ask("session/new", { cwd: "/etc", mcpServers: [] }, {
    timeoutMs: 30_000,
  });
  assert.equal(outside.kind, "error", "what leaves the project is refused here, too");
  assert.equal((await one.leave()).code, 0);
  assert.equal((await other.leave()).code, 0);
  await waitForAgent(world);
  await stopEverything(world);
});

Deno.test("two editors at once never share an agent", async () => {
  await using world = await makeWarmWorld("warm-two");
  const { name } = await warmUp(world);
  await using one = open(world);
  await using other = open(world);
  const names = (await Promise.all([greet(one), greet(other)])).map((answer) => answer.name);
  assert.equal(new Set(names).size, 2);
  assert.ok(names.includes(name), `${names} were started anew, ${name} waited`);
  assert.deepEqual([(await one.leave()).code, (await other.leave()).code], [0, 0]);
  await stopEverything(world);
});

Deno.test("an agent of an older configuration leaves, and nobody gets it", async () => {
  await using world = await makeWarmWorld("warm-old");
  const { name } = await warmUp(world);
  await world.configure(formatConfig("green"));
  await using editor = open(world);
  const answer = await greet(editor);
  assert.equal(answer.color, "green");
  assert.notEqual(answer.name, name);
  await waitFor("the old agent's end", async () => {
    const containers = await listContainers(world.root);
    const names = await Promise.all(containers.map(findName));
    return !names.includes(name) || undefined;
  });
  assert.equal((await editor.leave()).code, 0);
  await waitForAgent(world);
  await stopEverything(world);
});

Deno.test("a stop means agents that were wanted before it and start after it, too", async () => {
  await using world = await makeWarmWorld("warm-late");
  await warmUp(world);
  await stopEverything(world);
  const log = join(world.root, "hold.txt");
  // As the editor's client of before the stop would have it.
  const late = await world.sandcage(["acp", "hold", "mine", "--mark", "", "--log", log]);
  assert.equal(late.code, 0, await Deno.readTextFile(log));
  await waitForNothing(world);
  // The next editor is one of after it.
  await warmUp(world);
  await stopEverything(world);
});

Deno.test("a stop right after an editor's first message leaves no agent that was about to wait", async () => {
  await using world = await makeWarmWorld("warm-stop");
  await using editor = open(world);
  await greet(editor);
  await stopEverything(world);
  await editor.leave();
  await waitForNothing(world);
});

Deno.test("an agent that nobody wants goes after its time", async () => {
  await using world = await makeWarmWorld("warm-idle", "4s");
  await using editor = open(world);
  await greet(editor);
  // On a busy machine the editor takes longer to leave than the agent waits.
  const [left] = await Promise.all([editor.leave(), waitForSocket(world)]);
  assert.equal(left.code, 0, left.stderr);
  await waitForNothing(world);
});

Deno.test("SIGINT and SIGTERM end a relay and the agent that had waited for it", async () => {
  await using world = await makeWarmWorld("warm-signal");
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const { name } = await warmUp(world);
    await using editor = open(world);
    assert.equal((await greet(editor)).name, name);
    Deno.kill(editor.pid, signal);
    const ended = await editor.leave();
    assert.equal(ended.code, code, ended.stderr);
    await stopEverything(world);
  }
});

Deno.test("an editor that is killed takes its agent along; a holder that is killed is cleared up after", async () => {
  await using world = await makeWarmWorld("warm-kill");
  const { socket } = await warmUp(world);
  const record = JSON.parse(await Deno.readTextFile(socket.replace(/\.sock$/, ".json")));
  Deno.kill(record.clientPid, "SIGKILL");
  await using editor = open(world);
  const { name } = await greet(editor);
  assert.ok(!(await listContainers(world.root)).includes(record.container));
  assert.ok(!(await listFiles(world)).includes(socket));
  assert.equal((await editor.leave()).code, 0);
  const next = await waitForAgent(world);
  assert.notEqual(next.name, name);
  await using killed = open(world);
  assert.equal((await greet(killed)).name, next.name);
  Deno.kill(killed.pid, "SIGKILL");
  await stopEverything(world);
});
