/** Messages between agents and whoever gave them their work, through real cages. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { docker, listContainers } from "../../tools/engine_state.ts";
import { waitFor } from "./support/files.ts";
import { makeWorld, type World } from "./support/world.ts";

/** What `outbox --json` prints of a message. */
type Shown = { id: string; type: string; payload: Record<string, unknown>; seq: number };

/** A world whose agent's session ends with it, whatever the test did. */
async function makeMailWorld(name: string): Promise<World> {
  const world = await makeWorld(name);
  return {
    ...world,
    async [Symbol.asyncDispose]() {
      await world.sandcage(["stop"]);
      await world[Symbol.asyncDispose]();
    },
  };
}

async function inside(world: World, script: string, code = 0): Promise<string> {
  const result = await world.sandcage(["shell", "--", "bash", "-c", script]);
  assert.equal(result.code, code, `${result.stdout}\n${result.stderr}`);
  return result.stdout;
}

async function outbox(world: World, args: readonly string[] = []) {
  const result = await world.sandcage(["outbox", "--json", ...args]);
  return { ...result, messages: parseLines(result.stdout) };
}

function parseLines(text: string): Shown[] {
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

async function send(world: World, args: readonly string[]): Promise<string> {
  const id = await findCage(world);
  const result = await world.sandcage(["inbox", id, ...args]);
  assert.equal(result.code, 0, result.stderr);
  return result.stdout.trim();
}

async function findCage(world: World): Promise<string> {
  const ids = await Array.fromAsync(Deno.readDir(join(world.state, "cages")));
  assert.equal(ids.length, 1);
  return ids[0]!.name;
}

/** The container of the session that is being started, once it runs. */
async function waitForSession(world: World): Promise<string> {
  return await waitFor("the session", async () => {
    const [name] = await listContainers(world.root);
    if (name === undefined) return undefined;
    const state = await docker(["inspect", "--format", "{{.State.Running}}", name]);
    return state === "true" ? name : undefined;
  }, { timeoutMs: 60_000 });
}

/** Sends messages from one process inside, a pause after each. */
const sendMany = (count: number, pauseMs: number) =>
  `/opt/cage/node/bin/node --input-type=module -e '
    import { findBox, openBox, send } from "/opt/cage/mail/box.mjs";
    const box = openBox(findBox());
    for (let n = 1; n <= ${count}; n++) {
      send(box, { type: "progress_update", payload: { status: String(n) } });
      await new Promise((resolve) => setTimeout(resolve, ${pauseMs}));
    }
  '`;

/** Puts messages into the outbox without waiting for the disk. */
const placeMany = (count: number) =>
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

const numbersTo = (count: number) => Array.from({ length: count }, (_, n) => String(n + 1));
const statuses = (messages: readonly Shown[]) => messages.map(({ payload }) => payload.status);

Deno.test("messages go both ways while an agent works, each of them once", async () => {
  await using world = await makeMailWorld("mail-both");
  const session = world.spawn([
    ...["shell", "--", "bash", "-c"],
    `cage-send progress_update '{"status": "begun"}'
     echo '{"summary": "first", "exit_code": 0}' >payload.json
     cage-send task_complete --file payload.json
     cage-wait --timeout 60 >one.json
     cage-send task_complete - <payload.json
     cage-wait --timeout 60 >two.json`,
  ]);
  await waitForSession(world);
  const first = await outbox(world, ["--poll", "--timeout", "60", "--interval", "0.2"]);
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual(first.messages.map(({ type }) => type), ["progress_update", "task_complete"]);
  assert.match(first.messages[0]!.id, /^msg-\d{8}T\d{6}-[0-9a-f]{16}$/);
  const revision = await send(world, [
    "task_revision",
    '{"instructions": "once more\\n\\u001b[31m"}',
  ]);
  const second = await outbox(world, ["--poll", "--timeout", "60", "--interval", "0.2"]);
  assert.deepEqual(second.messages.map(({ type }) => type), ["task_complete"]);
  await send(world, ["ack"]);
  assert.equal((await session.ended).code, 0);
  const [one, two] = [await world.read("one.json"), await world.read("two.json")]
    .map((text) => JSON.parse(text));
  assert.equal(one.id, revision);
  assert.deepEqual(one.payload, { instructions: "once more\n\u001b[31m" });
  assert.equal(two.type, "ack");
  const again = await outbox(world);
  assert.deepEqual(again.messages, []);
  assert.match(again.stderr, /No new messages/);
  assert.equal((await outbox(world, ["--all"])).messages.length, 3);
});

Deno.test("a cage that does not run has its mailbox, and nothing of the look at it stays", async () => {
  await using world = await makeMailWorld("mail-stopped");
  await inside(world, `cage-send error '{"error_type": "a", "message": "b", "recoverable": true}'`);
  const { code, stderr } = await world.sandcage(["diagnose", "--json"]);
  assert.equal(code, 0, stderr);
  await send(world, ["info_response", '{"request_id": "1", "content": "early"}']);
  // It was looked into when the message went in.
  const shown = await outbox(world, ["--poll", "--timeout", "20", "--interval", "1"]);
  assert.equal(shown.code, 0, shown.stderr);
  assert.deepEqual(shown.messages.map(({ type }) => type), ["error"]);
  assert.deepEqual(await listContainers(world.root), []);
  assert.equal(JSON.parse(await inside(world, "cage-wait --timeout 5")).payload.content, "early");
  // Nobody answers: that is told, and the next look finds nothing that could.
  assert.equal(await inside(world, "cage-wait --timeout 0.2", 124), "");
  const idle = await outbox(world, ["--poll", "--timeout", "20"]);
  assert.deepEqual(idle.messages.map(({ type }) => type), ["going_idle"]);
  const nothing = await outbox(world, ["--poll", "--timeout", "20", "--interval", "0.5"]);
  assert.equal(nothing.code, 1);
  assert.match(nothing.stderr, /Nothing runs[\s\S]*agent +absent/);
});

Deno.test("what is no message is set aside and told once; what is none is not sent at all", async () => {
  await using world = await makeMailWorld("mail-bad");
  await inside(
    world,
    `cage-send task_complete '{"summary": "x"}' && exit 1
    cage-send nonsense '{}' && exit 1
    cage-send ack '{}' && exit 1
    cage-send progress_update '{"status"' && exit 1
    cage-send going_idle || exit 1
    cd ~/.cage/outbox
    echo '{"type": "task_complete"}' >1.json
    mkfifo 2.json
    ln -s /etc/passwd 3.json
    head -c 2000000 /dev/zero >4.json
    printf '\\xff\\xfe' >5.json
    touch $'\\e[2J6.json'
    mkdir 7.json
    touch .hidden
    sed s/going_idle/ack/ *-msg-*.json >8.json
    exit 0`,
  );
  const first = await outbox(world);
  assert.deepEqual(first.messages.map(({ type }) => type), ["going_idle"]);
  const told = first.stderr.split("\n").filter((line) => line.includes("no message"));
  assert.equal(told.length, 8, first.stderr);
  assert.ok(!first.stderr.includes("\x1b[2J"));
  for (const why of ["link", "no id", "ordinary file", "longer", "UTF-8", "other way"]) {
    assert.ok(told.some((line) => line.includes(why)), `${why}: ${first.stderr}`);
  }
  const second = await outbox(world);
  assert.deepEqual(second.messages, []);
  assert.ok(!second.stderr.includes("set aside"), second.stderr);
  assert.equal((await inside(world, "ls -A ~/.cage/outbox/bad")).trim().split("\n").length, 8);
});

Deno.test("5,000 messages come in their order, and once", async () => {
  await using world = await makeMailWorld("mail-many");
  await inside(world, placeMany(5_000));
  const startedMs = performance.now();
  const { messages, stderr } = await outbox(world);
  const tookMs = performance.now() - startedMs;
  assert.equal(messages.length, 5_000, stderr);
  assert.deepEqual(statuses(messages), numbersTo(5_000));
  // About a second of work, and several for the container on a machine that is busy.
  assert.ok(tookMs < 45_000, `${tookMs} ms`);
  assert.deepEqual((await outbox(world)).messages, []);
});

Deno.test("nothing is lost or comes twice when those who carry it are killed at any moment", async () => {
  await using world = await makeMailWorld("mail-kill");
  const count = 400;
  const session = world.spawn([
    ...["shell", "--", "bash", "-c"],
    `${sendMany(count, 10)}
     cage-send task_complete '{"summary": "all", "exit_code": 0}'
     exec sleep 600`,
  ]);
  const container = await waitForSession(world);
  for (let round = 0; round < 6; round++) {
    const reader = world.spawn(["outbox", "--json", "--poll", "--interval", "0.1"]);
    await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 700));
    if (round % 2 === 0) await reader.end("SIGKILL");
    else {
      await killServers(container);
      await reader.end("SIGKILL");
    }
  }
  const deadline = Date.now() + 60_000;
  for (let done = false; !done && Date.now() < deadline;) {
    done = (await outbox(world, ["--poll", "--timeout", "30", "--interval", "0.5"])).code === 0;
  }
  const { messages } = await outbox(world, ["--all"]);
  assert.equal(messages.length, count + 1);
  assert.deepEqual(statuses(messages.slice(0, -1)), numbersTo(count));
  assert.equal(messages.at(-1)!.type, "task_complete");
  assert.deepEqual(messages.map(({ seq }) => seq), messages.map((_, n) => n + 1));
  await session.end("SIGTERM");
});

