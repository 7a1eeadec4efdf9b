/** What goes wrong around a cage: a clear error with its code, nothing half-done, the next run works. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type ProcessResult, run } from "../../src/engine/process.ts";
import { docker, listContainers } from "../../tools/engine_state.ts";
import { listSessions } from "../../src/cage/sessions.ts";
import { waitFor } from "./support/files.ts";
import { makeWorld, RUN_ID, type World } from "./support/world.ts";

/** A clear error: the code, the words, a hint, no stack trace. */
function assertError(
  result: ProcessResult,
  { code, words }: { code: number; words: RegExp },
): void {
  assert.equal(result.code, code, `${result.stdout}\n${result.stderr}`);
  assert.match(result.stderr, words);
  assert.doesNotMatch(result.stderr, /^\s+at .+:\d+:\d+\)?$/m);
  assert.equal(result.stdout, "");
}

async function assertWorks(world: World, args = ["shell", "--", "echo", "works"]): Promise<void> {
  const result = await world.sandcage(args);
  assert.equal(result.code, 0, result.stderr);
  assert.equal(result.stdout, "works\n");
}

Deno.test("an engine that is not running is named, and how to start it", async () => {
  await using world = await makeWorld("dead", { cold: true });
  const dead = `unix://${world.root}/no.sock`;
  const result = await world.sandcage(["shell", "--", "true"], { env: { DOCKER_HOST: dead } });
  assertError(result, { code: 4, words: /no\.sock/ });
  await assertWorks(world);
});

Deno.test("no docker command on the PATH", async () => {
  await using world = await makeWorld("nodocker", { cold: true });
  const bin = join(world.root, "bin");
  await Deno.mkdir(bin);
  const result = await world.sandcage(["shell", "--", "true"], { env: { PATH: bin } });
  assertError(result, { code: 4, words: /docker/ });
  assert.match(result.stderr, /sandcage setup engine/);
});

Deno.test("docker without Compose v2", async () => {
  await using world = await makeWorld("nocompose", { cold: true });
  const bin = join(world.root, "bin");
  await Deno.mkdir(bin);
  // The real client, minus what it says of its compose plugin; nothing else is on the PATH.
  const script = `#!/bin/sh\n` +
    `${await which("docker")} "$@" | ${await which("sed")} 's/"Name":"compose"/"Name":"other"/g'\n`;
  await Deno.writeTextFile(join(bin, "docker"), script, { mode: 0o755 });
  const result = await world.sandcage(["shell", "--", "true"], { env: { PATH: bin } });
  assertError(result, { code: 4, words: /compose/i });
});

Deno.test("an unknown service, with the nearest one", async () => {
  await using world = await makeWorld("unknown");
  assertError(await world.sandcage(["cloude"]), { code: 2, words: /claude/ });
});

Deno.test("what is wrong in a config file: its place, and nothing started", async (t) => {
  await using world = await makeWorld("config");
  const rows = [
    ["broken YAML", ".sandcage.yml", "env: [unclosed\n", /\.sandcage\.yml:\d+/],
    ["a wrong type", ".sandcage.yml", "limits: { pids: many }\n", /\.sandcage\.yml:1.*pids/s],
    ["an unknown key", ".sandcage.yml", "enviroment: {}\n", /enviroment(.|\n)*env/],
    ["NUL bytes", ".sandcage.yml", "env: { A: '\0' }\n", /\.sandcage\.yml/],
    ["an anchor bomb", ".sandcage.yml", anchorBomb(), /\.sandcage\.yml/],
  ] as const;
  for (const [what, file, text, words] of rows) {
    await t.step(what, async () => {
      await world.write(file, text);
      assertError(await world.sandcage(["shell", "--", "true"]), { code: 3, words });
      await Deno.remove(join(world.project, file));
    });
  }
  await assertWorks(world);
});

Deno.test("a project that wants more is refused until it is trusted", async () => {
  await using world = await makeWorld("trust");
  const wanted = join(world.root, "wanted");
  await Deno.mkdir(wanted);
  await Deno.writeTextFile(join(wanted, "file"), "works\n");
  await world.write(".sandcage.yml", `mounts: [{ source: ${wanted} }]\n`);
  const read = ["shell", "--", "cat", join(wanted, "file")];
  assertError(await world.sandcage(read), { code: 3, words: /sandcage trust/ });
  const trust = await world.sandcage(["trust", "--yes"]);
  assert.equal(trust.code, 0, trust.stderr);
  await assertWorks(world, read);
});

for (const name of ["/", "HOME", "SANDCAGE_HOME", "SSH"]) {
  Deno.test(`${name} is no project`, async () => {
    await using world = await makeWorld("refused", { git: false });
    await Deno.mkdir(join(world.home, ".ssh"));
    const path = {
      "/": "/",
      HOME: world.home,
      SANDCAGE_HOME: world.state,
      SSH: join(world.home, ".ssh"),
    }[name]!;
    const result = await world.sandcage(["shell", "-p", path, "--", "true"]);
    assert.notEqual(result.code, 0);
    assertError(result, { code: result.code, words: /\S/ });
    assert.deepEqual(await listContainers(world.root), []);
  });
}

Deno.test("a symlinked project is the directory it points to", async () => {
  await using world = await makeWorld("symlink");
  const link = join(world.root, "link");
  await Deno.symlink(world.project, link);
  const result = await world.sandcage([
    "shell",
    "-p",
    link,
    "--",
    "sh",
    "-c",
    "pwd -P; cat README.md",
  ]);
  assert.equal(result.code, 0, result.stderr);
  assert.equal(result.stdout, `${world.project}\n# A project\n`);
});

