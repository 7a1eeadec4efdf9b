import assert from "node:assert/strict";
import { join } from "node:path";
import { waitForSession } from "./session.ts";
import { makeWorld, type World } from "./world.ts";

/** What `outbox --json` prints of a message. */
export type Shown = { id: string; type: string; payload: Record<string, unknown>; seq: number };

/** A world whose agent's session ends with it, whatever the test did. */
export async function makeMailWorld(name: string): Promise<World> {
  const world = await makeWorld(name);
  return {
    ...world,
    async [Symbol.asyncDispose]() {
      await world.sandcage(["stop"]);
      await world[Symbol.asyncDispose]();
    },
  };
}

/** What a script prints that runs in the agent's place; it ends with a code. */
export async function inside(
  world: World,
  script: string,
  { code = 0 }: { code?: number } = {},
): Promise<string> {
  const result = await world.sandcage(["shell", "--", "bash", "-c", script]);
  assert.equal(result.code, code, `${result.stdout}\n${result.stderr}`);
  return result.stdout;
}

/** What `sandcage outbox --json` says. */
export async function outbox(
  world: World,
  args: readonly string[] = [],
  options: { timeoutMs?: number } = {},
) {
  const result = await world.sandcage(["outbox", "--json", ...args], options);
  return { ...result, messages: parseLines(result.stdout) };
}

function parseLines(text: string): Shown[] {
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** Sends a message to the agent of the world's only cage; its id. */
export async function send(world: World, args: readonly string[]): Promise<string> {
  const id = await findCage(world);
  const result = await world.sandcage(["inbox", id, ...args]);
  assert.equal(result.code, 0, result.stderr);
  return result.stdout.trim();
}

/** Id of the world's only cage. */
export async function findCage(world: World): Promise<string> {
  const ids = await Array.fromAsync(Deno.readDir(join(world.state, "cages")));
  assert.equal(ids.length, 1);
  return ids[0]!.name;
}

/** Sends messages from one process inside, a pause after each. */
export const sendMany = (count: number, pauseMs: number) =>
  `/opt/cage/node/bin/node --input-type=module -e '
    import { findBox, openBox, send } from "/opt/cage/mail/box.mjs";
    const box = openBox(findBox());
    for (let n = 1; n <= ${count}; n++) {
      send(box, { type: "progress_update", payload: { status: String(n) } });
      await new Promise((resolve) => setTimeout(resolve, ${pauseMs}));
    }
  '`;

/** Puts messages into the outbox without waiting for the disk. */
export const placeMany = (count: number) =>
  `/opt/cage/node/bin/node --input-type=module -e '
    import { writeFileSync } from "node:fs";
    import { findBox, openBox } from "/opt/cage/mail/box.mjs";
    import { makeMessage } from "/opt/cage/mail/envelope.mjs";
    const { outbox } = openBox(findBox());
    for (let n = 1; n <= ${count}; n++) {
      const message = makeMessage("progress_update", { status: String(n) });
      const name = String(n).padStart(6, "0") + "-" + message.id + ".json";
      writeFileSync(outbox + "/" + name, JSON.stringify(message));
    }
  '`;

/** What so many messages say. */
export const numbersTo = (count: number) => Array.from({ length: count }, (_, n) => String(n + 1));
/** What messages say. */
export const statuses = (messages: readonly Shown[]) =>
  messages.map(({ payload }) => payload.status);

/** Has an agent send messages while whoever carries them is killed, again and again. */
export async function playKills(
  { rounds, count }: { rounds: number; count: number },
): Promise<void> {
  await using world = await makeMailWorld("mail-kill");
  const session = world.spawn([
    ...["shell", "--", "bash", "-c"],
    `${sendMany(count, 10)}
     cage-send task_complete '{"summary": "all", "exit_code": 0}'
     exec sleep 600`,
  ]);
  const container = await waitForSession(world);
  for (let round = 0; round < rounds; round++) {
    const reader = world.spawn(["outbox", "--json", "--poll", "--interval", "0.1"]);
    await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 700));
    if (round % 2 === 0) await reader.end("SIGKILL");
    else {
      await killServers(container);
      await reader.end("SIGKILL");
    }
  }
  // Each message waits for the disk twice, and others use it as well.
  const deadline = Date.now() + 60_000 + 100 * count;
  for (let done = false; !done && Date.now() < deadline;) {
    await outbox(world, ["--poll", "--timeout", "5", "--interval", "0.5", "--no-diagnose"]);
    // One that was killed may have printed the last one.
    const { messages } = await outbox(world, ["--all"]);
    done = messages.at(-1)?.type === "task_complete";
  }
  const { messages } = await outbox(world, ["--all"]);
  assert.equal(messages.at(-1)?.type, "task_complete", "the agent has sent everything");
  assert.equal(messages.length, count + 1);
  assert.deepEqual(statuses(messages.slice(0, -1)), numbersTo(count));
  assert.deepEqual(messages.map(({ seq }) => seq), messages.map((_, n) => n + 1));
  await session.end("SIGTERM");
}

/** Kills what carries messages inside, as the machine would. */
export async function killServers(container: string): Promise<void> {
  const script =
    "for p in /proc/[0-9]*; do grep -qa serve.mjs $p/cmdline && kill -9 ${p#/proc/}; done";
  await new Deno.Command("docker", {
    args: ["exec", container, "bash", "-c", script],
    stdout: "null",
    stderr: "null",
  }).output();
}
