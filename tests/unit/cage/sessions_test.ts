import assert from "node:assert/strict";
import { join } from "node:path";
import { listSessions, openSession, sessionsDir } from "../../../src/cage/sessions.ts";
import { lockFile } from "../../../src/files.ts";
import { pause } from "../../../src/pause.ts";
import { record } from "./support.ts";

Deno.test("a session is live while its handle is held, and leaves nothing behind", async () => {
  const stateDir = await Deno.makeTempDir();
  try {
    {
      using session = await openSession(stateDir, record);
      const known = await listSessions(stateDir);
      assert.deepEqual(known.map(({ record, live }) => ({ record, live })), [{
        record,
        live: true,
      }]);
      await session.forget();
    }
    assert.deepEqual(await listSessions(stateDir), []);
    assert.deepEqual([...Deno.readDirSync(sessionsDir(stateDir, "demo-1"))], []);
  } finally {
    await Deno.remove(stateDir, { recursive: true });
  }
});

Deno.test("a session whose client was killed with -9 is known and not live", async () => {
  const stateDir = await Deno.makeTempDir();
  try {
    const module = new URL("../../../src/cage/sessions.ts", import.meta.url).href;
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `const { openSession } = await import(${JSON.stringify(module)});
         globalThis.held = await openSession(${JSON.stringify(stateDir)}, ${
          JSON.stringify(record)
        });
         console.log("open"); setInterval(() => {}, 1000);`,
      ],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    assert.equal((await listSessions(stateDir))[0]?.live, true);
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    assert.deepEqual((await listSessions(stateDir)).map(({ live }) => live), [false]);
  } finally {
    await Deno.remove(stateDir, { recursive: true });
  }
});

Deno.test("a record that somebody took for a dead client's before it was locked is there all the same", async () => {
  const stateDir = await Deno.makeTempDir();
  try {
    const path = join(sessionsDir(stateDir, record.cageId), `${record.id}.json`);
    // Who lists sessions has made out that this one is empty and nobody's.
    const looking = await lockFile(path);
    const opening = openSession(stateDir, record);
    await pause(20);
    await Deno.remove(path);
    looking[Symbol.dispose]();
    using _session = await opening;
    const known = await listSessions(stateDir);
    assert.deepEqual(known.map(({ record: { id }, live }) => [id, live]), [[record.id, true]]);
  } finally {
    await Deno.remove(stateDir, { recursive: true });
  }
});

Deno.test("a dead client's session is not live because somebody else looks at it", async () => {
  const stateDir = await Deno.makeTempDir();
  try {
    (await openSession(stateDir, record))[Symbol.dispose]();
    const path = join(sessionsDir(stateDir, record.cageId), `${record.id}.json`);
    using other = await Deno.open(path);
    await other.lock(false);
    assert.deepEqual((await listSessions(stateDir)).map(({ live }) => live), [false]);
  } finally {
    await Deno.remove(stateDir, { recursive: true });
  }
});

Deno.test("a half-written record of a dead client is removed, not reported", async () => {
  const stateDir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(sessionsDir(stateDir, "demo-1"), { recursive: true });
    await Deno.writeTextFile(`${sessionsDir(stateDir, "demo-1")}/x.json`, "{");
    assert.deepEqual(await listSessions(stateDir), []);
    assert.deepEqual([...Deno.readDirSync(sessionsDir(stateDir, "demo-1"))], []);
  } finally {
    await Deno.remove(stateDir, { recursive: true });
  }
});

Deno.test("a session that was released without being forgotten stays on record, not live", async () => {
  const stateDir = await Deno.makeTempDir();
  try {
    (await openSession(stateDir, record))[Symbol.dispose]();
    assert.deepEqual((await listSessions(stateDir)).map(({ live }) => live), [false]);
  } finally {
    await Deno.remove(stateDir, { recursive: true });
  }
});