Deno.test("a plain directory without git is a project too", async () => {
  await using world = await makeWorld("nogit", { git: false });
  await assertWorks(world);
});

Deno.test("a subdirectory of a repository starts the agent there, with the whole repository", async () => {
  await using world = await makeWorld("sub");
  const sub = join(world.project, "src", "deep");
  await Deno.mkdir(sub, { recursive: true });
  const result = await world.sandcage([
    "shell",
    "--",
    "sh",
    "-c",
    "pwd; git rev-parse --show-toplevel",
  ], { cwd: sub });
  assert.equal(result.stdout, `${sub}\n${world.project}\n`, result.stderr);
});

Deno.test("a project its user may not write can be read, and stays as it is", async () => {
  await using world = await makeWorld("readonly", {
    runAs: { uid: 61235, gid: 61235 },
    git: false,
  });
  await world.write("file.txt", "works\n");
  await Deno.chown(join(world.project, "file.txt"), 0, 0);
  await Deno.chown(world.project, 0, 0);
  await assertWorks(world, ["shell", "--", "cat", "file.txt"]);
  const write = await world.sandcage(["shell", "--", "touch", "new.txt"]);
  assert.equal(write.code, 1, write.stderr);
  assert.deepEqual(Array.from(Deno.readDirSync(world.project), (entry) => entry.name), [
    "file.txt",
  ]);
});

Deno.test("a published port reaches the cage from the loopback, and a taken one is named", async () => {
  const port = freePort();
  await using world = await makeWorld("port", { config: `ports = ["${port}"]\n` });
  const serve = `require('http').createServer((q,s)=>s.end('works')).listen(${port},'0.0.0.0')`;
  const child = world.spawn(["shell", "--", "node", "-e", serve]);
  try {
    const text = await waitFor(
      "the port",
      () => fetch(`http://127.0.0.1:${port}`).then((response) => response.text(), () => undefined),
    );
    assert.equal(text, "works");
  } finally {
    await child.end("SIGTERM");
  }
  using _listener = Deno.listen({ hostname: "127.0.0.1", port });
  const taken = await world.sandcage(["shell", "--", "true"]);
  assertError(taken, { code: 5, words: new RegExp(String(port)) });
  assert.deepEqual(await listContainers(world.root), []);
});

Deno.test("a second project builds nothing", async () => {
  await using first = await makeWorld("warm-one");
  await assertWorks(first);
  await using second = await makeWorld("warm-two");
  const started = await second.sandcage(["shell", "--", "echo", "works"]);
  assert.equal(started.stdout, "works\n");
  assert.doesNotMatch(started.stderr, /build/i);
  // The control: what is built is announced in exactly these words.
  await using _images = ownImages();
  await using other = await makeWorld("cold", { config: OWN_DOCKERFILE });
  await writeDockerfile(other, "RUN true");
  assert.match((await other.sandcage(["shell", "--", "true"])).stderr, /build/i);
});

Deno.test("list shows a running session, stop ends it", async () => {
  await using world = await makeWorld("stop");
  const child = world.spawn(["shell", "--", "sleep", "1000"]);
  const listed = await waitListed(world);
  assert.match(listed, new RegExp(world.project));
  const stopped = await world.sandcage(["stop"]);
  assert.equal(stopped.code, 0, stopped.stderr);
  await child.ended;
  assert.deepEqual(await listContainers(world.root), []);
});

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`${signal} while a session starts ends it with ${code}, and no container stays`, async () => {
    await using world = await makeWorld(`early-${code}`);
    const child = world.spawn(["shell", "--", "sleep", "1000"]);
    await waitFor("the session", async () => (await listSessions(world.state))[0]);
    assert.equal(await child.end(signal), code, (await child.ended).stderr);
    assert.deepEqual(await listContainers(world.root), []);
    assert.deepEqual(await listSessions(world.state), []);
  });
}

/** Config of a project whose image is built from the run's own Dockerfile. */
const OWN_DOCKERFILE = `[image]\ndockerfile = "${RUN_ID}.Dockerfile"\n`;

/** Images of this run's Dockerfiles, removed at the end. */
function ownImages(): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      const ids = await docker(["images", "--quiet", ...ownFilter()]);
      const unique = [...new Set(ids.split("\n").filter(Boolean))];
      if (unique.length > 0) await docker(["rmi", "--force", ...unique]);
    },
  };
}

function ownFilter(): string[] {
  return ["--filter", `label=dev.sandcage.e2e=${RUN_ID}`];
}

/** A Dockerfile beside the user's config, whose images are known by their label. */
async function writeDockerfile(world: World, step: string): Promise<void> {
  await Deno.writeTextFile(
    join(world.state, `${RUN_ID}.Dockerfile`),
    `FROM sandcage/base\nLABEL dev.sandcage.e2e=${RUN_ID}\n${step}\n`,
  );
}

async function which(program: string): Promise<string> {
  const found = await run("sh", ["-c", 'command -v "$0"', program], { timeoutMs: 10_000 });
  return found.stdout.trim();
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function waitListed(world: World): Promise<string> {
  await waitFor("a session", async () => (await listContainers(world.root))[0]);
  const result = await world.sandcage(["list", "--json"]);
  assert.equal(result.code, 0, result.stderr);
  return JSON.stringify(JSON.parse(result.stdout));
}

function anchorBomb(): string {
  const levels = Array.from({ length: 12 }, (_, level) => {
    const items = Array(10).fill(level === 0 ? "x" : `*a${level - 1}`).join(", ");
    return `l${level}: &a${level} [${items}]`;
  });
  return `${levels.join("\n")}\n`;
}
