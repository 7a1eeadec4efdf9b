/**
 * The relay over pipes to the engine's own client, for engines that have no socket here: the real
 * client, a real container, an engine behind a TCP port.
 */
import assert from "node:assert/strict";
import { GRACE, type Grace, startPipedClient } from "../../src/acp/client.ts";
import { AGENT_WANTED, CLIENT_WANTED, judgeAgent, judgeClient } from "../../src/acp/guard.ts";
import { relay } from "../../src/acp/relay.ts";
import { planRoots } from "../../src/acp/roots.ts";
import type { Duplex } from "../../src/acp/streams.ts";
import { sinkOfStream } from "../../src/acp/streams.ts";
import { INSIDE, LABEL } from "../../src/names.ts";
import { docker, listContainers } from "../../tools/engine_state.ts";
import { waitFor } from "./support/files.ts";
import { makeAcpWorld } from "./support/acp/client.ts";
import { openTcpDoor, type TcpDoor } from "./support/acp/tcp_door.ts";

const world = await makeAcpWorld("acp-piped");
Deno.test.afterAll(async () => await world[Symbol.asyncDispose]());

const request = (id: number, method: string, params: unknown = {}) =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params }) + "\n";

/** An editor in this process, relayed to an agent in a container. */
type Piped = {
  send(text: string | Uint8Array): Promise<void>;
  /** Ends the editor's side. */
  end(): Promise<void>;
  /** The next line that comes. */
  line(): Promise<string>;
  /** Everything else that comes. */
  rest(): Promise<Uint8Array>;
  signal(name: Deno.Signal): void;
  exit: Promise<number>;
  container: string;
};

const image = await (async () => {
  const built = await world.sandcage(["build", "scripted"]);
  return /sandcage\/scripted:\w+/.exec(built.stdout)![0];
})();

function openPiped(door: TcpDoor, args: readonly string[], grace: Grace = GRACE): Piped {
  const container = `${world.project.split("/").at(-1)}-${crypto.randomUUID().slice(0, 8)}`;
  const toRelay = new TransformStream<Uint8Array, Uint8Array>();
  const fromRelay = new TransformStream<Uint8Array, Uint8Array>();
  const reader = toRelay.readable.getReader();
  const client: Duplex = {
    source: { read: async () => (await reader.read()).value },
    sink: sinkOfStream(fromRelay.writable),
  };
  const facts = {
    rules: { terminal: "block", fs: "allow" } as const,
    roots: { ...planRoots([], "linux"), mounted: [mountOf(world.project)] },
    realPath: (path: string) => path,
  };
  const started = startPipedClient({
    command: "docker",
    args: [
      ...["run", "--interactive", "--rm", "--init", "--network", "none", "--name", container],
      // What starts an agent gives its rights up, as every cage has it do.
      ...["--security-opt", "no-new-privileges"],
      ...["--label", `${LABEL.managed}=true`, "--label", `${LABEL.project}=${world.project}`],
      ...["--env", "CAGE_RELAYED=1", "--workdir", world.project],
      ...["--mount", `type=bind,source=${world.project},target=${world.project},readonly`],
      ...["--entrypoint", INSIDE.entry, image, "node", "agent.mjs", ...args],
    ],
    env: { DOCKER_HOST: door.url },
  }, {
    client,
    grace,
    run: (ends, events) =>
      relay(ends, {
        client: { wanted: CLIENT_WANTED, judge: (line) => judgeClient(line, facts) },
        agent: { wanted: AGENT_WANTED, judge: (line) => judgeAgent(line, facts) },
        ...events,
      }).finally(() => client.sink.close().catch(() => {})),
  });
  return { ...speak(toRelay.writable, fromRelay.readable), ...started, container };
}

const mountOf = (path: string) => ({ source: path, target: path, readonly: false });

