/** Cages that run on by themselves: panes, detaching, terminals that close, holders that die. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../src/engine/process.ts";
import { docker, listContainers, observeRun } from "../../tools/engine_state.ts";
import { openTcpDoor } from "./support/acp/tcp_door.ts";
import { exists, waitFor } from "./support/files.ts";
import { openTerminal, type Terminal } from "./support/tmux.ts";
import { initRepository, makeWorld, type World } from "./support/world.ts";

/** An agent that shows its arguments and waits. */
const AGENT = `[services.scripted]
command = ["bash", "-c", 'echo "agent: $*"; exec sleep 1000', "scripted"]
args = ["a  b", "$X", "#{x}", "l;"]
bypass = ["--yes"]
`;

/** What it shows: every argument as it was given. */
const SHOWN = /agent: a {2}b \$X #\{x\} l; --yes/;

/** Whoever comes first builds the images. */
const SLOW_MS = 400_000;

const ATTACH = "sandcage attach --service scripted";

/** A world whose desk is stopped with it, whatever the test did. */
async function makeDeskWorld(
  name: string,
  options: { config?: string; network?: string } = {},
): Promise<World> {
  const { config = "", network } = options;
  const world = await makeWorld(name, {
    config: `${config}\n${AGENT}`,
    ...(network === undefined ? {} : { network }),
  });
  return {
    ...world,
    async [Symbol.asyncDispose]() {
      await world.sandcage(["stop"]);
      await world[Symbol.asyncDispose]();
    },
  };
}

async function start(world: World, args: readonly string[] = []): Promise<string> {
  const started = await world.sandcage(["start", "--service", "scripted", ...args]);
  assert.equal(started.code, 0, started.stderr);
  assert.equal(started.stdout, "");
  return started.stderr;
}

/** Makes the copy cage `web` of the world's project. */
async function createCage(world: World): Promise<void> {
  const args = ["create", "--dir", ".", "--name", "web", "--service", "scripted", "--no-attach"];
  const made = await world.sandcage(args, { timeoutMs: SLOW_MS });
  assert.equal(made.code, 0, made.stderr);
}

/** The container with the panes. */
async function findDesk(world: World): Promise<string> {
  const names = (await listContainers(world.root)).filter((name) =>
    !/-gateway$|courier/.test(name)
  );
  assert.equal(names.length, 1, names.join(" "));
  return names[0]!;
}

async function tmux(container: string, args: readonly string[]): Promise<string> {
  return await docker(["exec", container, "tmux", "-S", "/run/cage/desk/tmux", ...args]);
}

async function listPanes(container: string): Promise<string[][]> {
  const format = "#{pane_left} #{pane_width} #{pane_current_command}";
  const text = await tmux(container, ["list-panes", "-t", "desk", "-F", format]);
  return text.split("\n").map((line) => line.split(" "));
}

async function countClients(container: string): Promise<number> {
  const text = await tmux(container, ["list-clients", "-F", "#{client_pid}"]);
  return text.split("\n").filter((line) => line !== "").length;
}

/** Processes on this machine that have to do with a world. */
async function listProcesses(world: World): Promise<string[]> {
  const { stdout } = await run("ps", ["-eo", "pid,args", "-ww"], { timeoutMs: 10_000 });
  return stdout.split("\n").filter((line) =>
    line.includes(world.state) && /\bhold\b|compose/.test(line)
  );
}

async function findHolder(world: World): Promise<number> {
  const holders = (await listProcesses(world)).filter((line) => / hold /.test(line));
  assert.equal(holders.length, 1, holders.join("\n"));
  return Number.parseInt(holders[0]!.trim(), 10);
}

async function assertNothingRuns(world: World): Promise<void> {
  assert.deepEqual(await listContainers(world.root), []);
  const mark = world.project.split("/").at(-1)!;
  assert.deepEqual((await observeRun(mark)).networks, []);
  await waitFor("its processes to end", async () => {
    return (await listProcesses(world)).length === 0 || undefined;
  });
}

/** What only the terminal of a desk shows. */
const STATUS = /C-a d: leave/;

async function leave(terminal: Terminal, prefix = "C-a"): Promise<void> {
  await terminal.press(prefix);
  await terminal.press("d");
  await terminal.expect(/host\$ *\s*$/);
}

