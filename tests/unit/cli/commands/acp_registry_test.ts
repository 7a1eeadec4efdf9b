import assert from "node:assert/strict";
import { describeOutcome, parseAgent } from "../../../../src/cli/commands/acp_install.ts";
import { formatInstalled } from "../../../../src/cli/commands/acp_installed.ts";
import { formatAgents } from "../../../../src/cli/commands/acp_list.ts";
import { describeUpdate } from "../../../../src/cli/commands/acp_update.ts";
import { recordAgent } from "../../../../src/acp/registry/store.ts";
import { UserError } from "../../../../src/errors.ts";
import { findServiceNames } from "../../../../src/cli/services.ts";
import type { InstalledAgent } from "../../../../src/service/installed.ts";
import { type AgentsRegistry, serveAgents } from "../../../e2e/support/agents_registry.ts";
import { bareHost, makeTempDir, runLine } from "../support.ts";

const AGENT: InstalledAgent = {
  id: "tiny",
  name: "Tiny",
  version: "1.0.0",
  registry: "offline",
  origin: { kind: "npx", package: "@me/tiny@1.0.0", program: "tiny" },
  args: ["--acp"],
  env: {},
  domains: ["api.example.com"],
  askedDomains: [],
  installedAt: "2026-01-01T00:00:00.000Z",
};

const entry = (id: string, description: string) => ({
  id,
  name: id,
  version: "2.0.0",
  description,
  distribution: {
    npx: { package: `${id}@2.0.0` },
    binary: { "linux-x86_64": { archive: "https://x/a.tgz", cmd: "./a" } },
  },
});

