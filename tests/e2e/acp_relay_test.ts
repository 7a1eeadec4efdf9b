/** `sandcage acp run`: between an editor and an agent nothing is lost, changed or left behind. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { listContainers } from "../../tools/engine_state.ts";
import { type Connection, makeAcpWorld, openDirect, openRelayed } from "./support/acp/client.ts";
import { assertNothingLeft, listFiles } from "./support/acp/left.ts";
import { checkSchema } from "./support/acp/schema.ts";
import { waitFor } from "./support/files.ts";

const world = await makeAcpWorld("acp");
Deno.test.afterAll(async () => await world[Symbol.asyncDispose]());

const line = (value: unknown) => JSON.stringify(value) + "\n";
const request = (id: number | string, method: string, params: unknown = {}) =>
  line({ jsonrpc: "2.0", id, method, params });

/** A whole conversation, as an editor has it; every line of both sides. */
async function converse(
  connection: Connection,
  version: 1 | 2,
): Promise<{ heard: string[]; said: string[] }> {
  const heard: string[] = [];
  const said: string[] = [];
  const schema = checkSchema(version);
  const say = async (text: string) => {
    said.push(text);
    assert.equal(schema.findProblem(text, "client"), undefined);
    await connection.send(text);
  };
  const hear = async (until: (message: Record<string, unknown>) => boolean) => {
    for (;;) {
      const text = await connection.line();
      assert.ok(text !== undefined, "the agent ended");
      heard.push(text);
      assert.equal(schema.findProblem(text, "agent"), undefined);
      const message = JSON.parse(text);
      if (message.method === "session/request_permission") {
        await say(line({
          jsonrpc: "2.0",
          id: message.id,
          result: { outcome: { outcome: "selected", optionId: "yes" } },
        }));
      }
      if (until(message)) return;
    }
  };
  const capabilities = { fs: { readTextFile: true, writeTextFile: true }, terminal: false };
  const offer = version === 1
    ? { protocolVersion: 1, clientCapabilities: capabilities }
    : { protocolVersion: 2, info: { name: "test", version: "1.0.0" }, capabilities: {} };
  const steps: [string, unknown][] = [
    ["initialize", offer],
    ["session/new", { cwd: world.project, mcpServers: [] }],
    ["session/prompt", { sessionId: "s1", prompt: [{ type: "text", text: "Grüße 👋 \u2028" }] }],
    ["_vendor/thing", { _meta: { a: [1.0, (1e400).toString(), null] } }],
    ["_nothing/known", {}],
  ];
  for (const [id, [method, params]] of steps.entries()) {
    await say(request(id, method, params));
    await hear((message) => message.id === id && !("method" in message));
  }
  await say(line({ jsonrpc: "2.0", method: "session/cancel", params: { sessionId: "s1" } }));
  await hear((message) => message.method === "_heard");
  await connection.send("this is no message\n");
  await hear((message) => message.id === null);
  await connection.end();
  assert.deepEqual(await connection.rest(), new Uint8Array());
  assert.equal((await connection.ended).code, 0);
  return { heard, said };
}

for (const version of [1, 2] as const) {
  Deno.test(`a conversation of version ${version} is valid, and the same with and without the relay`, async () => {
    await using relayed = openRelayed(world);
    await using direct = openDirect();
    const talk = await converse(relayed, version);
    // The wording of a parse error is each runtime's own.
    const plain = (lines: string[]) => lines.map((text) => text.replace(/SyntaxError.*/, "…"));
    const without = await converse(direct, version);
    assert.deepEqual([plain(talk.heard), talk.said], [plain(without.heard), without.said]);
  });
}

Deno.test("a line of 33 MB passes both ways, and characters that are cut in two", async () => {
  await using connection = openRelayed(world, ["echo"]);
  const text = `{"jsonrpc":"2.0","method":"_big","params":{"text":"${
    "é日👋".repeat(3_700_000)
  }"}}\n`;
  const bytes = new TextEncoder().encode(text);
  assert.ok(bytes.length > 33_000_000);
  const sending = connection.send(bytes).then(() => connection.end());
  const back = await connection.rest();
  await sending;
  assert.equal(back.length, bytes.length);
  assert.ok(back.every((byte, at) => byte === bytes[at]));
});

