/** Images are built when their recipe changed, and only then; what is inside works without root. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../src/engine/process.ts";
import { MISE_PACKAGE } from "../../src/image/versions.ts";
import { docker } from "../../tools/engine_state.ts";
import { waitFor } from "./support/files.ts";
import { makeWorld, RUN_ID, type World } from "./support/world.ts";

/** References that `sandcage build` prints, by service. */
function parseBuilt(stdout: string): Map<string, string> {
  const rows = stdout.trim().split("\n").slice(1).map((line) => line.split(/\s+/));
  return new Map(rows.map(([service, image]) => [service!, image!]));
}

async function build(world: World, ...args: string[]): Promise<Map<string, string>> {
  const result = await world.sandcage(["build", ...args], { timeoutMs: 900_000 });
  assert.equal(result.code, 0, result.stderr);
  return parseBuilt(result.stdout);
}

async function shell(world: World, script: string): Promise<{ stdout: string; stderr: string }> {
  const result = await world.sandcage(["shell", "--", "bash", "-c", script]);
  assert.equal(result.code, 0, result.stderr);
  return result;
}

/** Removes the images a world built, and only those, when its test ends: its logs name them. */
function removingImages(world: World, ...more: string[]): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      const refs = (await readLogNames(world)).flatMap((name) => {
        const match = /^build-sandcage-(.+)-([0-9a-f]{12})-\d{4}-/.exec(name);
        return match === null ? [] : [`sandcage/${match[1]}:${match[2]}`];
      });
      for (const ref of [...refs.toReversed(), ...more]) {
        // A failed build has a log and no image.
        await docker(["image", "rm", "--force", ref]).catch(() => {});
      }
    },
  };
}

/** File names of the build logs of a world; none before its first build. */
async function readLogNames(world: World): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(join(world.state, "logs")));
    return entries.map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Puts a `docker` before the real one that writes down what it was asked. */
async function recordDocker(
  world: World,
): Promise<{ env: { PATH: string }; calls(): Promise<string[]> }> {
  const bin = join(world.root, "bin");
  const log = join(world.root, "docker.log");
  const path = Deno.env.get("PATH")!;
  const real = path.split(":").map((dir) => join(dir, "docker")).find((file) => {
    try {
      return Deno.statSync(file).isFile;
    } catch {
      return false;
    }
  });
  await Deno.mkdir(bin);
  await Deno.writeTextFile(
    join(bin, "docker"),
    `#!/bin/sh\necho "$*" >>'${log}'\nexec '${real}' "$@"\n`,
    { mode: 0o755 },
  );
  return {
    env: { PATH: `${bin}:${path}` },
    calls: async () => (await Deno.readTextFile(log).catch(() => "")).split("\n").filter(Boolean),
  };
}

Deno.test("from a base never seen before to a working shell, then nothing is built again", async (t) => {
  const base = `sandcage-e2e/${RUN_ID}:base`;
  await docker(["tag", "debian:trixie-slim", base]);
  await using world = await makeWorld("image", { config: `[image]\nbase = "${base}"\n` });
  await using _images = removingImages(world, base);
  const built = await build(world, "shell");
  const image = built.get("shell")!;

  await t.step("the image says what it is", async () => {
    const labels = JSON.parse(
      await docker(["image", "inspect", "--format", "{{json .Config.Labels}}", image]),
    );
    assert.equal(labels["dev.sandcage.managed"], "true");
    assert.ok(image.endsWith(`:${labels["dev.sandcage.recipe"].slice(0, 12)}`));
  });
  await t.step("a session in it works and builds nothing", async () => {
    const { stdout, stderr } = await shell(
      world,
      "node --version && git --version && rg --version",
    );
    assert.match(stdout, /^v22\.\d+\.\d+\ngit version/);
    assert.doesNotMatch(stderr, /Building/);
  });
  await t.step(
    "an unchanged build asks the engine whether it is there, and nothing else",
    async () => {
      const recorded = await recordDocker(world);
      const again = await world.sandcage(["build", "shell"], { env: recorded.env });
      assert.equal(again.code, 0, again.stderr);
      assert.equal(parseBuilt(again.stdout).get("shell"), image);
      // A local engine is asked over its socket, without its client.
      const others = (await recorded.calls()).filter((call) => call !== `inspect ${image}`);
      assert.deepEqual(others, []);
    },
  );
});