async function makeSite() {
  const dir = await makeTempDir();
  const registry: AgentsRegistry = serveAgents();
  registry.agents = [entry("tiny", "A small agent"), entry("large", "A large agent")];
  const host = bareHost({ stateDir: dir.path, env: registry.env });
  return {
    registry,
    host,
    run: (...words: string[]) => runLine(["acp", ...words], { host }),
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

Deno.test("acp list shows the registry as data and where it is from as talk", async () => {
  await using site = await makeSite();
  await recordAgent(site.host.stateDir, AGENT);
  const { exit, out, talk, warn } = await site.run("list");
  assert.deepEqual([exit, warn], [0, ""]);
  assert.deepEqual(out.split("\n").map((line) => line.split(/ {2,}/).slice(0, 4).join("|")), [
    "ID|VERSION|INSTALLED|FROM",
    "large|2.0.0|-|npx, binary",
    "tiny|2.0.0|1.0.0|npx, binary",
    "",
  ]);
  assert.match(talk, /^2 agents\nFrom http:.*registry\.json, asked just now\n$/);
});

Deno.test("acp list takes a word, and only what is installed", async () => {
  await using site = await makeSite();
  await recordAgent(site.host.stateDir, AGENT);
  const ids = async (...words: string[]) => {
    const { out } = await site.run("list", "--json", ...words);
    return JSON.parse(out).agents.map(({ id }: { id: string }) => id);
  };
  assert.deepEqual(await ids("LARGE"), ["large"]);
  assert.deepEqual(await ids("--installed"), ["tiny"]);
  assert.deepEqual(await ids("large", "--installed"), []);
  const none = await site.run("list", "nothing");
  assert.deepEqual([none.exit, none.out, none.talk], [0, "", 'No agent about "nothing"\n']);
});

Deno.test("acp list --json says what a program wants to know", async () => {
  await using site = await makeSite();
  const { out } = await site.run("list", "tiny", "--json");
  const { source, agents } = JSON.parse(out);
  assert.deepEqual([source.kind, source.reason], ["registry", null]);
  assert.deepEqual(agents, [{
    id: "tiny",
    name: "tiny",
    version: "2.0.0",
    description: "A small agent",
    distributions: ["npx", "binary linux-x86_64"],
    installed: null,
  }]);
});

Deno.test("acp list without a registry warns, and names entries it left out", async () => {
  await using site = await makeSite();
  site.registry.agents.push({ id: "odd" });
  const odd = await site.run("list", "--json");
  assert.match(odd.warn, /entry of odd is left out/);
  assert.equal(JSON.parse(odd.out).agents.length, 2);
  await using other = await makeSite();
  other.registry.broken = "<html>";
  const offline = await other.run("list", "--json");
  assert.match(offline.warn, /what it sent is no JSON; this is the list that comes with sandcage/);
  assert.equal(JSON.parse(offline.out).source.kind, "offline");
});

Deno.test("acp installed needs no registry and no engine", async () => {
  await using site = await makeSite();
  assert.match((await site.run("installed")).talk, /^No agents yet/);
  await recordAgent(site.host.stateDir, AGENT);
  assert.deepEqual(JSON.parse((await site.run("installed", "--json")).out), [AGENT]);
  assert.match(
    (await site.run("installed")).out,
    /tiny +1\.0\.0 +npm @me\/tiny@1\.0\.0 +api\.exam/,
  );
  assert.deepEqual(site.registry.asked, []);
});

Deno.test("names that are wrong are told without an engine", async () => {
  await using site = await makeSite();
  await recordAgent(site.host.stateDir, AGENT);
  const rows: [string[], RegExp][] = [
    [["install", "larg"], /no agent "larg"/],
    [["install", "tiny@"], /Cannot read the agent "tiny@"/],
    [["update", "tny"], /"tny" is not installed/],
  ];
  for (const [words, message] of rows) {
    await assert.rejects(site.run(...words), (error: unknown) => {
      assert.ok(error instanceof UserError && error.hint !== undefined);
      assert.match(error.message, message);
      return error.exit === 2;
    });
  }
});

Deno.test("an installed agent is a service that a word may call", async () => {
  await using site = await makeSite();
  await recordAgent(site.host.stateDir, AGENT);
  await using project = await makeTempDir();
  assert.deepEqual(await findServiceNames(site.host, project.path), ["tiny"]);
});

Deno.test("parseAgent() reads an id, or an id with a version", () => {
  assert.deepEqual(parseAgent("tiny"), { id: "tiny" });
  assert.deepEqual(parseAgent("tiny@1.2.3"), { id: "tiny", version: "1.2.3" });
  for (const text of ["", "@1", "tiny@", "a@b@c"]) assert.throws(() => parseAgent(text));
});

Deno.test("outcomes are said in one line", () => {
  const image = "sandcage/tiny:x";
  const said = (["installed", "updated", "unchanged"] as const).map((kind) => {
    const outcome = {
      kind,
      agent: AGENT,
      image,
      ...(kind === "installed" ? {} : { previous: "0.9.0" }),
    };
    return [describeOutcome(outcome).split(". ")[0], describeUpdate(outcome)];
  });
  assert.deepEqual(said, [
    ["Installed Tiny 1.0.0", "tiny 1.0.0"],
    ["Updated Tiny from 0.9.0 to 1.0.0", "tiny 0.9.0 -> 1.0.0"],
    ["Tiny 1.0.0 is installed", "tiny 1.0.0 is up to date"],
  ]);
});

Deno.test("where an installed agent is from is a word for people", () => {
  const from = (origin: InstalledAgent["origin"]) =>
    formatInstalled([{ ...AGENT, origin, domains: [] }]).split("\n")[1]!.split(/ {2,}/)[2];
  assert.equal(
    from({ kind: "uvx", requirement: "tiny==1", program: "tiny" }),
    "Python tiny==1",
  );
  const archive = {
    kind: "binary",
    url: "https://x/a.tgz",
    sha256: "ab".repeat(32),
    format: "tar.gz",
    program: "a",
  } as const;
  assert.equal(from({ ...archive, verified: "registry" }), "archive abababababab");
  assert.equal(
    from({ ...archive, verified: "first-use" }),
    "archive abababababab, pinned on first use",
  );
});

Deno.test("a table of agents drives no terminal", () => {
  const text = formatAgents([{
    id: "tiny",
    name: "Tiny\x1b[31m",
    version: "1",
    description: "two\nlines",
    distributions: ["npx"],
    installed: null,
  }]);
  assert.equal(text.split("\n").length, 3);
  assert.ok(!text.includes("\x1b"));
});
