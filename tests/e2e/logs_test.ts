/** Who looks at agents that work alone: in another terminal, all the time, whatever they say. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "./support/files.ts";
import { sandcageCommand } from "./support/sandcage.ts";
import { openTerminal } from "./support/tmux.ts";
import { makeWorld, type World, type WorldOptions } from "./support/world.ts";

/** A world whose runs are ended with it, whatever the test did. */
async function makeRunWorld(name: string, options: WorldOptions = {}): Promise<World> {
  const world = await makeWorld(`logs-${name}`, options);
  return {
    ...world,
    async [Symbol.asyncDispose]() {
      await world.sandcage(["stop"]);
      await world[Symbol.asyncDispose]();
    },
  };
}

async function launch(world: World, script: string): Promise<string> {
  const result = await world.sandcage([
    ...["launch", "--service", "shell", "--no-inject-messaging", "--background", "-p", script],
  ]);
  assert.equal(result.code, 0, result.stderr);
  return result.stdout.trim();
}

/** `sandcage logs ARGS` beside the test; `until` waits for a text on its stdout. */
function look(world: World, args: readonly string[]) {
  const { command, args: words } = sandcageCommand(["logs", ...args], world.options());
  const child = new Deno.Command(command, {
    ...{ args: words, cwd: world.project, stdin: "null", stdout: "piped", stderr: "piped" },
  }).spawn();
  const bytes: number[] = [];
  const reader = child.stdout.getReader();
  const stderr = new Response(child.stderr).text();
  const text = () => new TextDecoder().decode(new Uint8Array(bytes));
  const take = async (): Promise<boolean> => {
    const { value, done } = await reader.read();
    bytes.push(...value ?? []);
    return !done;
  };
  return {
    async until(wanted: string) {
      while (!text().includes(wanted)) assert.ok(await take(), `logs ended with ${text()}`);
    },
    async end() {
      while (await take());
      return { code: (await child.status).code, text: text(), bytes, stderr: await stderr };
    },
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await child.status;
      await stderr;
    },
  };
}

async function findHolder(world: World): Promise<number> {
  for await (const cage of Deno.readDir(join(world.state, "cages"))) {
    const path = join(world.state, "cages", cage.name, "held", "run.json");
    if (await exists(path)) return JSON.parse(await Deno.readTextFile(path)).pid;
  }
  throw new Error("nothing is held");
}

Deno.test("logs -f sees a run as it comes, and goes on with the next when its holder was killed", async () => {
  await using world = await makeRunWorld("follow");
  const first = await launch(world, "echo one; sleep 600");
  await using follower = look(world, ["-f"]);
  await follower.until("TEXT one\n");
  Deno.kill(await findHolder(world), "SIGKILL");
  const second = await launch(world, "echo two; exit 3");
  const { code, text, stderr } = await follower.end();
  assert.equal(code, 0, stderr);
  assert.deepEqual(text.split("\n").filter((line) => line.startsWith("TEXT")), [
    "TEXT one",
    "TEXT two",
  ]);
  assert.match(stderr, new RegExp(`${first} was cut off`));
  assert.match(stderr, new RegExp(`runs again: ${second}`));
  assert.match(stderr, new RegExp(`${second} is failed, exit code 3`));
});

Deno.test("whatever an agent prints is kept byte for byte and acts on no terminal", async () => {
  await using world = await makeRunWorld("bytes");
  const script = [
    String.raw`printf '\033[2J\033]0;owned\007\233\377\000mid\r\n'`,
    "head -c 300000 /dev/zero | tr '\\0' x; echo",
    String.raw`printf 'no end'`,
  ].join("\n");
  const run = await launch(world, script);
  const pretty = await look(world, ["-f", "--run", run]).end();
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(pretty.text, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  assert.match(pretty.text, /TEXT \^\[\[2J\^\[\]0;owned\^G/);
  assert.match(pretty.text, /TEXT no end/);
  const raw = await look(world, ["--raw"]).end();
  const escapes = "\x1b[2J\x1b]0;owned\x07\x9b\xff\x00mid\r\n";
  assert.deepEqual(raw.bytes.slice(0, escapes.length), [...escapes].map((c) => c.charCodeAt(0)));
  assert.equal(raw.bytes.length, escapes.length + 300_001 + "no end".length);
});

Deno.test("watch shows what a cage does in a terminal, narrow and wide, and leaves it as it was", async () => {
  await using world = await makeRunWorld("watch", { network: 'mode = "allowlist"' });
  await using terminal = await openTerminal(world, { columns: 110, rows: 15 });
  await terminal.type("echo before; stty -g > ../before; sandcage watch; stty -g > ../after");
  await terminal.expect(/No cages yet/);
  await launch(
    world,
    "echo begun; curl -s https://blocked.example; echo refused; sleep 600",
  );
  await terminal.expect(/1 cage, 1 at work .*· [1-9]\d* blocked/);
  await terminal.expect(/shell +running +\d+[sm] +- +[1-9]\d* +refused/);
  await terminal.resize(50, 8);
  await terminal.expect(/^CAGE +STATE +BLOCKED +LAST *$/m);
  await terminal.resize(110, 15);
  await terminal.expect(/SERVICE +STATE +AGO/);
  await world.sandcage(["stop"]);
  await terminal.expect(/shell +stopped/);
  await terminal.press("q");
  await terminal.expect(/before\n+host\$/);
  assert.doesNotMatch(await terminal.screen(), /SERVICE/);
  const at = join(world.project, "..");
  assert.equal(
    await Deno.readTextFile(join(at, "after")),
    await Deno.readTextFile(join(at, "before")),
  );
});
