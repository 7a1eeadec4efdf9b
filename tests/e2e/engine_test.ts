/** An engine is a value: reached, proven local, or refused with the reason, always in time. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { connectEngine } from "../../src/engine/connect.ts";
import { inspectAll } from "../../src/engine/inspect.ts";
import { requireLocal } from "../../src/engine/local.ts";
import { type Host, observeHost } from "../../src/host.ts";
import { IMAGE, LABEL } from "../../src/names.ts";
import { runSetupEngine } from "../../src/cli/commands/setup_engine.ts";
import type { Io } from "../../src/io.ts";
import { docker } from "../../tools/engine_state.ts";
import { RUN_ID } from "./support/world.ts";

/** A host of its own below a temporary directory; its engine is this machine's unless told. */
async function withHost(
  env: Record<string, string>,
  test: (host: Host, root: string) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: `sandcage-${RUN_ID}-engine-` });
  try {
    const real = observeHost();
    await test({ ...real, stateDir: join(root, "state"), env: { ...real.env, ...env } }, root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** Containers that mount something below a directory. */
async function findMounting(dir: string): Promise<string[]> {
  const format = ["--no-trunc", "--format", "{{.ID}} {{.Mounts}}"];
  const all = await docker(["ps", "--all", ...format]);
  return all.split("\n").filter((line: string) => line.includes(dir));
}

Deno.test("connecting to the real engine is cold once, then costs no process and under 5 ms", async () => {
  await withHost({}, async (host) => {
    const cold = await connectEngine({ host });
    assert.match(cold.capabilities.version, /^\d+\.\d+/);
    assert.match(cold.capabilities.apiVersion, /^1\.\d+$/);
    assert.ok(cold.capabilities.cpus >= 1);

    const refuse = () => Promise.reject(new Error("a warm connect must not start a process"));
    const times: number[] = [];
    for (let round = 0; round < 20; round++) {
      const started = performance.now();
      const warm = await connectEngine({ host, run: refuse });
      times.push(performance.now() - started);
      assert.deepEqual(warm.capabilities, cold.capabilities);
    }
    // What it costs is the fastest; in the others this machine had something else to do, too.
    const fastest = Math.min(...times);
    assert.ok(fastest < 5, `warm connect took ${fastest} ms`);

    const compose = cold.composeCommand(["version", "--short"]);
    const output = await new Deno.Command(compose.command, compose).output();
    assert.ok(new TextDecoder().decode(output.stdout).includes(cold.capabilities.composeVersion));
  });
});

Deno.test("the real engine proves that it is on this machine, and nothing is left of the proof", async () => {
  await withHost({}, async (host) => {
    const engine = await connectEngine({ host });
    assert.equal(await engine.isLocal(), true);
    await requireLocal(engine, "Mounting the project");
    assert.deepEqual([...Deno.readDirSync(host.stateDir)].map(({ name }) => name), ["engines"]);
    assert.deepEqual(await findMounting(host.stateDir), []);
  });
});

Deno.test("without any image the proof works too, and leaves no image behind", async () => {
  await withHost({}, async (host) => {
    const { run } = await import("../../src/engine/process.ts");
    const made: string[] = [];
    const engine = await connectEngine({
      host,
      run: async (command, args, options) => {
        const result = await run(command, args, options);
        if (args[0] === "import") made.push(result.stdout.trim());
        return args[1] === "ls" ? { ...result, stdout: "" } : result;
      },
    });
    assert.equal(await engine.isLocal(), true);
    assert.equal(made.length, 1);
    assert.equal((await inspectAll(engine, made)).size, 0);
    assert.deepEqual(await findMounting(host.stateDir), []);
  });
});

Deno.test("one question tells images, networks, volumes and containers, and what is missing", async () => {
  await withHost({}, async (host) => {
    const name = `sandcage-${RUN_ID}-inspect`;
    await docker(["volume", "create", "--label", `${LABEL.managed}=true`, `${name}-volume`]);
    try {
      const engine = await connectEngine({ host });
      const found = await inspectAll(engine, [
        `${name}-no`,
        IMAGE.debian,
        `${name}-volume`,
        "bridge",
      ]);
      assert.deepEqual([...found].map(([key, { kind }]) => [key, kind]), [
        [IMAGE.debian, "image"],
        [`${name}-volume`, "volume"],
        ["bridge", "network"],
      ]);
      assert.equal(found.get(`${name}-volume`)?.labels[LABEL.managed], "true");
    } finally {
      await docker(["volume", "rm", `${name}-volume`]);
    }
  });
});

Deno.test("a socket that is not there is unreachable, exit 4, with the way out", async () => {
  await withHost({ DOCKER_HOST: "unix:///tmp/nope.sock" }, async (host) => {
    await assert.rejects(connectEngine({ host }), {
      name: "UserError",
      code: "engine-unreachable",
      exit: 4,
      hint: "Start the engine: sandcage setup engine",
    });
  });
});

Deno.test("a context nobody made is named as such", async () => {
  await withHost({}, async (host) => {
    await assert.rejects(connectEngine({ host, context: `${RUN_ID}-nope` }), {
      code: "engine-unreachable",
      hint: "See the contexts there are: docker context ls",
    });
  });
});

Deno.test("an engine that accepts and never answers ends in a timeout, not in a hang", async () => {
  const dir = await Deno.makeTempDir({ prefix: `sandcage-${RUN_ID}-mute-` });
  const path = join(dir, "mute.sock");
  const listener = Deno.listen({ transport: "unix", path });
  const open: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) open.push(connection);
  })();
  try {
    await withHost({ DOCKER_HOST: `unix://${path}` }, async (host) => {
      const started = performance.now();
      await assert.rejects(connectEngine({ host, timeoutMs: 1000 }), {
        code: "engine-timeout",
        exit: 4,
      });
      assert.ok(performance.now() - started < 20_000);
      assert.ok(open.length > 0, "nobody connected");
    });
  } finally {
    listener.close();
    await accepting;
    for (const connection of open) connection.close();
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("the same engine behind tcp is not local, and a mount says so", async () => {
  const relay = relayTo("/var/run/docker.sock");
  try {
    await withHost({ DOCKER_HOST: `tcp://127.0.0.1:${relay.port}` }, async (host) => {
      const engine = await connectEngine({ host });
      assert.match(engine.capabilities.version, /^\d+/);
      assert.equal(await engine.isLocal(), false);
      await assert.rejects(requireLocal(engine, "Mounting the project"), {
        code: "engine-not-local",
        exit: 4,
        message: /^Mounting the project needs an engine on this machine/,
      });
    });
  } finally {
    await relay.close();
  }
});

Deno.test("setup engine finds all of it here and changes nothing, about as fast as its questions", async () => {
  await withHost({}, async (host) => {
    const said: string[] = [];
    const out = (text: string) => void said.push(text);
    const io = { out, talk: out, warn: out } as unknown as Io;
    // Three questions on a machine that is idle take a third of a second.
    const reference = performance.now();
    for (const words of [["version"], ["compose", "version"], ["buildx", "version"]]) {
      await docker(words);
    }
    const started = performance.now();
    await runSetupEngine({ yes: true, dryRun: false }, { host, io });
    const [asked, took] = [started - reference, performance.now() - started];
    assert.ok(took < 1000 + 5 * asked, `${took} ms, its questions alone ${asked} ms`);
    assert.match(
      said.join("\n"),
      /^Docker Engine \S+, Compose 2\S+, buildx \S+: everything is there$/,
    );
  });
});

/** Forwards connections of a loopback port to a unix socket. */
function relayTo(path: string): { port: number; close(): Promise<void> } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const piped: Promise<unknown>[] = [];
  const accepting = (async () => {
    for await (const client of listener) {
      const server = await Deno.connect({ transport: "unix", path });
      piped.push(client.readable.pipeTo(server.writable).catch(() => {}));
      piped.push(server.readable.pipeTo(client.writable).catch(() => {}));
    }
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    async close() {
      listener.close();
      await accepting;
      await Promise.all(piped);
    },
  };
}