Deno.test("attach starts the panes: editor left, agent without questions, shell; 60 % and C-a", async () => {
  await using world = await makeDeskWorld("desk-ide", { network: "" });
  await using terminal = await openTerminal(world, { columns: 120, rows: 40 });
  await terminal.type(ATTACH);
  await terminal.expect(SHOWN, SLOW_MS);
  await terminal.expect(STATUS);
  const container = await findDesk(world);
  const panes = await waitFor("the editor", async () => {
    const found = await listPanes(container);
    const tree = await docker(["exec", container, "ps", "-eo", "args"]);
    return found.length === 3 && /^nvim .*\.$/m.test(tree) ? found : undefined;
  });
  const [left, right] = [panes[0]!, panes.slice(1)];
  assert.equal(left[0], "0");
  assert.ok(Math.abs(Number(left[1]) - 72) <= 1, `the editor has ${left[1]} of 120 columns`);
  assert.equal(new Set(right.map(([at]) => at)).size, 1, "agent above shell");
  // The editor stands in the project's root, and is what vi means.
  await terminal.expect(/README\.md/);
  assert.match(await docker(["exec", container, "vi", "--version"]), /NVIM/);
  await leave(terminal);
  await terminal.type('echo "code=$?"');
  await terminal.expect(/^code=0$/m);
});

Deno.test("the prefix and d leave it running; the next attach finds the same shell", async () => {
  await using world = await makeDeskWorld("desk-back", { config: '[attach]\nlayout = "split"' });
  await using terminal = await openTerminal(world);
  await terminal.type(ATTACH);
  await terminal.expect(STATUS, SLOW_MS);
  await terminal.press("C-a");
  await terminal.press("Right");
  await terminal.type("here=$((40+2)) PS1='inside> '");
  await terminal.expect(/inside> /);
  await leave(terminal);
  const container = await findDesk(world);
  await waitFor("the client to go", async () => await countClients(container) === 0 || undefined);
  await terminal.type("clear");
  await terminal.type(ATTACH);
  await terminal.expect(STATUS);
  await terminal.type('echo "still=$here"');
  await terminal.expect(/still=42/);
  assert.equal(await findDesk(world), container);
  // As keys come over a line that stood still for a moment.
  await terminal.press("x", "y", "z", "C-a", "d");
  await terminal.expect(/host\$ *\s*$/);
});

Deno.test("two terminals are attached at once and see the same", async () => {
  await using world = await makeDeskWorld("desk-two", { config: '[attach]\nlayout = "agent"' });
  await using first = await openTerminal(world);
  await using second = await openTerminal(world);
  await start(world);
  for (const terminal of [first, second]) await terminal.type(ATTACH);
  for (const terminal of [first, second]) await terminal.expect(SHOWN);
  const container = await findDesk(world);
  assert.equal(await countClients(container), 2);
  await leave(first);
  await waitFor("one client to go", async () => await countClients(container) === 1 || undefined);
  await second.expect(STATUS);
});

Deno.test("a terminal that is closed leaves the cage running and no client in it", async () => {
  await using world = await makeDeskWorld("desk-hup", { config: '[attach]\nlayout = "split"' });
  {
    await using terminal = await openTerminal(world);
    // Started by this very terminal, which is what would take a child along.
    await terminal.type(ATTACH);
    await terminal.expect(STATUS, SLOW_MS);
  }
  const container = await findDesk(world);
  await waitFor("the client to go", async () => await countClients(container) === 0 || undefined);
  await waitFor("the agent, which goes on", async () => {
    const count = await docker(["exec", container, "pgrep", "-c", "sleep"]).catch(() => "0");
    return count === "1" || undefined;
  });
  await findHolder(world);
});

Deno.test("after kill -9 of an attach the next one ends the client it left", async () => {
  await using world = await makeDeskWorld("desk-left", { config: '[attach]\nlayout = "agent"' });
  await using first = await openTerminal(world);
  await using second = await openTerminal(world);
  await first.type(ATTACH);
  await first.expect(STATUS, SLOW_MS);
  const container = await findDesk(world);
  const { stdout } = await run("pgrep", ["-f", `attach.*--service scripted`], { timeoutMs: 5_000 });
  const own = await Promise.all(
    stdout.split("\n").filter((line) => line !== "").map(async (pid) => {
      const env = await Deno.readTextFile(`/proc/${pid}/environ`).catch(() => "");
      return env.includes(`SANDCAGE_HOME=${world.state}`) ? [Number(pid)] : [];
    }),
  );
  for (const pid of own.flat()) Deno.kill(pid, "SIGKILL");
  assert.ok(own.flat().length > 0);
  assert.equal(await countClients(container), 1, "the control: nobody ended it");
  await second.type(ATTACH);
  await second.expect(STATUS);
  await waitFor("the old one to go", async () => await countClients(container) === 1 || undefined);
  await leave(second);
  await waitFor("the last to go", async () => await countClients(container) === 0 || undefined);
});

