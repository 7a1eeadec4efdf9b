/** Every way a relayed session can end: the agent's exit code, nothing left, a clean stdout. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { listSessions } from "../../src/cage/sessions.ts";
import { listContainers } from "../../tools/engine_state.ts";
import { makeAcpWorld, openRelayed } from "./support/acp/client.ts";
import { assertNothingLeft } from "./support/acp/left.ts";
import { exists, waitFor } from "./support/files.ts";
import { RUN_ID } from "./support/world.ts";

const world = await makeAcpWorld("acp-end");
Deno.test.afterAll(async () => await world[Symbol.asyncDispose]());

const request = (id: number, method: string, params: unknown = {}) =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params }) + "\n";

for (
  const [what, service, env, code, words] of [
    ["a service that nobody knows", "scriptet", {}, 2, /Did you mean/],
    ["a service that speaks no ACP", "shell", {}, 3, /does not speak the Agent Client Protocol/],
    ["no engine", "scripted", { DOCKER_HOST: "unix:///nowhere.sock" }, 4, /docker/i],
  ] as const
) {
  Deno.test(`${what}: the editor gets code ${code} and no byte that is no message`, async () => {
    const result = await world.sandcage(["acp", "run", service], { env });
    assert.deepEqual([result.code, result.stdout], [code, ""], result.stderr);
    assert.match(result.stderr, words);
    await assertNothingLeft(world);
  });
}

Deno.test("project and cage are those that were named, wherever the relay is started", async () => {
  const elsewhere = { cwd: world.root, stdin: request(0, "initialize", { protocolVersion: 1 }) };
  const before = ["-p", world.project, "acp", "run", "scripted"];
  const behind = ["acp", "run", "scripted", "-p", world.project];
  for (const args of [before, behind]) {
    const result = await world.sandcage(args, elsewhere);
    assert.equal(result.code, 0, result.stderr);
    assert.equal(JSON.parse(result.stdout).result.agentInfo.name, "scripted");
  }
  const name = `${RUN_ID.toLowerCase()}-named`;
  await using connection = openRelayed(world, [], { options: ["--name", name] });
  await connection.send(request(0, "initialize", { protocolVersion: 1 }));
  await connection.line();
  const [container] = await listContainers(world.root);
  assert.ok(container?.startsWith(`${name}-scripted-`), `it is ${container}`);
  await connection.end();
  assert.equal((await connection.ended).code, 0);
  await assertNothingLeft(world);
});

for (
  const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const
) {
  Deno.test(`${signal} reaches the agent, whose end is that of the relay with code ${code}`, async () => {
    await using connection = openRelayed(world);
    await connection.send(request(0, "initialize", { protocolVersion: 1 }));
    assert.equal(JSON.parse((await connection.line())!).id, 0);
    connection.signal(signal);
    assert.equal((await connection.ended).code, code);
    assert.deepEqual(await connection.rest(), new Uint8Array());
    await assertNothingLeft(world);
  });
}

Deno.test("SIGTERM before there is an agent ends the relay, and no agent comes", async () => {
  const log = join(world.root, "early.txt");
  await using connection = openRelayed(world, [], { options: ["--log", log] });
  // The first thing that it does: from then on its signals are its own.
  await waitFor("the log", async () => await exists(log) || undefined);
  connection.signal("SIGTERM");
  const { code } = await connection.ended;
  assert.equal(code, 143);
  assert.deepEqual(await connection.rest(), new Uint8Array());
  await assertNothingLeft(world);
});

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`${signal} while the gateway starts: code ${code}, and neither it nor an agent stays`, async () => {
    await using guarded = await makeAcpWorld(`acp-early-${code}`, {
      network: 'mode = "allowlist"',
    });
    await using connection = openRelayed(guarded);
    await waitFor("the session", async () => (await listSessions(guarded.state))[0]);
    connection.signal(signal);
    const { stderr, ...ended } = await connection.ended;
    assert.equal(ended.code, code, stderr);
    assert.deepEqual(await connection.rest(), new Uint8Array());
    await assertNothingLeft(guarded);
  });
}

for (const [what, args] of [["talks on", ["chatter"]], ["echoes", ["echo"]]] as const) {
  Deno.test(`an editor that reads no more ends an agent that ${what}`, async () => {
    await using connection = openRelayed(world, args);
    await connection.send("first\n");
    assert.ok(await connection.line() !== undefined);
    await connection.deafen();
    // Its stdin stays open: only the answer that cannot be delivered tells.
    await connection.send("second\n").catch(() => {});
    const { code, stderr } = await connection.ended;
    assert.ok([0, 143].includes(code), `${code}: ${stderr}`);
    assert.doesNotMatch(stderr, /EPIPE|Broken pipe|\n +at /i);
    await assertNothingLeft(world);
  });
}