Deno.test("a run that is held tells of messages at once; killed, it leaves them to the next look", async () => {
  await using world = await makeMailWorld("mail-held");
  const count = 150;
  await world.write(
    "work.sh",
    `${sendMany(count, 20)}
    cage-wait --timeout 60 >got.json
    cage-send going_idle
    exec sleep 600`,
  );
  const launched = await world.sandcage([
    ...["launch", "--service", "shell", "--background", "-p", "bash work.sh"],
  ]);
  assert.equal(launched.code, 0, launched.stderr);
  const sent = await send(world, ["ack"]);
  // It never looks by itself within the time of the test: what it prints has woken it up.
  const waiting = outbox(world, ["--poll", "--interval", "300", "--timeout", "100"]);
  assert.equal((await waiting).code, 0, (await waiting).stderr);
  const got = await world.read("got.json");
  assert.equal(JSON.parse(got).id, sent);
  const first = (await outbox(world, ["--all"])).messages;
  assert.deepEqual(statuses(first.slice(0, -1)), numbersTo(count));
  const logged = await world.sandcage(["logs", "--json"]);
  const events = logged.stdout.split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line)).filter(({ kind }) => kind === "message");
  const ids = events.map(({ id }) => id);
  assert.deepEqual(new Set(ids), new Set([...first.map(({ id }) => id), sent]));
  assert.equal(ids.length, new Set(ids).size);
  const diagnosis = JSON.parse((await world.sandcage(["diagnose", "--json"])).stdout);
  assert.equal(diagnosis.agent.state, "alive", JSON.stringify(diagnosis));

  // The holder goes without a word; the agent sends on.
  const container = await waitForSession(world);
  const held = join(world.state, "cages", await findCage(world), "held", "run.json");
  Deno.kill(JSON.parse(await Deno.readTextFile(held)).pid, "SIGKILL");
  await docker(["exec", container, "cage-send", "progress_update", '{"status": "after"}']);
  assert.deepEqual(statuses((await outbox(world)).messages), ["after"]);
});

/** Kills what carries messages inside, as the machine would. */
async function killServers(container: string): Promise<void> {
  const script =
    "for p in /proc/[0-9]*; do grep -qa serve.mjs $p/cmdline && kill -9 ${p#/proc/}; done";
  await new Deno.Command("docker", {
    args: ["exec", container, "bash", "-c", script],
    stdout: "null",
    stderr: "null",
  }).output();
}
