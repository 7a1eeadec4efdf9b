import assert from "node:assert/strict";
import { join } from "node:path";
import {
  changeCopyRecord,
  claimCopyCage,
  isAbandoned,
  renameCopyCage,
} from "../../../src/copy/claim.ts";
import {
  type CopyRecord,
  findCopyRecord,
  listCopyCages,
  writeCopyRecord,
} from "../../../src/copy/record.ts";
import { lockFile } from "../../../src/files.ts";
import { cageDir } from "../../../src/cage/store.ts";

function record(id: string, name: string): CopyRecord {
  return {
    schema: 1,
    id,
    name,
    state: "filling",
    service: "shell",
    user: { uid: 64000, gid: 64000 },
    volumes: { work: `w-${id}`, checkpoints: `c-${id}` },
    engine: "",
    source: { kind: "dir" },
    roots: [{ name: "project", hostPath: "/w/web" }],
    authMode: "api_key",
    createdAt: "2026-01-02T03:04:05.000Z",
  };
}

async function makeState() {
  const stateDir = await Deno.makeTempDir({ prefix: "sandcage-claim-" });
  const swept: string[] = [];
  return {
    stateDir,
    swept,
    options: {
      stateDir,
      sweep: async (copy: CopyRecord) => {
        swept.push(copy.id);
        await Deno.remove(cageDir(stateDir, copy.id), { recursive: true });
      },
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(stateDir, { recursive: true });
    },
  };
}

Deno.test("claimCopyCage() puts a cage on record, for its project", async () => {
  await using state = await makeState();
  using _lock = await claimCopyCage(record("web-0a0a0a", "web"), state.options);
  const [known] = await listCopyCages(state.stateDir);
  assert.deepEqual([known?.copy.name, known?.cage.projectPath], ["web", "/w/web"]);
  assert.deepEqual(state.swept, []);
});

Deno.test("claimCopyCage() leaves a name to whoever has it, or is about to", async () => {
  await using state = await makeState();
  const lock = await claimCopyCage(record("web-0a0a0a", "web"), state.options);
  await assert.rejects(claimCopyCage(record("web-0b0b0b", "web"), state.options), {
    exit: 5,
    message: 'There is a cage named "web" already, which is being made right now',
    hint: "Or choose another name: --name NAME",
  });
  await writeCopyRecord(state.stateDir, { ...record("web-0a0a0a", "web"), state: "ready" });
  lock[Symbol.dispose]();
  await assert.rejects(claimCopyCage(record("web-0b0b0b", "web"), state.options), {
    exit: 5,
    hint: /sandcage attach web\n.*sandcage destroy web\n.*--name NAME/,
  });
  assert.deepEqual(state.swept, []);
});

Deno.test("claimCopyCage() has what a killed one left swept away", async () => {
  await using state = await makeState();
  (await claimCopyCage(record("web-0a0a0a", "web"), state.options))[Symbol.dispose]();
  using _lock = await claimCopyCage(record("web-0b0b0b", "web"), state.options);
  assert.deepEqual(state.swept, ["web-0a0a0a"]);
  const known = await listCopyCages(state.stateDir);
  assert.deepEqual(known.map(({ copy }) => copy.id), ["web-0b0b0b"]);
});

Deno.test("claimCopyCage() removes half records of any name, and nothing that is in use", async () => {
  await using state = await makeState();
  const dirs = {
    "begun-0a0a0a": ["making.lock"],
    "cut-0a0a0a": ["copy.json", ".0.tmp"],
    "kept-0a0a0a": ["copy.json", "repo"],
    "other": ["cage.lock"],
    "empty": [],
  };
  for (const [id, names] of Object.entries(dirs)) {
    await Deno.mkdir(cageDir(state.stateDir, id), { recursive: true });
    for (const name of names) await Deno.writeTextFile(join(cageDir(state.stateDir, id), name), "");
  }
  using _held = await lockFile(join(cageDir(state.stateDir, "live-0a0a0a"), "making.lock"));
  using _lock = await claimCopyCage(record("web-0a0a0a", "web"), state.options);
  const left = (await Array.fromAsync(Deno.readDir(join(state.stateDir, "cages"))))
    .map(({ name }) => name).sort();
  assert.deepEqual(left, ["empty", "kept-0a0a0a", "live-0a0a0a", "other", "web-0a0a0a"]);
});

Deno.test("claimCopyCage() takes no name that a mounted cage has", async () => {
  await using state = await makeState();
  await Deno.mkdir(cageDir(state.stateDir, "review"), { recursive: true });
  await Deno.writeTextFile(
    join(cageDir(state.stateDir, "review"), "cage.json"),
    JSON.stringify({ schema: 1, id: "review", projectPath: "/w/x", createdAt: "" }),
  );
  await assert.rejects(claimCopyCage(record("review-0a0a0a", "review"), state.options), {
    exit: 5,
    message: /mounts its project/,
  });
});

Deno.test("isAbandoned() tells a maker that lives from one that died", async () => {
  await using state = await makeState();
  const copy = record("web-0a0a0a", "web");
  const lock = await claimCopyCage(copy, state.options);
  assert.equal(await isAbandoned(copy, state.stateDir), false);
  lock[Symbol.dispose]();
  assert.equal(await isAbandoned(copy, state.stateDir), true);
  assert.equal(await isAbandoned({ ...copy, state: "ready" }, state.stateDir), false);
});

Deno.test("renameCopyCage() changes the name alone, and takes nobody else's", async () => {
  await using state = await makeState();
  using _a = await claimCopyCage(record("a-0a0a0a", "a"), state.options);
  using _b = await claimCopyCage(record("b-0a0a0a", "b"), state.options);
  await assert.rejects(renameCopyCage({ id: "a-0a0a0a" }, "b", state.options), { exit: 5 });
  await renameCopyCage({ id: "a-0a0a0a" }, "c", state.options);
  assert.deepEqual(await findCopyRecord(cageDir(state.stateDir, "a-0a0a0a")), {
    ...record("a-0a0a0a", "a"),
    name: "c",
  });
  await renameCopyCage({ id: "a-0a0a0a" }, "c", state.options);
});

Deno.test("changeCopyRecord() loses no change of two at the same time", async () => {
  await using state = await makeState();
  using _lock = await claimCopyCage(record("a-0a0a0a", "a"), state.options);
  await Promise.all(
    Array.from({ length: 8 }, (_, at) =>
      changeCopyRecord("a-0a0a0a", (now) => ({
        ...now,
        roots: [...now.roots, { name: `d${at}`, hostPath: `/d${at}` }],
      }), state.options)),
  );
  const found = await findCopyRecord(cageDir(state.stateDir, "a-0a0a0a"));
  assert.equal(found?.roots.length, 9);
  await assert.rejects(changeCopyRecord("gone", (now) => now, state.options), { exit: 5 });
});