Deno.test("a package is added by name, its comment kept, and only the project's part is rebuilt", async (t) => {
  await using world = await makeWorld("package");
  await using _images = removingImages(world);
  const before = await build(world, "shell");
  await world.write(".sandcage.yml", "version: 1\n# what this project needs\npackages: []\n");

  await t.step("the new program is there", async () => {
    const added = await world.sandcage(["package", "add", "hello"], { timeoutMs: 900_000 });
    assert.equal(added.code, 0, added.stderr);
    assert.match(
      await world.read(".sandcage.yml"),
      /# what this project needs\npackages: \[hello\]/,
    );
    const { stdout } = await shell(world, "hello");
    assert.equal(stdout, "Hello, world!\n");
    assert.notDeepEqual(await build(world, "shell"), before);
  });
  await t.step("the base was not built again", async () => {
    const names = await readLogNames(world);
    assert.ok(!names.some((name) => name.includes("sandcage-base")), names.join());
  });
  await t.step("one that Debian does not have changes nothing and names step and log", async () => {
    const text = await world.read(".sandcage.yml");
    const failed = await world.sandcage(["package", "add", "no-such-package-7f3a"], {
      timeoutMs: 900_000,
    });
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /step: .*apt-install hello no-such-package-7f3a/);
    assert.match(failed.stderr, /Unable to locate package no-such-package-7f3a/);
    const log = /whole log: (\S+)/.exec(failed.stderr)?.[1];
    assert.match(await Deno.readTextFile(log!), /Unable to locate package/);
    assert.equal(await world.read(".sandcage.yml"), text);
  });
});

Deno.test("the user's own Dockerfile builds on the base, fails in plain words, follows its files", async (t) => {
  await using world = await makeWorld("dockerfile");
  await using _images = removingImages(world);
  const file = join(world.root, "image", "Dockerfile");
  await Deno.mkdir(join(world.root, "image"));
  await Deno.writeTextFile(join(world.root, "image", "greeting"), "one\n");
  await world.configure(`[image]\ndockerfile = "${file}"\n`);

  await t.step("a failing step is shown with what it said and where the log is", async () => {
    await Deno.writeTextFile(file, "FROM sandcage/base\nRUN echo last words && exit 3\n");
    const failed = await world.sandcage(["build", "shell"]);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /step: .*RUN echo last words && exit 3/);
    assert.match(failed.stderr, /\| last words\n/);
    assert.match(failed.stderr, /exit code: 3/);
    const log = /whole log: (\S+\.log)/.exec(failed.stderr)?.[1];
    assert.match(await Deno.readTextFile(log!), /last words/);
  });
  await t.step("mended, the next build works", async () => {
    await Deno.writeTextFile(file, "FROM sandcage/base\nCOPY greeting /etc/greeting\n");
    await build(world, "shell");
    assert.equal((await shell(world, "cat /etc/greeting")).stdout, "one\n");
  });
  await t.step("a changed file of its context is a new image", async () => {
    await Deno.writeTextFile(join(world.root, "image", "greeting"), "another\n");
    assert.equal((await shell(world, "cat /etc/greeting")).stdout, "another\n");
  });
  await t.step("one that does not stand on sandcage/base is refused", async () => {
    await Deno.writeTextFile(file, "FROM debian:trixie-slim\n");
    const refused = await world.sandcage(["build", "shell"]);
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /does not build on sandcage\/base/);
  });
});

Deno.test("a build killed half way leaves nothing that stops the next one", async () => {
  await using world = await makeWorld("killed");
  await using _images = removingImages(world);
  const file = join(world.root, "Dockerfile");
  await world.configure(`[image]\ndockerfile = "${file}"\n`);
  // It fails in the end: the engine may finish what its dead client began, and leave no image.
  await Deno.writeTextFile(
    file,
    `FROM sandcage/base\nRUN echo ${RUN_ID} begins && sleep 5 && false\n`,
  );
  const child = world.spawn(["build", "shell"]);
  await waitFor("the slow step", async () => {
    const names = await readLogNames(world);
    const texts = await Promise.all(
      names.map((name) => Deno.readTextFile(join(world.state, "logs", name))),
    );
    return texts.some((text) => text.includes(`${RUN_ID} begins\n`)) ? true : undefined;
  });
  await child.end("SIGKILL");
  await Deno.writeTextFile(file, `FROM sandcage/base\nRUN echo ${RUN_ID} >/etc/whole\n`);
  await build(world, "shell");
  assert.equal((await shell(world, "cat /etc/whole")).stdout, `${RUN_ID}\n`);
  const left = await Array.fromAsync(Deno.readDir(join(world.state, "tmp")));
  assert.deepEqual(left, []);
});

Deno.test("two builds of one image at the same time build it once", async () => {
  await using world = await makeWorld("together");
  await using _images = removingImages(world);
  const file = join(world.root, "Dockerfile");
  await world.configure(`[image]\ndockerfile = "${file}"\n`);
  await Deno.writeTextFile(file, `FROM sandcage/base\nRUN echo ${RUN_ID} together && sleep 2\n`);
  const built = await Promise.all([build(world, "shell"), build(world, "shell")]);
  assert.deepEqual(built[0], built[1]);
  const logs = await readLogNames(world);
  assert.equal(logs.filter((name) => name.includes("sandcage-tools")).length, 1);
});

Deno.test("apt-get and sudo answer with the line to add", async () => {
  await using world = await makeWorld("shims");
  const { stdout, stderr } = await shell(
    world,
    "apt-get install -y jq tree; echo $?; sudo apt install -y jq; echo $?; sudo true; echo $?; " +
      "bash -lc 'apt-get update'; echo $?; apt-get --version | head -1",
  );
  assert.match(stdout, /^1\n1\n1\n1\napt \d/);
  assert.match(stderr, /packages: \[jq, tree\]/);
  assert.match(stderr, /sandcage package add jq tree\n/);
  assert.match(stderr, /apt: .*read-only[^]*packages: \[jq\]/);
  assert.match(stderr, /sudo: there is no root inside a cage/);
});