Deno.test("any bytes pass both ways, noise is said once, and the transcript has all of it", async () => {
  const random = crypto.getRandomValues(new Uint8Array(50_000))
    .map((byte) => byte === 0x0d ? 0x0a : byte);
  const sent = new Uint8Array([
    ...new TextEncoder().encode('npm warn\n\n{"half\n[INFO] up\n\0\n'),
    ...random,
  ]);
  const record = join(world.root, "record.jsonl");
  await using connection = openRelayed(world, ["echo"], { options: ["--record", record] });
  await connection.send(sent);
  await connection.end();
  assert.deepEqual(await connection.rest(), sent);
  const { code, stderr } = await connection.ended;
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/no message/g)?.length, 1, stderr);
  const entries = (await Deno.readTextFile(record)).trimEnd().split("\n").map((l) => JSON.parse(l));
  assert.deepEqual(entries[0].text, "npm warn");
  for (const from of ["client", "agent"]) {
    const bytes = entries.filter((entry) => entry.from === from).map((entry) =>
      "text" in entry
        ? new TextEncoder().encode(entry.text)
        : Uint8Array.from(atob(entry.base64), (c) => c.charCodeAt(0))
    );
    const total = bytes.reduce((sum, { length }) => sum + length, 0);
    assert.equal(total, sent.filter((byte) => byte !== 0x0a).length, from);
  }
});

Deno.test("commands and foreign directories are refused, and the agent is told nothing of them", async () => {
  const log = join(world.root, "log.txt");
  await using connection = openRelayed(world, [], { options: ["--log", log] });
  const offer = { protocolVersion: 1, clientCapabilities: { terminal: true } };
  await connection.send(request(0, "initialize", offer));
  const { result } = JSON.parse((await connection.line())!);
  assert.deepEqual(result._meta.offered, { terminal: false });
  await connection.send(request("n", "session/new", { cwd: "/etc", mcpServers: [] }));
  const refused = JSON.parse((await connection.line())!);
  assert.equal(refused.id, "n");
  assert.equal(refused.error.code, -32602);
  const link = join(world.root, "link");
  await Deno.symlink(world.project, link);
  await connection.send(request("l", "session/new", { cwd: link, mcpServers: [] }));
  const named = JSON.parse((await connection.line())!);
  assert.match(named.error.message, new RegExp(`Open the editor in "${world.project}"$`));
  const ask = { method: "terminal/create", params: { sessionId: "s1", command: "id" } };
  await connection.send(request(2, "_ask", ask));
  const asked = JSON.parse((await connection.line())!);
  assert.equal(asked.result.given.code, -32601);
  await connection.end();
  const { code, stderr } = await connection.ended;
  assert.equal(code, 0, stderr);
  assert.match(await Deno.readTextFile(log), /Refused: .*\/etc/);
});

Deno.test("MCP servers that cannot work are named on stderr", async () => {
  const log = join(world.root, "mcp.txt");
  await using connection = openRelayed(world, [], { options: ["--log", log] });
  const mcpServers = [
    { name: "a", command: "/opt/homebrew/bin/thing", args: [], env: [] },
    { name: "b", command: "node", args: [], env: [] },
    { type: "http", name: "c", url: "http://localhost:3000/mcp", headers: [] },
  ];
  await connection.send(request(0, "session/new", { cwd: world.project, mcpServers }));
  await connection.line();
  // The look into the cage takes a call to the engine.
  await waitFor("the warning", async () => {
    const said = await Deno.readTextFile(log).catch(() => "");
    return said.includes("homebrew") || undefined;
  });
  await connection.end();
  const { stderr } = await connection.ended;
  assert.match(stderr, /homebrew/);
  assert.match(stderr, /localhost:3000/);
  assert.doesNotMatch(stderr, /"node"/);
});

