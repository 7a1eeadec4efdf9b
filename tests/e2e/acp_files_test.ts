/** `acp.fs`: which files of this machine an agent gets through its editor, links and all. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Connection, makeAcpWorld, openRelayed } from "./support/acp/client.ts";

const line = (value: unknown) => JSON.stringify(value) + "\n";

/** The agent asks its editor for a file; what came of it, as the agent heard it. */
async function ask(
  connection: Connection,
  id: number,
  { method, path }: { method: string; path: string },
): Promise<unknown> {
  const params = { method, params: { sessionId: "s1", path, content: "x" } };
  await connection.send(line({ jsonrpc: "2.0", id, method: "_ask", params }));
  const first = JSON.parse((await connection.line())!);
  // Refused, the editor hears nothing of it.
  if (first.method === undefined) return first.result.given.code;
  assert.deepEqual([first.method, first.params.path], [method, path]);
  await connection.send(line({ jsonrpc: "2.0", id: first.id, result: { content: "given" } }));
  return JSON.parse((await connection.line())!).result.given.content;
}

const READ = "fs/read_text_file";
const WRITE = "fs/write_text_file";

Deno.test("acp.fs: workspace follows every link before an editor's file is given", async () => {
  const config = '[acp]\nfs = "workspace"\n[workspace]\nhide = [".env"]\n';
  await using world = await makeAcpWorld("acp-files", { config });
  const outside = join(world.root, "outside");
  await Deno.mkdir(outside);
  const at = (file: string) => join(world.project, file);
  await Deno.writeTextFile(at("in.txt"), "in");
  await Deno.writeTextFile(at(".env"), "SECRET=1");
  await Deno.symlink(outside, at("dir"));
  await Deno.symlink(join(outside, "not-yet"), at("dangling"));
  await Deno.symlink(at(".env"), at("alias"));
  await Deno.symlink("in.txt", at("fine"));
  await Deno.symlink("circle", at("circle"));
  await using connection = openRelayed(world);
  const rows: [string, string, unknown][] = [
    [READ, at("in.txt"), "given"],
    [READ, at("fine"), "given"],
    [WRITE, at("new.txt"), "given"],
    [READ, at("dir/a"), -32602],
    [WRITE, at("dir/new"), -32602],
    [WRITE, at("dangling"), -32602],
    [READ, at("alias"), -32602],
    [READ, at("../outside/a"), -32602],
    [WRITE, at(".git/hooks/pre-commit"), -32602],
    [READ, "/etc/passwd", -32602],
    [READ, "in.txt", -32602],
    [READ, join(world.root, "missing", "a"), -32602],
  ];
  for (const [id, [method, path, want]] of rows.entries()) {
    assert.equal(await ask(connection, id, { method, path }), want, `${method} ${path}`);
  }
  await connection.end();
  const { code, stderr } = await connection.ended;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Refused: cannot do fs\/read_text_file: .*hidden from the cage/);
});

Deno.test("acp.fs: block takes the capability away and answers whoever asks all the same", async () => {
  await using world = await makeAcpWorld("acp-nofiles", { config: '[acp]\nfs = "block"\n' });
  await using connection = openRelayed(world);
  const fs = { readTextFile: true, writeTextFile: true };
  const offer = { protocolVersion: 1, clientCapabilities: { fs } };
  await connection.send(line({ jsonrpc: "2.0", id: 0, method: "initialize", params: offer }));
  const { result } = JSON.parse((await connection.line())!);
  assert.deepEqual(result._meta.offered, { fs: { readTextFile: false, writeTextFile: false } });
  const path = join(world.project, "README.md");
  assert.equal(await ask(connection, 1, { method: READ, path }), -32601);
  await connection.end();
  assert.equal((await connection.ended).code, 0);
});

Deno.test("a project that asks for the editor's terminal is not given it unless somebody agreed", async () => {
  await using world = await makeAcpWorld("acp-wish");
  await world.write(".sandcage.yml", "version: 1\nacp: { terminal: allow }\n");
  await using connection = openRelayed(world);
  assert.deepEqual(await connection.rest(), new Uint8Array());
  const { code, stderr } = await connection.ended;
  assert.equal(code, 3, stderr);
  assert.match(stderr, /acp\.terminal[\s\S]*sandcage trust/);
});
