import assert from "node:assert/strict";
import { reapOrphans } from "../../../src/cage/reap.ts";
import { openSession, type SessionRecord, sessionsDir } from "../../../src/cage/sessions.ts";
import { fakeEngine, record, recordTalk, withState } from "./support.ts";

const LATER_MS = Date.parse(record.startedAt) + 3_600_000;

/** The record as a client leaves it that was killed: there, and locked by nobody. */
async function writeDead(stateDir: string, change: Partial<SessionRecord> = {}) {
  const dead = { ...record, ...change };
  const dir = sessionsDir(stateDir, dead.cageId);
  await Deno.mkdir(dir, { recursive: true });
  await Deno.writeTextFile(`${dir}/${dead.id}.json`, JSON.stringify(dead));
}

function listRecords(stateDir: string): string[] {
  return [...Deno.readDirSync(sessionsDir(stateDir, "demo-1"))].map(({ name }) => name);
}

const INSPECTED = JSON.stringify([{ Id: "f00", Name: `/${record.container}`, HostConfig: {} }]);

Deno.test("reapOrphans() asks the engine nothing when no client was killed", async () => {
  await withState(async (stateDir) => {
    using _live = await openSession(stateDir, record);
    const { engine, calls } = fakeEngine(() => undefined);
    const { io } = recordTalk();
    assert.equal(await reapOrphans(stateDir, { engine, io, nowMs: LATER_MS }), 0);
    assert.deepEqual(calls, []);
  });
});

Deno.test("reapOrphans() removes the container first and its record last", async () => {
  await withState(async (stateDir) => {
    await writeDead(stateDir);
    const { engine, calls } = fakeEngine(([verb]) => {
      if (verb === "rm") assert.deepEqual(listRecords(stateDir), ["0a1b2c3d.json"]);
      return { stdout: INSPECTED };
    });
    const { io, said } = recordTalk();
    assert.equal(await reapOrphans(stateDir, { engine, io, nowMs: LATER_MS }), 1);
    assert.deepEqual(calls, [
      `inspect ${record.container}`,
      `rm --force --volumes ${record.container}`,
    ]);
    assert.deepEqual(listRecords(stateDir), []);
    assert.deepEqual(said, ["Removed 1 container of killed sessions"]);
  });
});

Deno.test("reapOrphans() removes the gateway with the agent, then their network, then the record", async () => {
  await withState(async (stateDir) => {
    const gateway = `${record.container}-gateway`;
    await writeDead(stateDir, { gateway, network: "sandcage-session-0a1b2c3d" });
    const both = JSON.stringify([record.container, gateway].map((name, index) => ({
      Id: `${index}`.repeat(64),
      Name: `/${name}`,
      HostConfig: {},
      Config: { Labels: {} },
    })));
    const { engine, calls } = fakeEngine(([verb]) => verb === "inspect" ? { stdout: both } : {});
    const { io } = recordTalk();
    assert.equal(await reapOrphans(stateDir, { engine, io, nowMs: LATER_MS }), 2);
    assert.deepEqual(calls, [
      `inspect ${record.container} ${gateway}`,
      `rm --force --volumes ${record.container} ${gateway}`,
      "network rm sandcage-session-0a1b2c3d",
    ]);
    assert.deepEqual(listRecords(stateDir), []);
  });
});

Deno.test("reapOrphans() keeps the record of what the engine would not remove", async () => {
  await withState(async (stateDir) => {
    await writeDead(stateDir);
    const { engine } = fakeEngine(([verb]) =>
      verb === "rm" ? { code: 1, stderr: "device busy\n" } : { stdout: INSPECTED }
    );
    const { io, said } = recordTalk();
    assert.equal(await reapOrphans(stateDir, { engine, io, nowMs: LATER_MS }), 0);
    assert.deepEqual(listRecords(stateDir), ["0a1b2c3d.json"]);
    assert.deepEqual(said, [`! Cannot remove ${record.container}: device busy`]);
  });
});

Deno.test("reapOrphans() leaves the sessions of another engine to that engine", async () => {
  await withState(async (stateDir) => {
    await writeDead(stateDir, { engine: 'context "remote"' });
    const { engine, calls } = fakeEngine(() => undefined);
    const { io } = recordTalk();
    assert.equal(await reapOrphans(stateDir, { engine, io, nowMs: LATER_MS }), 0);
    assert.deepEqual(calls, []);
    assert.deepEqual(listRecords(stateDir), ["0a1b2c3d.json"]);
  });
});

for (
  const [name, afterMs, left] of [
    ["keeps a fresh record without a container: it may start yet", 1_000, ["0a1b2c3d.json"]],
    ["forgets an old record without a container", 61_000, []],
  ] as const
) {
  Deno.test(`reapOrphans() ${name}`, async () => {
    await withState(async (stateDir) => {
      await writeDead(stateDir);
      const { engine } = fakeEngine(() => ({ code: 1, stdout: "[]" }));
      const { io } = recordTalk();
      const nowMs = Date.parse(record.startedAt) + afterMs;
      assert.equal(await reapOrphans(stateDir, { engine, io, nowMs }), 0);
      assert.deepEqual(listRecords(stateDir), left);
    });
  });
}
