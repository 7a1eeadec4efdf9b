import assert from "node:assert/strict";
import { join } from "node:path";
import { runInit } from "../../../src/cli/commands/init.ts";
import { loadConfig } from "../../../src/config/layers.ts";
import { findPendingGrants } from "../../../src/config/trust.ts";
import { UserError } from "../../../src/errors.ts";
import { bareHost, makeTempDir, recordingIo } from "./support.ts";

async function project(files: Record<string, string>) {
  const [dir, state] = [await makeTempDir(), await makeTempDir()];
  for (const [name, text] of Object.entries(files)) {
    await Deno.mkdir(join(dir.path, name, ".."), { recursive: true });
    await Deno.writeTextFile(join(dir.path, name), text);
  }
  return {
    path: dir.path,
    host: bareHost({ cwd: dir.path, stateDir: state.path }),
    read: (name: string) => Deno.readTextFile(join(dir.path, name)),
    names: async () =>
      (await Array.fromAsync(Deno.readDir(dir.path))).map(({ name }) => name).sort(),
    async [Symbol.asyncDispose]() {
      await dir[Symbol.asyncDispose]();
      await state[Symbol.asyncDispose]();
    },
  };
}

const YES = { yes: true, force: false, promote: false };

Deno.test("init --yes writes a file that the configuration accepts", async () => {
  await using dir = await project({
    "package.json": "{}",
    "api/Cargo.toml": "",
    "node_modules/x/go.mod": "",
  });
  const io = recordingIo();
  assert.equal(await runInit(YES, { host: dir.host, io }), 0);
  const { config } = await loadConfig(dir.path, { host: dir.host });
  assert.deepEqual(config.toolchains, { node: "22", rust: "stable" });
  assert.deepEqual(config.packages, ["build-essential", "pkg-config"]);
  assert.match(await dir.read(".sandcage.yml"), /^# yaml-language-server: \$schema=https:/);
  assert.equal(io.said.out, "");
});

Deno.test("init writes presets that need no further yes, and trusts nothing else", async () => {
  await using dir = await project({
    "package.json": "{}",
    ".sandcage.local.yml": "network: {presets: [docker], allow: [a.dev]}\n",
  });
  assert.equal(await runInit(YES, { host: dir.host, io: recordingIo() }), 0);
  const loaded = await loadConfig(dir.path, { host: dir.host });
  assert.deepEqual(loaded.config.network.presets, ["npm", "docker"]);
  const pending = await findPendingGrants(loaded, { host: dir.host, projectPath: dir.path });
  assert.deepEqual(pending.map(({ shown }) => shown), ["a.dev", "docker"]);
});

Deno.test("init never replaces a file by itself, and keeps it with --force", async () => {
  await using dir = await project({ ".sandcage.yml": "old" });
  await assert.rejects(runInit(YES, { host: dir.host, io: recordingIo() }), (error) => {
    assert.ok(error instanceof UserError);
    assert.deepEqual([error.exit, error.code], [5, "conflict"]);
    assert.match(error.hint ?? "", /init --force/);
    return true;
  });
  assert.equal(await dir.read(".sandcage.yml"), "old");
  for (let run = 0; run < 2; run++) {
    await runInit({ yes: true, force: true, promote: false }, {
      host: dir.host,
      io: recordingIo(),
    });
  }
  assert.deepEqual(await dir.names(), [".sandcage.yml", ".sandcage.yml.bak", ".sandcage.yml.bak2"]);
  assert.equal(await dir.read(".sandcage.yml.bak"), "old");
});

Deno.test("init asks, writes on yes, and offers .gitignore", async () => {
  await using dir = await project({
    ".git/HEAD": "ref: refs/heads/main\n",
    ".git/objects/x": "",
    ".git/refs/x": "",
    ".git/config": "",
    ".gitignore": "dist",
  });
  const context = { host: dir.host, io: recordingIo([true, true]) };
  assert.equal(await runInit({ yes: false, force: false, promote: false }, context), 0);
  assert.equal(await dir.read(".gitignore"), "dist\n.sandcage.local.yml\n");
});

Deno.test("init writes nothing on no, and nothing without a terminal", async () => {
  await using dir = await project({});
  const refused = { host: dir.host, io: recordingIo([false]) };
  assert.equal(await runInit({ yes: false, force: false, promote: false }, refused), 1);
  const unasked = { host: dir.host, io: recordingIo() };
  await assert.rejects(runInit({ yes: false, force: false, promote: false }, unasked), {
    code: "usage",
    exit: 2,
  });
  assert.deepEqual(await dir.names(), []);
});
