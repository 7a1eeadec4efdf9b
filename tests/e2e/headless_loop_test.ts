/** Rounds of work: an agent says that it is done, is told what to do over, and does that. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { listContainers } from "../../tools/engine_state.ts";
import { AGENTS, everyKey } from "./support/headless_agents.ts";
import { startModel } from "./support/model.ts";
import { makeWorld, type World } from "./support/world.ts";

/** What `outbox --json` prints of a message. */
type Shown = { id: string; type: string; payload: Record<string, unknown> };

/** The scripted model carries out what its prompt says, and then what a task_revision says. */
const ROUND = (summary: string) => [
  `write hello.txt: ${summary}`,
  `run: cage-send task_complete '{"summary": "${summary}", "exit_code": 0}'`,
  "run: cage-wait --timeout 100",
];

async function call(world: World, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await world.sandcage(args, {
    env: everyKey(),
    timeoutMs: 400_000,
  });
  assert.equal(code, 0, `${args.join(" ")}: ${stdout}\n${stderr}`);
  return stdout;
}

async function poll(world: World, cage: readonly string[]): Promise<Shown[]> {
  const text = await call(world, ["outbox", ...cage, "--poll", "--timeout", "120", "--json"]);
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

async function logKinds(world: World, cage: readonly string[]): Promise<string[]> {
  const text = await call(world, ["logs", ...cage, "-f", "--json"]);
  return text.split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line))
    .filter(({ kind }) => kind === "message")
    .map(({ direction, type }) => `${direction} ${type}`);
}

const BOTH_WAYS = [
  "from-cage task_complete",
  "to-cage task_revision",
  "from-cage task_complete",
  "to-cage ack",
];

for (const agent of AGENTS) {
  // The whole cycle of docs/orchestration.md with one of them, rounds alone with the others.
  const isCopy = agent.service === "claude";
  Deno.test(`${agent.service} works in rounds: done, told to do it over, done again`, async () => {
    await using model = await startModel();
    await using world = await makeWorld(`loop-${agent.service}`, {
      config: agent.config(model.url),
    });
    if (agent.settings !== undefined) {
      await Deno.mkdir(join(world.project, ".gemini"));
      await world.write(".gemini/settings.json", agent.settings);
    }
    const cage = isCopy ? ["loop"] : [];
    if (isCopy) {
      const from = ["--dir", ".", "--name", "loop", "--service", agent.service];
      await call(world, ["create", ...from, "--no-attach"]);
    }
    try {
      await call(world, [
        ...["launch", ...cage, "--background", "--service", agent.service],
        ...["-p", ROUND("first").join("\n"), "--", ...agent.args(model.url)],
      ]);
      const first = await poll(world, cage);
      assert.deepEqual(first.map(({ payload }) => payload.summary), ["first"]);
      const id = isCopy ? "loop" : await findCage(world);
      const payload = join(world.root, "revision.json");
      const instructions = ROUND("second").join("\n");
      await Deno.writeTextFile(payload, JSON.stringify({ instructions }));
      await call(world, ["inbox", id, "task_revision", "--payload-file", payload]);
      const second = await poll(world, cage);
      assert.deepEqual(second.map(({ payload }) => payload.summary), ["second"]);
      await call(world, ["inbox", id, "ack", JSON.stringify({ acked_id: second[0]!.id })]);
      assert.deepEqual(await logKinds(world, cage), BOTH_WAYS);
      const found = JSON.parse(await call(world, ["diagnose", ...cage, "--json"]));
      assert.equal(found.agent.state, "absent", JSON.stringify(found));
      assert.equal(found.run.state, "done", JSON.stringify(found));
      assert.match(found.suggestion, /done/);
      if (isCopy) await call(world, ["export", "loop", "-y"]);
      assert.equal((await world.read("hello.txt")).trim(), "second");
      assert.deepEqual(await listAgents(world), []);
    } finally {
      await world.sandcage(["stop", ...cage]);
      if (isCopy) await world.sandcage(["destroy", "loop", "-y", "--force"]);
    }
  });
}

async function findCage(world: World): Promise<string> {
  const ids = await Array.fromAsync(Deno.readDir(join(world.state, "cages")));
  assert.equal(ids.length, 1);
  return ids[0]!.name;
}

async function listAgents(world: World): Promise<string[]> {
  return (await listContainers(world.root)).filter((name) => !name.includes("courier"));
}
