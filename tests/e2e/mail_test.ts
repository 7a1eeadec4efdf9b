/** Messages between agents and whoever gave them their work, through real cages. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { docker, listContainers } from "../../tools/engine_state.ts";
import {
  findCage,
  inside,
  killServers,
  makeMailWorld,
  numbersTo,
  outbox,
  placeMany,
  playKills,
  send,
  sendMany,
  statuses,
} from "./support/mail.ts";
import { waitForSession } from "./support/session.ts";

Deno.test("messages go both ways while an agent works, each of them once", async () => {
  await using world = await makeMailWorld("mail-both");
  const session = world.spawn([
    ...["shell", "--", "bash", "-c"],
    `cage-send progress_update '{"status": "begun"}'
     echo '{"summary": "first", "exit_code": 0}' >payload.json
     cage-send task_complete --file payload.json
     cage-wait --timeout 300 >one.json
     cage-send task_complete - <payload.json
     cage-wait --timeout 300 >two.json`,
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
  assert.equal(await inside(world, "cage-wait --timeout 0.2", { code: 124 }), "");
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
  const emptyMs = performance.now();
  assert.deepEqual((await outbox(world)).messages, []);
  // About a second of work beside the container, which alone takes several on a machine that is busy.
  const wholeMs = performance.now() - emptyMs;
  assert.ok(tookMs < Math.max(45_000, 10 * wholeMs), `${tookMs} ms, and ${wholeMs} ms for none`);
});

Deno.test("nothing is lost or comes twice when those who carry it are killed at any moment", async () => {
  await playKills({ rounds: 6, count: 400 });
});

Deno.test("a run that is held tells of messages at once; killed, it leaves them to the next look", async () => {
  await using world = await makeMailWorld("mail-held");
  const count = 150;
  await world.write(
    "work.sh",
    `${sendMany(count, 20)}
    cage-wait --timeout 300 >got.json
    cage-send going_idle
    exec sleep 600`,
  );
  const launched = await world.sandcage([
    ...["launch", "--service", "shell", "--background", "-p", "bash work.sh"],
  ]);
  assert.equal(launched.code, 0, launched.stderr);
  const container = await waitForSession(world);
  // What carries its messages is killed, and is there again.
  for (let round = 0; round < 4; round++) await killServers(container);
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
  const held = join(world.state, "cages", await findCage(world), "held", "run.json");
  Deno.kill(JSON.parse(await Deno.readTextFile(held)).pid, "SIGKILL");
  await docker(["exec", container, "cage-send", "progress_update", '{"status": "after"}']);
  assert.deepEqual(statuses((await outbox(world)).messages), ["after"]);
});
