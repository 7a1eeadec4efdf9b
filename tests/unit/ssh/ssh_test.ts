import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { runSetupSsh } from "../../../src/cli/commands/setup_ssh.ts";
import { UserError } from "../../../src/errors.ts";
import {
  formatSshConfig,
  formatSshHost,
  mergeSshHosts,
  parseSshHost,
} from "../../../src/ssh/hosts.ts";
import { findHostKeys, formatFingerprint, formatHostKeys } from "../../../src/ssh/known_hosts.ts";
import { findSshAgent, sshMounts } from "../../../src/ssh/mounts.ts";
import { findSshRecord } from "../../../src/ssh/setup.ts";
import { bareHost, makeTempDir, recordingIo } from "../cli/support.ts";

const KEY = "AAAAC3NzaC1lZDI1NTE5AAAAILQP75mVz4pJxJVPFrCLdVn8ef+nPLnRlbzTsxxdALoR";

for (
  const [text, want] of [
    ["git.example.com", { host: "git.example.com", user: "git", port: 22 }],
    ["Ann@Git.Example.com:2222", { host: "git.example.com", user: "Ann", port: 2222 }],
    ["[2001:db8::1]:22", { host: "2001:db8::1", user: "git", port: 22 }],
  ] as const
) {
  Deno.test(`parseSshHost() reads ${text}, and formatSshHost() gives it back`, () => {
    assert.deepEqual(parseSshHost(text), want);
    assert.deepEqual(parseSshHost(formatSshHost(want)), want);
  });
}

