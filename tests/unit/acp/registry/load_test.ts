import assert from "node:assert/strict";
import { join } from "node:path";
import {
  describeSource,
  FRESH_MS,
  loadRegistry,
  OFFICIAL_REGISTRY,
} from "../../../../src/acp/registry/load.ts";
import { EXIT, UserError } from "../../../../src/errors.ts";
import { type AgentsRegistry, serveAgents } from "../../../e2e/support/agents_registry.ts";
import { makeTempDir, recordingIo } from "../../cli/support.ts";

const NOW = Date.parse("2026-01-01T12:00:00Z");

const ENTRY = {
  id: "tiny",
  name: "Tiny",
  version: "1.2.3",
  description: "An agent",
  distribution: { npx: { package: "tiny@1.2.3" } },
};

type Site = AsyncDisposable & {
  registry: AgentsRegistry;
  cache: string;
  load(nowMs: number, options?: { ask?: boolean; url?: string }): ReturnType<typeof loadRegistry>;
};

async function makeSite(): Promise<Site> {
  const dir = await makeTempDir();
  const registry = serveAgents();
  registry.agents = [ENTRY];
  return {
    registry,
    cache: join(dir.path, "registry", "cache.json"),
    load: (nowMs, { ask = false, url = `${registry.url}/registry.json` } = {}) =>
      loadRegistry({
        host: { env: { SANDCAGE_ACP_REGISTRY: url }, stateDir: dir.path },
        io: recordingIo(),
        nowMs,
        ask,
      }),
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

Deno.test("the registry is asked once in three hours, then with its ETag", async () => {
  await using site = await makeSite();
  const first = await site.load(NOW);
  assert.deepEqual([first.source.kind, first.agents[0]!.id], ["registry", "tiny"]);
  const url = `${site.registry.url}/registry.json`;
  const fresh = await site.load(NOW + FRESH_MS - 1);
  assert.deepEqual(fresh.source, { kind: "registry", url, checkedAt: NOW });
  assert.equal(site.registry.asked.length, 1);
  // The document is as it was: the server sends nothing, and the copy is fresh again.
  const later = await site.load(NOW + FRESH_MS);
  assert.deepEqual(later.source, { kind: "registry", url, checkedAt: NOW + FRESH_MS });
  assert.deepEqual(later.agents, first.agents);
  assert.equal(site.registry.asked.length, 2);
  site.registry.agents = [{ ...ENTRY, version: "2.0.0" }];
  assert.equal((await site.load(NOW + FRESH_MS + 1)).agents[0]!.version, "1.2.3");
  assert.equal((await site.load(NOW + FRESH_MS + 1, { ask: true })).agents[0]!.version, "2.0.0");
});

Deno.test("a copy from the future is no fresh one", async () => {
  await using site = await makeSite();
  await site.load(NOW);
  await site.load(NOW - 1);
  assert.equal(site.registry.asked.length, 2);
});

Deno.test("without the registry the last copy is shown, however old, and said to be", async () => {
  await using site = await makeSite();
  await site.load(NOW);
  const url = "http://127.0.0.1:1/registry.json";
  const other = await site.load(NOW, { url });
  assert.equal(other.source.kind, "offline", "a copy of another registry is none");
  await site.registry[Symbol.asyncDispose]();
  const copy = await site.load(NOW + 50 * 60 * 60_000);
  assert.equal(copy.source.kind, "copy");
  assert.equal(copy.agents[0]!.id, "tiny");
  const said = describeSource(copy.source, { nowMs: NOW + 50 * 60 * 60_000 });
  assert.match(said, /^Cannot read the registry http:.*; this is what it said 2 days ago$/);
});

const BROKEN: [string, string, RegExp][] = [
  ["no JSON", "<html>", /what it sent is no JSON/],
  ["no registry", '{"agents":7}', /what it sent is no registry: it is no object with a list/],
  ["no entry that can be read", '{"agents":[{"id":"x"}]}', /no entry of it can be read/],
  ["more than it may", " ".repeat(9 * 1024 * 1024), /larger than 8 MiB/],
];

for (const [what, text, words] of BROKEN) {
  Deno.test(`a registry that sends ${what} is as good as none, and the reason is said`, async () => {
    await using site = await makeSite();
    site.registry.broken = text;
    const offline = await site.load(NOW);
    assert.equal(offline.source.kind, "offline");
    assert.ok(offline.agents.some(({ id }) => id === "auggie"));
    assert.match(describeSource(offline.source, { nowMs: NOW }), words);
    assert.match(describeSource(offline.source, { nowMs: NOW }), /list that comes with sandcage$/);
    site.registry.broken = undefined;
    await site.load(NOW);
    site.registry.broken = text;
    const copy = await site.load(NOW + FRESH_MS);
    assert.deepEqual([copy.source.kind, copy.agents[0]!.id], ["copy", "tiny"]);
  });
}

Deno.test("a copy that something broke is asked for again", async () => {
  await using site = await makeSite();
  for (const text of ["", "null", "{", '{"schema":2}', '{"schema":1,"url":"x"}']) {
    await site.load(NOW);
    await Deno.writeTextFile(site.cache, text);
    assert.equal((await site.load(NOW)).source.kind, "registry", text);
    assert.equal(JSON.parse(await Deno.readTextFile(site.cache)).schema, 1);
  }
});

for (const url of ["http://registry.example/x.json", "ftp://x", "x.json", "file:///etc/passwd"]) {
  Deno.test(`a registry at ${url} is refused`, async () => {
    await using site = await makeSite();
    await assert.rejects(site.load(NOW, { url }), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual([error.exit, error.code], [EXIT.usage, "usage"]);
      assert.match(error.message, /^Cannot use SANDCAGE_ACP_REGISTRY: /);
      return true;
    });
  });
}

Deno.test("without a word about it the registry is the official one", async () => {
  await using dir = await makeTempDir();
  const aborted = AbortSignal.abort(new Error("stop"));
  const options = { host: { env: {}, stateDir: dir.path }, io: recordingIo(), nowMs: NOW };
  await assert.rejects(loadRegistry({ ...options, signal: aborted }), /stop/);
  assert.match(OFFICIAL_REGISTRY, /^https:\/\/cdn\.agentclientprotocol\.com\//);
});