Deno.test("an agent that ends shows how, and a shell is in its place", async () => {
  await using world = await makeDeskWorld("desk-end", { config: '[attach]\nlayout = "agent"' });
  await using terminal = await openTerminal(world);
  await terminal.type(ATTACH);
  await terminal.expect(SHOWN, SLOW_MS);
  await terminal.press("C-c");
  await terminal.expect(/the agent has ended with 130/);
  await terminal.type('echo "shell=$((1+1))"');
  await terminal.expect(/shell=2/);
  // With its last pane the desk ends, and nothing else is left to run.
  await terminal.type("exit");
  // What is typed before the prompt is there, the attach may still take.
  await terminal.expect(/has ended; its files are kept[^]*host\$ *\s*$/);
  await terminal.type('echo "code=$?"');
  await terminal.expect(/^code=0$/m);
  await waitFor("the holder to clean up", async () => {
    return (await listContainers(world.root)).length === 0 || undefined;
  });
  await assertNothingRuns(world);
});

Deno.test("stop ends everything: container, gateway, network, processes; the work stays", async () => {
  await using world = await makeDeskWorld("desk-stop", { network: "" });
  await start(world);
  const container = await findDesk(world);
  await docker(["exec", container, "sh", "-c", "echo kept > work.txt"]);
  assert.equal((await listContainers(world.root)).length, 2, "with its gateway");
  assert.ok((await listProcesses(world)).length > 0, "the control: they are found while it runs");
  const again = await start(world);
  assert.match(again, /runs already/);
  assert.equal(await findDesk(world), container);
  const stopped = await world.sandcage(["stop"]);
  assert.equal(stopped.code, 0, stopped.stderr);
  await assertNothingRuns(world);
  await start(world);
  const next = await findDesk(world);
  assert.notEqual(next, container);
  assert.equal(await docker(["exec", next, "cat", "work.txt"]), "kept");
});

Deno.test("programs hear of the end and have the time to save", async () => {
  await using world = await makeDeskWorld("desk-save", {
    config: '[attach]\nlayout = "agent"\n[services.saver]\n' +
      `command = ["bash", "-c", "trap 'sleep 1; echo saved > saved.txt; exit' HUP; touch up; while :; do sleep 0.1; done"]`,
  });
  const started = await world.sandcage(["start", "--service", "saver"]);
  assert.equal(started.code, 0, started.stderr);
  await waitFor("the trap", async () => await exists(join(world.project, "up")) || undefined);
  const stopped = await world.sandcage(["stop"]);
  assert.equal(stopped.code, 0, stopped.stderr);
  assert.equal(await world.read("saved.txt"), "saved\n");
});

Deno.test("after kill -9 of the holder the next command says so, cleans up and starts anew", async () => {
  await using world = await makeDeskWorld("desk-kill", { network: "" });
  await start(world);
  const before = await findDesk(world);
  Deno.kill(await findHolder(world), "SIGKILL");
  const said = await start(world);
  assert.match(said, /was killed.*started again/s);
  const after = await findDesk(world);
  assert.notEqual(after, before);
  assert.equal((await listContainers(world.root)).length, 2, "one session with its gateway");
  assert.equal((await world.sandcage(["stop"])).code, 0);
  await assertNothingRuns(world);
});

Deno.test("a cage with files of its own: attach and stop by name, its work stays, nothing else", async () => {
  await using world = await makeDeskWorld("desk-copy", { network: "" });
  await createCage(world);
  await using terminal = await openTerminal(world);
  await terminal.type("sandcage attach web");
  await terminal.expect(SHOWN, SLOW_MS);
  const container = await findDesk(world);
  await docker(["exec", container, "sh", "-c", "pwd > where.txt"]);
  await leave(terminal);
  const stopped = await world.sandcage(["stop", "web"]);
  assert.equal(stopped.code, 0, stopped.stderr);
  await assertNothingRuns(world);
  assert.ok(!await exists(join(world.project, "where.txt")), "the host has nothing of it");
  // The project's only cage needs no name.
  await terminal.type("clear; sandcage attach");
  await terminal.expect(STATUS, 60_000);
  const next = await findDesk(world);
  assert.equal(await docker(["exec", next, "cat", "where.txt"]), "/work/project");
  await leave(terminal);
  Deno.kill(await findHolder(world), "SIGKILL");
  const status = await world.sandcage(["status", "web"]);
  assert.match(status.stdout, /what held it was killed/);
  const again = await world.sandcage(["start", "web"]);
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stderr, /was killed/);
  const destroyed = await world.sandcage(["destroy", "web", "--yes", "--force"]);
  assert.equal(destroyed.code, 0, destroyed.stderr);
  await assertNothingRuns(world);
});

