/** A person at a terminal: real TTY, resize, Ctrl-C, exit codes, signals, clients that die. */
import assert from "node:assert/strict";
import { inspect, listContainers } from "../../tools/engine_state.ts";
import { waitFor } from "./support/files.ts";
import { openTerminal, type Terminal } from "./support/tmux.ts";
import { makeWorld, type World } from "./support/world.ts";

/** A shell inside with a prompt that no other program prints. */
const SHELL_INSIDE = "sandcage shell -- env PS1='inside> ' bash --norc -i";

Deno.test("the agent has a real terminal of the host's size, and follows a resize", async () => {
  await using world = await makeWorld("tty");
  await using terminal = await openTerminal(world, { columns: 100, rows: 30 });
  await enter(terminal);
  // The engine's client tells the size a moment after the shell has begun.
  await waitFor("the host's size", async () => {
    await terminal.type('echo "tty=$(tty) size=$(stty size)"');
    const seen = /^tty=\/dev\/(pts\/\d+|console) size=30 100$/m.test(await terminal.screen());
    return seen || undefined;
  });
  await terminal.resize(132, 43);
  await terminal.type("clear");
  await waitFor("the new size", async () => {
    await terminal.type('echo "now=$(stty size)"');
    return /^now=43 132$/m.test(await terminal.screen()) || undefined;
  });
  await leave(terminal);
});

Deno.test("Ctrl-C interrupts the command inside and leaves the cage running", async () => {
  await using world = await makeWorld("ctrlc");
  await using terminal = await openTerminal(world);
  await enter(terminal);
  await terminal.type("sleep 1000");
  await waitFor("sleep to run", async () => {
    await terminal.press("C-c");
    await terminal.type('echo "rc=$?"');
    return /^rc=130$/m.test(await terminal.screen()) || undefined;
  });
  assert.equal((await listContainers(world.root)).length, 1);
  await terminal.type("exit 42");
  await terminal.expect(/host\$\s*$/);
  await terminal.type('echo "code=$?"');
  await terminal.expect(/^code=42$/m);
  assert.deepEqual(await listContainers(world.root), []);
});

Deno.test("Ctrl-D ends the session and the terminal is as it was", async () => {
  await using world = await makeWorld("ctrld");
  await using terminal = await openTerminal(world);
  await terminal.type("stty -g > ../before");
  await enter(terminal);
  await terminal.press("C-d");
  await terminal.expect(/exit\s+host\$\s*$/);
  await terminal.type('stty -g | cmp - ../before && echo "same=$((1+1))"');
  await terminal.expect(/^same=2$/m);
});

// Every code passes the same way, whoever else uses it: the engine 125 to 127, the shell 128 and on.
Deno.test("the exit code of the agent is sandcage's", async (t) => {
  await using world = await makeWorld("code");
  for (const code of [0, 1, 42, 125, 127, 130, 255]) {
    await t.step(String(code), async () => {
      const result = await world.sandcage(["shell", "--", "sh", "-c", `exit ${code}`]);
      assert.equal(result.code, code, result.stderr);
    });
  }
});

for (const [signal, code] of [["SIGTERM", 143], ["SIGINT", 130], ["SIGHUP", 143]] as const) {
  Deno.test(`${signal} to the client ends the session with ${code} and leaves no container`, async () => {
    await using world = await makeWorld(signal.toLowerCase());
    const child = world.spawn(["shell", "--", "sleep", "1000"]);
    await waitRunning(world, 1);
    assert.equal(await child.end(signal), code);
    assert.deepEqual(await listContainers(world.root), []);
  });
}

Deno.test("an agent that handles SIGTERM gets it and decides the exit code", async () => {
  await using world = await makeWorld("handler");
  const script = "trap 'echo bye > bye.txt; exit 9' TERM; touch ready; while :; do sleep 0.1; done";
  const child = world.spawn(["shell", "--", "bash", "-c", script]);
  await waitFor("the handler", () => Deno.stat(`${world.project}/ready`).catch(() => undefined));
  assert.equal(await child.end("SIGTERM"), 9);
  assert.equal(await world.read("bye.txt"), "bye\n");
});

Deno.test("after kill -9 of the client the next command removes the orphan", async () => {
  await using world = await makeWorld("orphan");
  const child = world.spawn(["shell", "--", "sleep", "1000"]);
  const [orphan] = await waitRunning(world, 1);
  await child.end("SIGKILL");
  assert.deepEqual(await listContainers(world.root), [orphan], "kill -9 cannot clean up");
  const next = await world.sandcage(["shell", "--", "true"]);
  assert.equal(next.code, 0, next.stderr);
  assert.deepEqual(await listContainers(world.root), []);
});

Deno.test("closing the terminal window ends the session", async () => {
  await using world = await makeWorld("window");
  {
    await using terminal = await openTerminal(world);
    await enter(terminal);
    assert.equal((await listContainers(world.root)).length, 1);
  }
  await waitFor("the container to be gone", async () => {
    return (await listContainers(world.root)).length === 0 || undefined;
  });
});

Deno.test("sessions of several services work side by side in one project", async () => {
  await using world = await makeWorld("side");
  const children = ["shell", "shell", "claude"].map((service) =>
    world.spawn([service, "--shell", "--", "sleep", "1000"])
  );
  const names = await waitRunning(world, 3);
  assert.equal(new Set(names).size, 3);
  await world.write("shared.txt", "seen\n");
  const seen = await world.sandcage(["shell", "--", "cat", "shared.txt"]);
  assert.equal(seen.stdout, "seen\n", seen.stderr);
  const [first, ...others] = children;
  await first!.end("SIGTERM");
  assert.equal((await listContainers(world.root)).length, 2, "the others go on");
  await Promise.all(others.map((child) => child.end("SIGTERM")));
  assert.deepEqual(await listContainers(world.root), []);
});

Deno.test("without a terminal there is none inside, and output is not mixed", async () => {
  await using world = await makeWorld("notty");
  const result = await world.sandcage([
    ...["shell", "--", "sh", "-c"],
    "test -t 0 && echo in; test -t 1 && echo out; echo data; echo talk >&2",
  ]);
  assert.equal(result.code, 0);
  assert.equal(result.stdout, "data\n");
});

Deno.test("a megabyte passes through unchanged in both directions", async () => {
  await using world = await makeWorld("bytes");
  const text = `${"0123456789abcdef".repeat(64)}\n`.repeat(1000);
  const result = await world.sandcage(["shell", "--", "cat"], { stdin: text });
  assert.equal(result.code, 0, result.stderr);
  assert.ok(
    result.stdout === text,
    `${result.stdout.length} of ${text.length} characters came back`,
  );
});

async function enter(terminal: Terminal): Promise<void> {
  await terminal.type(SHELL_INSIDE);
  await terminal.expect(/^inside> $/m);
}

async function leave(terminal: Terminal): Promise<void> {
  await terminal.type("exit");
  await terminal.expect(/host\$\s*$/);
}

/** Waits until so many sessions of a world run, not only exist. */
async function waitRunning(world: World, count: number): Promise<string[]> {
  return await waitFor(`${count} running containers`, async () => {
    const names = await listContainers(world.root);
    if (names.length !== count) return undefined;
    const states = await Promise.all(names.map(async (name) => (await inspect(name)).State));
    const running = states.every((state) => (state as { Running?: boolean }).Running === true);
    return running ? names : undefined;
  });
}
