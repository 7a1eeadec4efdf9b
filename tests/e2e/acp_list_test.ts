/** What needs no cage: the registry's list, and the settings of editors. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { serveAgents } from "./support/agents_registry.ts";
import { makeWorld } from "./support/world.ts";

const entry = (id: string, description: string) => ({
  id,
  name: id.toUpperCase(),
  version: "1.2.3",
  description,
  authors: ["somebody"],
  distribution: { npx: { package: `${id}@1.2.3` } },
});

const ids = (stdout: string) => JSON.parse(stdout).agents.map(({ id }: { id: string }) => id);

Deno.test("acp list: the registry once, its copy afterwards, with or without the registry", async () => {
  await using world = await makeWorld("acp-list");
  const registry = serveAgents();
  Object.assign(world.env, registry.env);
  registry.agents = [entry("beta", "Made by Google"), entry("alpha", "Made here"), { id: "Bad" }];
  const first = await world.sandcage(["acp", "list", "--json"]);
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual(ids(first.stdout), ["alpha", "beta"]);
  assert.equal(JSON.parse(first.stdout).source.kind, "registry");
  assert.match(first.stderr, /The registry's entry of Bad is left out/);
  const found = await world.sandcage(["acp", "list", "GOOGLE", "--json"]);
  assert.deepEqual(ids(found.stdout), ["beta"]);
  const table = await world.sandcage(["acp", "list"]);
  assert.match(table.stdout, /^ID +VERSION +INSTALLED +FROM +AGENT\nalpha +1\.2\.3 +- +npx/);
  const none = await world.sandcage(["acp", "list", "--installed", "--json"]);
  assert.deepEqual(ids(none.stdout), []);
  assert.deepEqual(registry.asked, ["/registry.json"], "once in three hours");
  const cache = join(world.state, "registry", "cache.json");
  const copy = JSON.parse(await Deno.readTextFile(cache));
  const age = async () =>
    await Deno.writeTextFile(cache, JSON.stringify({ ...copy, checkedAt: Date.now() - 4 * 3.6e6 }));
  await age();
  registry.broken = "<html>Sorry</html>";
  const broken = await world.sandcage(["acp", "list", "--json"]);
  assert.deepEqual([broken.code, ids(broken.stdout)], [0, ["alpha", "beta"]]);
  assert.equal(JSON.parse(broken.stdout).source.kind, "copy");
  assert.match(broken.stderr, /what it sent is no JSON; this is what it said 4 h ago/);
  await age();
  await registry[Symbol.asyncDispose]();
  const gone = await world.sandcage(["acp", "list"]);
  assert.equal(gone.code, 0, gone.stderr);
  assert.match(gone.stdout, /^ID .*\nalpha /);
  assert.match(gone.stderr, /Cannot read the registry http:.*; this is what it said 4 h ago/);
  await Deno.remove(cache);
  const offline = await world.sandcage(["acp", "list", "--json"]);
  assert.equal(offline.code, 0, offline.stderr);
  assert.equal(JSON.parse(offline.stdout).source.kind, "offline");
  assert.ok(ids(offline.stdout).includes("auggie"));
  assert.match(offline.stderr, /this is the list that comes with sandcage/);
  const unknown = await world.sandcage(["acp", "install", "augie"]);
  assert.deepEqual([unknown.code, unknown.stdout], [2, ""]);
  assert.match(unknown.stderr, /There is no agent "augie".*\n.*Did you mean: auggie/);
});

const SETTINGS = `// mine
{
  "theme": "One", // stays
  /* and this */
  "agent_servers": {
    "Other": { "command": "other", "args": [] }, // theirs
  },
}
`;

for (
  const [editor, path, key] of [
    ["zed", ".config/zed/settings.json", "agent_servers"],
    ["jetbrains", ".jetbrains/acp.json", "agent_servers"],
    ["vscode", ".config/Code/User/settings.json", "acp.agents"],
  ] as const
) {
  Deno.test(`acp config ${editor}: prints the block, or writes it and keeps every comment`, async () => {
    await using world = await makeWorld(`acp-${editor}`);
    const file = join(world.home, path);
    const printed = await world.sandcage(["acp", "config", editor, "claude"]);
    assert.equal(printed.code, 0, printed.stderr);
    const block = JSON.parse(printed.stdout)[key];
    assert.deepEqual(Object.keys(block), ["Claude Code (sandcage)"]);
    await Deno.mkdir(join(file, ".."), { recursive: true });
    await Deno.writeTextFile(file, SETTINGS);
    const write = () => world.sandcage(["acp", "config", editor, "claude", "--write"]);
    const written = await write();
    assert.deepEqual([written.code, written.stdout], [0, ""], written.stderr);
    const after = await Deno.readTextFile(file);
    const lines = after.split("\n");
    let at = -1;
    for (const line of SETTINGS.trimEnd().split("\n")) {
      const next = lines.indexOf(line, at + 1);
      assert.ok(next > at, `${line} is gone from\n${after}`);
      at = next;
    }
    assert.ok(after.includes(JSON.stringify(block["Claude Code (sandcage)"].command)));
    assert.match((await write()).stderr, /has it already/);
    assert.equal(await Deno.readTextFile(file), after);
    await Deno.writeTextFile(file, "{ broken");
    const refused = await write();
    assert.equal(refused.code, 3, refused.stderr);
    assert.equal(await Deno.readTextFile(file), "{ broken");
  });
}

Deno.test("acp config neovim: prints Lua, or writes a module that is its own", async () => {
  await using world = await makeWorld("acp-neovim");
  const file = join(world.home, ".config", "nvim", "lua", "sandcage.lua");
  const printed = await world.sandcage(["acp", "config", "neovim", "claude"]);
  assert.match(printed.stdout, /require\("codecompanion"\)\.setup/);
  const write = () => world.sandcage(["acp", "config", "neovim", "claude", "--write"]);
  const written = await write();
  assert.deepEqual([written.code, written.stdout], [0, ""], written.stderr);
  assert.match(written.stderr, /acp_providers = require\("sandcage"\)\.avante/);
  const module = await Deno.readTextFile(file);
  assert.match((await write()).stderr, /has it already/);
  await Deno.writeTextFile(file, "-- my own\nreturn 1\n");
  const refused = await write();
  assert.deepEqual([refused.code, refused.stdout], [5, ""]);
  assert.equal(await Deno.readTextFile(file), "-- my own\nreturn 1\n");
  assert.match(module, /^-- Written by sandcage/);
});