Deno.test("an engine behind a TCP port: attach, leave, come back, stop", async () => {
  await using door = openTcpDoor("/var/run/docker.sock");
  await using world = await makeDeskWorld("desk-tcp", { network: "" });
  world.env.DOCKER_HOST = door.url;
  await createCage(world);
  await using terminal = await openTerminal(world);
  await terminal.type("sandcage attach web");
  await terminal.expect(SHOWN, SLOW_MS);
  await leave(terminal);
  await terminal.type("clear; sandcage attach web");
  await terminal.expect(STATUS);
  await leave(terminal);
  const stopped = await world.sandcage(["stop", "web"]);
  assert.equal(stopped.code, 0, stopped.stderr);
  await assertNothingRuns(world);
});

Deno.test("dotfiles: packages of Stow come in, the install script runs once and may fail", async () => {
  await using world = await makeDeskWorld("desk-dot");
  const dotfiles = join(world.root, "dotfiles");
  await Deno.mkdir(join(dotfiles, "bash"), { recursive: true });
  await Deno.mkdir(join(dotfiles, "git", ".config", "git"), { recursive: true });
  await Deno.writeTextFile(join(dotfiles, "bash", ".bashrc"), "export FROM_DOTFILES=yes\n");
  await Deno.writeTextFile(join(dotfiles, "git", ".config", "git", "ignore"), "*.swp\n");
  await Deno.symlink("/etc/passwd", join(dotfiles, "git", ".pointer"));
  await Deno.writeTextFile(
    join(dotfiles, "install.sh"),
    '#!/bin/sh\necho "installing in $PWD as $(id -u)"\necho x >> ~/installed\nexit 3\n',
    { mode: 0o755 },
  );
  await initRepository(dotfiles, world.home);
  await world.configure(`${AGENT}\n[attach]\nlayout = "agent"\ndotfiles = "${dotfiles}"`);
  await createCage(world);
  assert.deepEqual(
    [...Deno.readDirSync(join(world.state, "cages"))].flatMap(({ name }) =>
      [...Deno.readDirSync(join(world.state, "cages", name))].map(({ name }) => name)
        .filter((name) => name.startsWith("dotfiles"))
    ),
    [],
    "the clone is gone",
  );
  const first = await world.sandcage(["start", "web"]);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /installing in \/home\/agent\/\.dotfiles as 6\d{4}/);
  assert.match(first.stderr, /install\.sh of your dotfiles failed with exit code 3/);
  const container = await findDesk(world);
  const inside = (line: string) => docker(["exec", container, "bash", "-c", line]);
  assert.equal(await inside("bash -ic 'echo $FROM_DOTFILES' 2>/dev/null"), "yes");
  assert.equal(await inside("cat ~/.config/git/ignore"), "*.swp");
  assert.equal(await inside("readlink ~/.pointer"), "/etc/passwd");
  assert.equal(await inside("ls -d ~/.dotfiles/.git ~/README.md 2>/dev/null || echo none"), "none");
  assert.equal((await world.sandcage(["stop", "web"])).code, 0);
  const second = await world.sandcage(["start", "web"]);
  assert.equal(second.code, 0, second.stderr);
  assert.doesNotMatch(second.stderr, /install/);
  assert.equal(await docker(["exec", await findDesk(world), "cat", "/home/agent/installed"]), "x");
});

Deno.test("dotfiles that cannot be had end the creation in words, and leave no cage", async () => {
  await using world = await makeDeskWorld("desk-nodot", {
    config: '[attach]\ndotfiles = "ext::sh -c touch% /tmp/never"',
  });
  const made = await world.sandcage(["create", "--dir", ".", "--name", "web", "--no-attach"]);
  assert.notEqual(made.code, 0);
  assert.match(made.stderr, /names a program that git would run/);
  assert.equal((await world.sandcage(["exists", "web"])).code, 1);
});