Deno.test("an agent that dies inside a message: what it said, its exit code", async () => {
  await using connection = openRelayed(world, ["dies"]);
  assert.equal(
    new TextDecoder().decode(await connection.rest()),
    '{"jsonrpc":"2.0","method":"_half","params":{"text":"never',
  );
  assert.equal((await connection.ended).code, 7);
});

for (const how of ["stops", "dies"] as const) {
  Deno.test(`an editor that ${how} inside a message leaves nothing`, async () => {
    await using connection = openRelayed(world);
    await connection.send(request(0, "initialize", { protocolVersion: 1 }));
    await connection.line();
    await connection.send('{"jsonrpc":"2.0","id":1,"meth');
    // With a process both of its pipes go.
    if (how === "dies") await connection.deafen();
    await connection.end();
    assert.equal((await connection.ended).code, 0);
    assert.deepEqual(await listContainers(world.root), []);
  });
}

// All of them at once: each takes as long as its agent is given, and that is most of the test.
Deno.test("agents that ignore the end of their input, signals or their relay's death are ended", async (t) => {
  const open = async () => {
    const connection = openRelayed(world, ["stubborn"]);
    assert.ok(await connection.line() !== undefined);
    return connection;
  };
  await using orphaned = await open();
  const [container] = await listContainers(world.root);
  assert.ok(container !== undefined);
  await using ending = await open();
  await using interrupted = await open();
  await using terminated = await open();
  assert.equal((await listContainers(world.root)).length, 4, "the control: all of them run");
  orphaned.signal("SIGKILL");
  await ending.end();
  interrupted.signal("SIGINT");
  terminated.signal("SIGTERM");
  await t.step("its input, SIGINT and SIGTERM: code 143, and the container is gone", async () => {
    for (const { ended } of [ending, interrupted, terminated]) {
      assert.equal((await ended).code, 143);
    }
    const left = await listContainers(world.root);
    assert.deepEqual(left.filter((name) => name !== container), []);
  });
  await t.step(
    "kill -9 of the relay: it ends by itself, the next command clears it away",
    async () => {
      await waitFor("the container's end", async () => {
        const { stdout } = await new Deno.Command("docker", {
          args: ["inspect", "--format", "{{.State.Running}}", container],
        }).output();
        return new TextDecoder().decode(stdout).trim() === "false" || undefined;
      });
      const next = await world.sandcage(["acp", "run", "scripted", "--", "dies"]);
      assert.equal(next.code, 7, next.stderr);
      assert.deepEqual(await listContainers(world.root), []);
    },
  );
});

const MESSAGES = Number(Deno.env.get("SANDCAGE_SOAK_MESSAGES") ?? 50_000);

Deno.test(`${MESSAGES} numbered messages arrive in order`, async () => {
  await using connection = openRelayed(world, ["count", String(MESSAGES)]);
  const text = new TextDecoder().decode(await connection.rest());
  const lines = text.trimEnd().split("\n");
  assert.equal(lines.length, MESSAGES);
  for (const [at, one] of lines.entries()) assert.ok(one.includes(`"n":${at}}`), one);
});

const CYCLES = Number(Deno.env.get("SANDCAGE_SOAK_CYCLES") ?? 6);

Deno.test(`${CYCLES} editors that connect and are killed leave nothing`, async () => {
  const settle = async () => {
    const next = await world.sandcage(["acp", "run", "scripted", "--", "dies"]);
    assert.equal(next.code, 7, next.stderr);
  };
  await settle();
  const files = await listFiles(world.state);
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    await using connection = openRelayed(world);
    await connection.send(request(0, "initialize", { protocolVersion: 1 }));
    assert.ok(await connection.line() !== undefined);
    connection.signal("SIGKILL");
    await connection.ended;
  }
  await settle();
  await assertNothingLeft(world);
  assert.deepEqual(await listFiles(world.state), files);
});