Deno.test("TLS inside trusts what the host trusts", async () => {
  await using world = await makeWorld("tls");
  const { stdout } = await shell(
    world,
    "npm view cowsay@1.6.0 version && " +
      'url=$(npm config get registry) && curl -sS -o /dev/null -w "%{http_code}\\n" "$url" && ' +
      'python3 -c "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).status)" "$url"',
  );
  assert.equal(stdout, "1.6.0\n200\n200\n");
});

Deno.test("npm install -g lands in the home and is there in the next session", async () => {
  await using world = await makeWorld("global");
  await Deno.mkdir(join(world.project, "tool"));
  await world.write(
    "tool/package.json",
    JSON.stringify({ name: "e2e-tool", version: "1.0.0", bin: "tool.js" }),
  );
  await world.write("tool/tool.js", '#!/usr/bin/env node\nprocess.stdout.write("it works\\n");\n');
  await shell(world, "npm install -g --offline $(npm pack --silent ./tool) >&2");
  const { stdout } = await shell(world, "command -v e2e-tool && e2e-tool && bash -lc e2e-tool");
  assert.equal(stdout, "/home/agent/.local/bin/e2e-tool\nit works\nit works\n");
});

Deno.test("setup lines run at the first start and again when they changed", async (t) => {
  await using world = await makeWorld("setup");
  // In the user's own file: a project's setup lines would ask for trust first.
  const setup = (line: string) => world.configure(`setup = ["${line}"]\n`);
  const runs = async () => (await world.read("runs.txt")).trim().split("\n");
  await setup("echo one >>runs.txt");
  const first = await shell(world, "echo started");

  await t.step("before the agent, on stderr", async () => {
    assert.deepEqual(await runs(), ["one"]);
    assert.equal(first.stdout, "started\n");
    assert.match(first.stderr, /running setup/);
  });
  await t.step("once", async () => {
    assert.doesNotMatch((await shell(world, "true")).stderr, /running setup/);
    assert.deepEqual(await runs(), ["one"]);
  });
  await t.step("again when changed", async () => {
    await setup("echo two >>runs.txt");
    await shell(world, "true");
    assert.deepEqual(await runs(), ["one", "two"]);
  });
  await t.step("a failing line stops the session and is tried again", async () => {
    await setup("echo three >>runs.txt; exit 7");
    for (const _ of [1, 2]) {
      const failed = await world.sandcage(["shell", "--", "touch", "agent-ran"]);
      assert.equal(failed.code, 1);
      assert.match(failed.stderr, /setup failed with exit code 7/);
    }
    assert.deepEqual(await runs(), ["one", "two", "three", "three"]);
    await assert.rejects(world.read("agent-ran"), Deno.errors.NotFound);
  });
});

Deno.test("toolchains: Node from npm, Python from Debian, agents on sandcage's own Node", async (t) => {
  await using world = await makeWorld("toolchains", {
    config: '[toolchains]\nnode = "20"\npython = "system"\n' +
      '[services.printer]\ninstall = { npm = "cowsay@1.6.0" }\ncommand = ["cowsay"]\n',
  });
  await using _images = removingImages(world);
  await build(world, "shell", "printer");

  await t.step("the project's programs have its versions", async () => {
    const { stdout } = await shell(
      world,
      "node --version; npm --version; " +
        'python3 -m venv .venv && .venv/bin/pip --version && bash -lc "node --version"',
    );
    assert.match(stdout, /^v20\.\d+\.\d+\n10\.\d+\.\d+\npip .*\nv20\./);
  });
  await t.step("an agent starts with sandcage's own, whatever the project has", async () => {
    const script = "sed -n 2p /opt/cage/agents/bin/cowsay; cowsay hello";
    const { stdout } = await world.sandcage(["printer", "--shell", "--", "bash", "-c", script]);
    assert.match(stdout, /^exec \/opt\/cage\/node\/bin\/node /);
    assert.match(stdout, /< hello >/);
  });
});

Deno.test("mise installs from npm and starts", async () => {
  await using world = await makeWorld("mise");
  const image = (await build(world, "shell")).get("shell")!;
  const result = await run("docker", [
    ...["run", "--rm", "--interactive", "--user=0", image],
    ...["sh", "-c", 'cat >/tmp/install && sh /tmp/install "$1" >&2 && mise --version', "sh"],
    MISE_PACKAGE,
  ], {
    stdin: await Deno.readTextFile(
      new URL("../../images/agent/toolchain-install", import.meta.url),
    ),
    timeoutMs: 400_000,
  });
  assert.equal(result.code, 0, result.stderr);
  assert.ok(result.stdout.startsWith(MISE_PACKAGE.split("@").at(-1)!), result.stdout);
});