Deno.test("a terminal nobody has heard of can attach", async () => {
  await using world = await makeDeskWorld("desk-term", { config: '[attach]\nlayout = "agent"' });
  await using terminal = await openTerminal(world);
  await start(world);
  await terminal.type(`TERM=no-such-terminal ${ATTACH}`);
  await terminal.expect(STATUS);
  await leave(terminal);
});

Deno.test("two starts at once make one desk", async () => {
  await using world = await makeDeskWorld("desk-race");
  await start(world);
  assert.equal((await world.sandcage(["stop"])).code, 0);
  await Promise.all([start(world), start(world), start(world)]);
  await findDesk(world);
  await waitFor("the others to leave it to one", async () => {
    const holders = (await listProcesses(world)).filter((line) => / hold /.test(line));
    return holders.length === 1 || undefined;
  });
});

Deno.test("without a terminal attach says what to do, and starts nothing", async () => {
  await using world = await makeDeskWorld("desk-pipe");
  const result = await world.sandcage(["attach", "--service", "scripted"]);
  assert.equal(result.code, 2);
  assert.match(result.stderr, /no terminal[^]*sandcage start/);
  assert.deepEqual(await listContainers(world.root), []);
});

Deno.test("a desk that does not come up shows its last words and leaves nothing", async () => {
  await using world = await makeDeskWorld("desk-fail", {
    config: 'setup = ["echo the-reason \\u001b[31m>&2; exit 7"]',
  });
  const result = await world.sandcage(["start", "--service", "scripted"]);
  assert.equal(result.code, 1, result.stderr);
  assert.match(result.stderr, /the-reason/);
  assert.match(result.stderr, /did not start/);
  assert.ok(!result.stderr.includes("\x1b"), "nothing from inside acts on the terminal");
  const log = /(\/\S+desk\.log)/.exec(result.stderr)?.[1];
  assert.match(await Deno.readTextFile(log!), /the-reason/);
  await assertNothingRuns(world);
});

Deno.test("a start that is interrupted leaves nothing", async () => {
  await using world = await makeDeskWorld("desk-abort", { config: 'setup = ["sleep 100"]' });
  const child = world.spawn(["start", "--service", "scripted"]);
  await waitFor("its container", async () => {
    return (await listContainers(world.root)).length === 1 || undefined;
  }, { timeoutMs: SLOW_MS });
  assert.equal(await child.end("SIGINT"), 130);
  await waitFor("the holder to clean up", async () => {
    return (await listContainers(world.root)).length === 0 || undefined;
  });
  await assertNothingRuns(world);
});

Deno.test("a stop that comes while it starts is meant for it", async () => {
  await using world = await makeDeskWorld("desk-early");
  await start(world);
  assert.equal((await world.sandcage(["stop"])).code, 0);
  // A stop that takes its time must not come to a desk that is up already.
  await world.configure(`setup = ["sleep 100"]\n${AGENT}`);
  const child = world.spawn(["start", "--service", "scripted"]);
  await waitFor("its holder", async () => (await listProcesses(world)).length > 0 || undefined);
  const stopped = await world.sandcage(["stop"]);
  assert.equal(stopped.code, 0, stopped.stderr);
  const { code, stderr } = await child.ended;
  assert.equal(code, 1, stderr);
  assert.match(stderr, /did not start/);
  await assertNothingRuns(world);
});

Deno.test("another agent is refused while one runs", async () => {
  await using world = await makeDeskWorld("desk-other");
  await start(world);
  const other = await world.sandcage(["start", "--service", "shell"]);
  assert.equal(other.code, 5, other.stderr);
  assert.match(other.stderr, /runs already, with scripted/);
});

Deno.test("zsh asks nothing at its first start; nano, another prefix and layout split", async () => {
  await using world = await makeDeskWorld("desk-zsh", {
    config: '[attach]\nshell = "zsh"\neditor = "nano"\nprefix = "C-b"\nlayout = "split"',
  });
  await using terminal = await openTerminal(world);
  await terminal.type(ATTACH);
  await terminal.expect(/C-b d: leave/, SLOW_MS);
  await terminal.press("C-b");
  await terminal.press("Right");
  await terminal.type('echo "$ZSH_NAME $EDITOR ${#:-ünï}"');
  await terminal.expect(/zsh nano 3/);
  await leave(terminal, "C-b");
});
