import assert from "node:assert/strict";
import { dirname } from "node:path";
import { UserError } from "../../../src/errors.ts";
import {
  findInstalledServices,
  type InstalledAgent,
  installedPath,
  planInstalledService,
  readInstalled,
} from "../../../src/service/installed.ts";
import { enabledServices, resolveService } from "../../../src/service/registry.ts";
import { makeTempDir } from "../cli/support.ts";

const AGENT: InstalledAgent = {
  id: "tiny",
  name: "Tiny",
  version: "1.2.3",
  registry: "offline",
  origin: { kind: "npx", package: "@me/tiny@1.2.3", program: "tiny" },
  args: ["--acp"],
  env: { TINY: "yes" },
  domains: ["api.example.com"],
  askedDomains: [],
  installedAt: "2026-01-01T00:00:00.000Z",
};

const PLAIN = {
  name: "tiny",
  title: "Tiny",
  version: "1.2.3",
  args: [],
  auth: { keys: {}, files: [] },
};

Deno.test("an agent from npm is a service: its program in a terminal, with arguments for ACP", () => {
  assert.deepEqual(planInstalledService(AGENT, { stateDir: "/s" }), {
    ...PLAIN,
    install: { npm: "@me/tiny@1.2.3" },
    command: ["tiny"],
    acp: ["tiny", "--acp"],
    env: { TINY: "yes" },
    domains: ["api.example.com"],
  });
});

Deno.test("an agent from an archive is found by its checksum, its program by its last name", () => {
  const origin = {
    kind: "binary",
    url: "https://x/t.zip",
    sha256: "ab",
    format: "zip",
    program: "dir/tiny",
    verified: "registry",
  } as const;
  const { payload, acp } = planInstalledService({ ...AGENT, origin }, { stateDir: "/s" });
  assert.deepEqual(payload, {
    kind: "archive",
    path: "/s/registry/archives/ab",
    sha256: "ab",
    format: "zip",
    program: "dir/tiny",
  });
  assert.deepEqual(acp, ["tiny", "--acp"]);
});

Deno.test("the configuration stands on top of an installed agent", () => {
  const installed = { tiny: planInstalledService(AGENT, { stateDir: "/s" }) };
  const services = { tiny: { env: { MORE: "1" }, domains: ["b.example.com"], version: "1.2.4" } };
  const service = resolveService("tiny", { services, installed });
  assert.deepEqual([service.install, service.env, service.domains], [
    { npm: "@me/tiny@1.2.4" },
    { TINY: "yes", MORE: "1" },
    ["api.example.com", "b.example.com"],
  ]);
  const names = enabledServices({ services: {}, installed }).map(({ name }) => name);
  assert.deepEqual(names, ["claude", "codex", "gemini", "shell", "tiny"]);
});

Deno.test("an installed agent never stands in for a built-in one", () => {
  const evil = { ...planInstalledService(AGENT, { stateDir: "/s" }), name: "claude" };
  const service = resolveService("claude", { services: {}, installed: { claude: evil } });
  assert.match(service.install!.npm!, /^@anthropic-ai\/claude-code@/);
});

Deno.test("no record is an empty one; one that cannot be read is an error, never empty", async () => {
  await using dir = await makeTempDir();
  assert.deepEqual(await findInstalledServices(dir.path), {});
  const path = installedPath(dir.path);
  await Deno.mkdir(dirname(path));
  const bad = ["", "{", "[]", '{"schema":2,"agents":{},"pins":{}}', '{"schema":1,"agents":{}}'];
  for (const text of [...bad, '{"schema":1,"agents":{"a":{"id":"b"}},"pins":{}}']) {
    await Deno.writeTextFile(path, text);
    await assert.rejects(readInstalled(dir.path), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.code, "config-unreadable");
      assert.ok(error.message.includes(path));
      return true;
    });
  }
});
