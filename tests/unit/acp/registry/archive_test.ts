import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { type ArchiveRequest, fetchArchive } from "../../../../src/acp/registry/archive.ts";
import { fetchPieces } from "../../../../src/acp/registry/fetch.ts";
import {
  forgetAgent,
  lockRegistry,
  recordAgent,
  removeUnusedArchives,
} from "../../../../src/acp/registry/store.ts";
import { EXIT, UserError } from "../../../../src/errors.ts";
import {
  archivePath,
  type InstalledAgent,
  readInstalled,
} from "../../../../src/service/installed.ts";
import { serveAgents, sha256 } from "../../../e2e/support/agents_registry.ts";
import { makeTempDir, recordingIo } from "../../cli/support.ts";

const BYTES = new TextEncoder().encode("an archive");
const SUM = sha256(BYTES);

async function makeSite() {
  const dir = await makeTempDir();
  const server = serveAgents();
  server.files.set("/a.tgz", BYTES);
  const request = { id: "tiny", url: `${server.url}/a.tgz`, allowUnverified: false };
  return {
    stateDir: dir.path,
    server,
    fetch: (change: Partial<ArchiveRequest> = {}) =>
      fetchArchive({ ...request, ...change }, { stateDir: dir.path, io: recordingIo() }),
    async files() {
      try {
        const entries = Deno.readDir(dirname(archivePath(dir.path, "-")));
        return (await Array.fromAsync(entries)).map(({ name }) => name);
      } catch {
        return [];
      }
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

Deno.test("an archive with the promised checksum lies under its checksum, and is not fetched twice", async () => {
  await using site = await makeSite();
  const want = { sha256: SUM, verified: "registry" };
  assert.deepEqual(await site.fetch({ sha256: SUM }), want);
  assert.deepEqual(await Deno.readFile(archivePath(site.stateDir, SUM)), BYTES);
  assert.deepEqual(await site.fetch({ sha256: SUM }), want);
  assert.equal(site.server.asked.length, 1);
});

Deno.test("an archive without a checksum is taken only on the user's word", async () => {
  await using site = await makeSite();
  assert.deepEqual(await site.fetch({ allowUnverified: true }), {
    sha256: SUM,
    verified: "first-use",
  });
});

const OTHER = "0".repeat(64);

const REFUSED: [string, Partial<ArchiveRequest>, RegExp, RegExp, number][] = [
  ["one nobody vouches for", {}, /Cannot verify "tiny"/, /--allow-unverified/, 0],
  [
    "one with another checksum than the registry says",
    { sha256: OTHER },
    /the registry says: 0{64}/,
    /nothing was installed/,
    1,
  ],
  [
    "one that is not what was pinned",
    { pinned: OTHER, allowUnverified: true },
    /the first download had: 0{64}/,
    /pins in .*installed\.json/,
    1,
  ],
  [
    "one the registry vouches for, whatever was pinned",
    { sha256: OTHER, pinned: SUM, allowUnverified: true },
    /the registry says/,
    /changed on the way/,
    1,
  ],
];

for (const [what, change, words, hint, asked] of REFUSED) {
  Deno.test(`fetchArchive() refuses ${what}`, async () => {
    await using site = await makeSite();
    await assert.rejects(site.fetch(change), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual([error.exit, error.code], [EXIT.denied, "denied"]);
      assert.match(error.message, words);
      assert.match(error.hint!, hint);
      return true;
    });
    assert.deepEqual(await site.files(), []);
    assert.equal(site.server.asked.length, asked);
  });
}

Deno.test("a download that breaks off or is refused leaves nothing", async () => {
  await using site = await makeSite();
  const rows: [() => Response, RegExp][] = [
    [() => new Response("no", { status: 503 }), /it answered 503/],
    [
      () => new Response(null, { status: 302, headers: { location: "http://127.0.0.1:1/a" } }),
      /Cannot fetch/,
    ],
  ];
  for (const [answer, words] of rows) {
    site.server.files.set("/a.tgz", answer);
    await assert.rejects(site.fetch({ sha256: SUM }), words);
    assert.deepEqual(await site.files(), []);
  }
});

Deno.test("a download has an end: in size, in silence, and at the user's word", async () => {
  await using site = await makeSite();
  const url = `${site.server.url}/a.tgz`;
  const take = async (options: Partial<Parameters<typeof fetchPieces>[1]>) => {
    for await (const _ of fetchPieces(url, { mostBytes: 1000, ...options })) { /* all of it */ }
  };
  await assert.rejects(take({ mostBytes: 5 }), /larger than 1 MiB/);
  await assert.rejects(take({ signal: AbortSignal.abort(new Error("stop")) }), /stop/);
  let silent: ReadableStreamDefaultController<Uint8Array>;
  site.server.files.set(
    "/a.tgz",
    () => new Response(new ReadableStream({ start: (controller) => void (silent = controller) })),
  );
  await assert.rejects(take({ silenceMs: 1_000 }), /nothing came for 1 s/);
  assert.ok(silent!);
});

const AGENT: InstalledAgent = {
  id: "tiny",
  name: "Tiny",
  version: "1.0.0",
  registry: "https://registry.example",
  origin: {
    kind: "binary",
    url: "https://x/a.tgz",
    sha256: SUM,
    format: "tar.gz",
    program: "tiny",
    verified: "first-use",
  },
  args: [],
  env: {},
  domains: [],
  askedDomains: [],
  installedAt: "2026-01-01T00:00:00.000Z",
};

Deno.test("the record keeps agents and pins; a forgotten agent leaves its pin and no archive", async () => {
  await using site = await makeSite();
  await site.fetch({ sha256: SUM });
  await recordAgent(site.stateDir, AGENT);
  const verified = { ...AGENT.origin, verified: "registry", url: "https://x/b.tgz" } as const;
  await recordAgent(site.stateDir, { ...AGENT, id: "other", origin: verified });
  await Deno.writeTextFile(join(dirname(archivePath(site.stateDir, "-")), ".x.part"), "half");
  await removeUnusedArchives(site.stateDir);
  assert.deepEqual(await site.files(), [SUM]);
  await forgetAgent(site.stateDir, "tiny");
  await removeUnusedArchives(site.stateDir);
  assert.deepEqual(await site.files(), [SUM], "another agent is made of it");
  await forgetAgent(site.stateDir, "other");
  await removeUnusedArchives(site.stateDir);
  assert.deepEqual(await site.files(), []);
  assert.deepEqual(await readInstalled(site.stateDir), {
    schema: 1,
    agents: {},
    pins: { "https://x/a.tgz": SUM },
  });
});

Deno.test("two that install wait for each other, and say so", async () => {
  await using site = await makeSite();
  const first = await lockRegistry(site.stateDir, recordingIo());
  const io = recordingIo();
  const second = lockRegistry(site.stateDir, io);
  let isHeld = false;
  void second.then(() => isHeld = true);
  while (io.said.talk === "") await new Promise((resolve) => setTimeout(resolve, 1));
  assert.match(io.said.talk, /waiting for it/);
  assert.equal(isHeld, false);
  first[Symbol.dispose]();
  (await second)[Symbol.dispose]();
});