for (const text of ["", "-oProxyCommand=x", "a b", "a\nHost *", "a:0", "a:70000", "*", "a@b@c"]) {
  Deno.test(`parseSshHost() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseSshHost(text), { code: "usage", exit: 2 });
  });
}

Deno.test("the client's configuration is as reviewed, with a key and with the agent", async (t) => {
  const hosts = mergeSshHosts([parseSshHost("b")], ["a@c:1", "x@b"].map(parseSshHost));
  await t.assertSnapshot(formatSshConfig(hosts, { identity: "file" }));
  await t.assertSnapshot(formatSshConfig(hosts, { identity: "agent" }));
});

Deno.test("findHostKeys() finds plain, listed, wildcard, ported and hashed entries and no other", () => {
  const salt = "c2FsdHNhbHRzYWx0c2FsdHM=";
  const hash = createHmac("sha1", Uint8Array.fromBase64(salt)).update("hashed.example").digest(
    "base64",
  );
  const text = [
    "# comment",
    `a.example,10.0.0.1 ssh-ed25519 ${KEY} me@host`,
    `*.wild.example,!no.wild.example ssh-rsa ${KEY}`,
    `[a.example]:2222 ssh-rsa ${KEY}`,
    `|1|${salt}|${hash} ssh-ed25519 ${KEY}`,
    `@revoked a.example ssh-dss ${KEY}`,
    "a.example ssh-ed25519",
    "a.example ssh-ed25519 not$base64",
  ].join("\n");
  const find = (...names: string[]) => formatHostKeys(findHostKeys(text, names.map(parseSshHost)));
  assert.equal(
    find("a.example"),
    `@revoked a.example ssh-dss ${KEY}\na.example ssh-ed25519 ${KEY}\n`,
  );
  assert.equal(find("a.example:2222"), `[a.example]:2222 ssh-rsa ${KEY}\n`);
  assert.equal(find("x.wild.example"), `x.wild.example ssh-rsa ${KEY}\n`);
  assert.equal(find("no.wild.example", "b.example"), "");
  assert.equal(find("hashed.example"), `hashed.example ssh-ed25519 ${KEY}\n`);
});

Deno.test("formatFingerprint() is what ssh-keygen -l prints", async () => {
  await using dir = await makeTempDir();
  const path = join(dir.path, "k.pub");
  await Deno.writeTextFile(path, `ssh-ed25519 ${KEY}\n`);
  const { stdout } = await new Deno.Command("ssh-keygen", { args: ["-l", "-f", path] }).output();
  assert.equal(formatFingerprint(KEY), new TextDecoder().decode(stdout).split(" ")[1]);
});

const NEW = { hosts: ["a.example"], agent: false, scan: false, force: false };

async function machine() {
  const dir = await makeTempDir();
  await Deno.mkdir(join(dir.path, "home/.ssh"), { recursive: true });
  await Deno.writeTextFile(
    join(dir.path, "home/.ssh/known_hosts"),
    `a.example,b.example ssh-ed25519 ${KEY}\n`,
  );
  const host = bareHost({
    cwd: dir.path,
    home: join(dir.path, "home"),
    stateDir: join(dir.path, "state"),
  });
  return {
    path: dir.path,
    host,
    async set(options: Partial<Parameters<typeof runSetupSsh>[0]>) {
      const io = recordingIo();
      assert.equal(await runSetupSsh({ ...NEW, ...options }, { host, io }), 0);
      return io.said.out;
    },
    read: (name: string) => Deno.readTextFile(join(dir.path, "state/ssh", name)),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

Deno.test("setup ssh makes a key that only the user can read, and prints its public half", async () => {
  await using m = await machine();
  const printed = await m.set({});
  assert.equal(printed, await m.read("id_sandcage.pub"));
  assert.equal(await m.read("known_hosts"), `a.example ssh-ed25519 ${KEY}\n`);
  const dir = join(m.path, "state/ssh");
  assert.equal((await Deno.stat(dir)).mode! & 0o777, 0o700);
  for await (const { name } of Deno.readDir(dir)) {
    assert.equal((await Deno.stat(join(dir, name))).mode! & 0o777, 0o600, name);
  }
  assert.deepEqual(await Array.fromAsync(Deno.readDir(join(m.path, "state")), ({ name }) => name), [
    "ssh",
  ]);
});

Deno.test("setup ssh adds hosts and keeps the key; --force makes a new one", async () => {
  await using m = await machine();
  const first = await m.set({});
  assert.equal(await m.set({ hosts: ["b.example"] }), first);
  assert.deepEqual((await findSshRecord(m.host.stateDir))?.hosts.map(({ host }) => host), [
    "a.example",
    "b.example",
  ]);
  assert.notEqual(await m.set({ force: true }), first);
  assert.doesNotMatch(await m.read("config"), /b\.example/);
});

Deno.test("setup ssh --key copies a chosen key and keeps the copy", async () => {
  await using m = await machine();
  const args = ["-q", "-t", "ed25519", "-N", "", "-C", "mine", "-f", join(m.path, "mine")];
  assert.ok((await new Deno.Command("ssh-keygen", { args }).output()).success);
  const mine = await Deno.readTextFile(join(m.path, "mine.pub"));
  assert.equal(await m.set({ key: "mine" }), mine);
  assert.equal(await m.set({ hosts: ["b.example"] }), mine);
  assert.equal(await m.read("id_sandcage"), await Deno.readTextFile(join(m.path, "mine")));
  await assert.rejects(m.set({ key: "absent" }), { code: "usage" });
});

Deno.test("setup ssh refuses hosts nobody vouches for, and changes of identity", async () => {
  await using m = await machine();
  await assert.rejects(m.set({ hosts: ["c.example"] }), (error) => {
    assert.ok(error instanceof UserError);
    assert.deepEqual([error.exit, error.code], [5, "conflict"]);
    assert.match(error.message, /c\.example/);
    return true;
  });
  assert.equal(await findSshRecord(m.host.stateDir), undefined, "nothing is left half made");
  await m.set({});
  await assert.rejects(m.set({ agent: true }), { code: "conflict" });
  await assert.rejects(m.set({ agent: true, key: "x" }), { code: "usage" });
});

Deno.test("sshMounts() shows the set-up read-only, nothing when disabled, and says what is missing", async () => {
  await using m = await machine();
  const { stateDir } = m.host;
  assert.deepEqual(await sshMounts(stateDir, { enabled: false }), []);
  await assert.rejects(sshMounts(stateDir, { enabled: true }), { code: "config-invalid", exit: 3 });
  await m.set({});
  assert.deepEqual(await sshMounts(stateDir, { enabled: true }), [{
    type: "bind",
    source: join(stateDir, "ssh"),
    target: "/home/agent/.ssh",
    readonly: true,
  }]);
});

Deno.test("findSshAgent() forwards only on request and only an agent that runs", () => {
  const host = { env: { SSH_AUTH_SOCK: "/tmp/agent.1" } };
  assert.equal(findSshAgent(host, { agent: false, desktop: false }), undefined);
  assert.equal(findSshAgent(host, { agent: true, desktop: false })?.mount.source, "/tmp/agent.1");
  assert.throws(() => findSshAgent({ env: {} }, { agent: true, desktop: false }), {
    code: "config-invalid",
  });
});