function speak(writable: WritableStream<Uint8Array>, readable: ReadableStream<Uint8Array>) {
  const writer = writable.getWriter();
  const reader = readable.getReader();
  let held: Uint8Array = new Uint8Array();
  return {
    send: (text: string | Uint8Array) =>
      writer.write(typeof text === "string" ? new TextEncoder().encode(text) : text),
    end: () => writer.close(),
    async line() {
      for (;;) {
        const at = held.indexOf(0x0a);
        if (at >= 0) {
          const line = new TextDecoder().decode(held.subarray(0, at));
          held = held.subarray(at + 1);
          return line;
        }
        const { value, done } = await reader.read();
        assert.ok(!done, "the agent ended");
        held = new Uint8Array([...held, ...value]);
      }
    },
    async rest() {
      const parts = [held];
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        parts.push(value.slice());
      }
      return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
    },
  };
}

async function openEngine(): Promise<TcpDoor> {
  const host = await docker(["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]);
  return openTcpDoor(host.replace(/^unix:\/\//, ""));
}

async function assertGone({ container }: Piped): Promise<void> {
  assert.deepEqual(await docker(["ps", "--all", "--quiet", "--filter", `name=${container}`]), "");
  assert.deepEqual(await listContainers(world.root), []);
}

Deno.test("a conversation through the engine's client: answers, refusals, the agent's exit code", async () => {
  await using door = await openEngine();
  const editor = openPiped(door, []);
  const offer = { protocolVersion: 1, clientCapabilities: { terminal: true } };
  await editor.send(request(0, "initialize", offer));
  const { result } = JSON.parse(await editor.line());
  assert.equal(result.agentInfo.name, "scripted");
  assert.deepEqual(result._meta.offered, { terminal: false });
  await editor.send(request(1, "session/new", { cwd: "/etc", mcpServers: [] }));
  assert.equal(JSON.parse(await editor.line()).error.code, -32602);
  await editor.send(request(2, "session/new", { cwd: world.project, mcpServers: [] }));
  assert.equal(JSON.parse(await editor.line()).result.sessionId, "s1");
  await editor.send(request(3, "_exit", { code: 9 }));
  assert.deepEqual(await editor.rest(), new Uint8Array(), "stdout carries messages alone");
  assert.equal(await editor.exit, 9);
  assert.ok(door.count() > 0, "the engine was asked over TCP");
  await assertGone(editor);
});

Deno.test("a megabyte there and back through the engine's client, to the editor's end", async () => {
  await using door = await openEngine();
  const editor = openPiped(door, ["echo"]);
  const sent = crypto.getRandomValues(new Uint8Array(60_000));
  const back = editor.rest();
  for (let at = 0; at < 20; at++) await editor.send(sent.slice());
  await editor.end();
  const heard = await back;
  assert.equal(heard.length, 20 * sent.length);
  for (let at = 0; at < 20; at++) {
    assert.deepEqual(heard.subarray(at * sent.length, (at + 1) * sent.length), sent);
  }
  assert.equal(await editor.exit, 0);
  await assertGone(editor);
});

Deno.test("an agent behind the engine's client that ignores the editor's end is left behind", async () => {
  await using door = await openEngine();
  const editor = openPiped(door, ["stubborn"], { quietMs: 200, mostMs: 400, termMs: 200 });
  assert.match(await editor.line(), /_ready/);
  await editor.end();
  assert.equal(await editor.exit, 143);
  // Its container is the session's to remove, and the engine's client goes with it.
  await docker(["rm", "--force", editor.container]);
  assert.deepEqual(await editor.rest(), new Uint8Array());
  await assertGone(editor);
});

Deno.test("an engine that goes away in the middle ends the relay with an error", async () => {
  const door = await openEngine();
  const editor = openPiped(door, ["echo"]);
  await editor.send("first\n");
  assert.equal(await editor.line(), "first");
  await door[Symbol.asyncDispose]();
  assert.notEqual(await editor.exit, 0);
  // Its input ended with the connection: it may be going by itself already.
  await docker(["rm", "--force", editor.container]).catch(() => {});
  await waitFor("the container to go", async () => {
    const left = await docker(["ps", "--all", "--quiet", "--filter", `name=${editor.container}`]);
    return left === "" ? true : undefined;
  });
  await assertGone(editor);
});
