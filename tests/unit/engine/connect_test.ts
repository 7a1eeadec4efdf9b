import assert from "node:assert/strict";
import { connectEngine } from "../../../src/engine/connect.ts";
import type { Host } from "../../../src/host.ts";
import { type Answers, fakeHost, fakeRun, fixture } from "./support.ts";

/** A host with a "socket" and a compose plugin that are plain files below a temporary directory. */
async function withHost(test: (host: Host, plugin: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${root}/sock`, "");
    await Deno.writeTextFile(`${root}/docker-compose`, "");
    const env = { DOCKER_HOST: `unix://${root}/sock`, PATH: root };
    await test(fakeHost(root, env), `${root}/docker-compose`);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

function info(compose: string | null): string {
  const value = JSON.parse(fixture("info_20.10.json"));
  const plugin = { Name: "compose", Version: "2.26.1", Path: compose };
  value.ClientInfo.Plugins = compose === null ? [] : [plugin];
  return JSON.stringify(value);
}

function healthy(compose: string | null): Answers {
  return {
    "docker info": { stdout: info(compose) },
    "docker version": { stdout: fixture("version_20.10.json") },
  };
}

Deno.test("connectEngine() asks twice when cold, never when warm, anew after a restart", async () => {
  await withHost(async (host, plugin) => {
    const { run, calls } = fakeRun(healthy(plugin));
    const cold = await connectEngine({ host, run });
    assert.equal(calls.length, 2);
    const warm = await connectEngine({ host, run });
    assert.equal(calls.length, 2);
    assert.deepEqual(warm.capabilities, cold.capabilities);
    assert.equal(warm.capabilities.composeVersion, "2.26.1");

    const socket = host.env.DOCKER_HOST!.slice("unix://".length);
    await Deno.writeTextFile(`${socket}.new`, "");
    await Deno.rename(`${socket}.new`, socket);
    await connectEngine({ host, run });
    assert.equal(calls.length, 4);
  });
});

Deno.test("composeCommand() calls the plugin itself; docker compose once it is gone", async () => {
  await withHost(async (host, plugin) => {
    const { run, calls } = fakeRun(healthy(plugin));
    const engine = await connectEngine({ host, run });
    const env = { DOCKER_HOST: host.env.DOCKER_HOST!, DOCKER_CONTEXT: "" };
    assert.deepEqual(engine.composeCommand(["ps"]), { command: plugin, args: ["ps"], env });
    await Deno.remove(plugin);
    const fallback = { command: "docker", args: ["compose", "ps"], env };
    assert.deepEqual(engine.composeCommand(["ps"]), fallback);
    await connectEngine({ host, run });
    assert.equal(calls.length, 4);
  });
});

Deno.test("connectEngine() takes a compose v2 outside the plugin folders", async () => {
  await withHost(async (host, program) => {
    const answers = { ...healthy(null), [program]: { stdout: "v2.40.0\n" } };
    const engine = await connectEngine({ host, run: fakeRun(answers).run });
    assert.equal(engine.composeCommand([]).command, program);
    assert.equal(engine.capabilities.composeVersion, "2.40.0");
  });
});

Deno.test("connectEngine() refuses docker-compose v1 by its version, and its absence", async () => {
  await withHost(async (host, program) => {
    const answers = { ...healthy(null), [program]: { stdout: "1.29.2\n" } };
    await assert.rejects(connectEngine({ host, run: fakeRun(answers).run }), {
      code: "compose-missing",
      message: "Cannot use docker-compose 1.29.2: sandcage needs Docker Compose v2",
    });
    await Deno.remove(program);
    await assert.rejects(connectEngine({ host, run: fakeRun(healthy(null)).run }), {
      code: "compose-missing",
      exit: 4,
    });
  });
});

Deno.test("connectEngine() believes the 20.10 client's JSON, not its exit code 0", async () => {
  await withHost(async (host) => {
    const { run } = fakeRun({
      "docker info": { stdout: fixture("info_20.10_silent.json") },
      "docker version": { stdout: "" },
    });
    await assert.rejects(connectEngine({ host, run }), { code: "engine-unreachable", exit: 4 });
  });
});

Deno.test("connectEngine() says when the docker command is Podman's own", async () => {
  await withHost(async (host) => {
    const { run } = fakeRun({
      "docker info": { stdout: fixture("info_podman_client_5.4.json") },
      "docker version": { stdout: "null\n" },
    });
    await assert.rejects(connectEngine({ host, run }), {
      code: "engine-unreachable",
      exit: 4,
      message: /the docker command is Podman's own$/,
    });
  });
});

Deno.test("isLocal() proves by reading a nonce, and remembers the proof only", async () => {
  await withHost(async (host, plugin) => {
    let honest = false;
    const { run: answer, calls } = fakeRun({
      ...healthy(plugin),
      "docker image ls": { stdout: "0123456789ab\n" },
      "docker run": {},
    });
    const run: typeof answer = async (command, args, options) => {
      const result = await answer(command, args, options);
      if (args[0] !== "run" || !honest) return result;
      const source = /"source=([^"]*)"/.exec(args.join(" "))![1]!;
      return { ...result, stdout: await Deno.readTextFile(`${source}/nonce`) };
    };
    assert.equal(await (await connectEngine({ host, run })).isLocal(), false);
    honest = true;
    assert.equal(await (await connectEngine({ host, run })).isLocal(), true);
    const asked = calls.length;
    assert.equal(await (await connectEngine({ host, run })).isLocal(), true);
    assert.equal(calls.length, asked);
    const left = [...Deno.readDirSync(host.stateDir)].map(({ name }) => name);
    assert.deepEqual(left, ["engines"]);
    const probe = calls.find((line) => line.startsWith("docker run"))!;
    assert.match(probe, /^docker run --rm --network none --label dev\.sandcage\.managed=true /);
  });
});

Deno.test("isLocal() asks Debian's image before ours, and does without one that is gone", async () => {
  await withHost(async (host, plugin) => {
    const { run: answer, calls } = fakeRun({
      ...healthy(plugin),
      "docker image ls": { stdout: "0123456789ab\n" },
      "docker run": { code: 125, stderr: "No such image: 0123456789ab" },
      "docker import": { stdout: `sha256:${"e0".repeat(32)}\n` },
      "docker create": { stdout: "c0\n" },
      "docker cp": {},
      "docker rm": {},
      "docker image rm": {},
    });
    let source = "";
    const run: typeof answer = async (command, args, options) => {
      const result = await answer(command, args, options);
      source = /"source=([^"]*)"/.exec(args.join(" "))?.[1] ?? source;
      if (args[0] !== "cp") return result;
      return { ...result, stdout: await Deno.readTextFile(`${source}/nonce`) };
    };
    assert.equal(await (await connectEngine({ host, run })).isLocal(), true);
    const first = calls.find((line) => line.startsWith("docker image ls"))!;
    assert.match(first, /--filter reference=debian:/);
  });
});

Deno.test("isLocal() does not even ask an engine behind tcp", async () => {
  await withHost(async (host, plugin) => {
    const { run, calls } = fakeRun(healthy(plugin));
    const remote = { ...host, env: { DOCKER_HOST: "tcp://127.0.0.1:2375" } };
    assert.equal(await (await connectEngine({ host: remote, run })).isLocal(), false);
    assert.equal(calls.length, 2);
  });
});
