import assert from "node:assert/strict";
import { UserError } from "../../../src/errors.ts";
import type { ApplyResult } from "../../../src/cage/gateway.ts";
import { reloadPaths, requestReload } from "../../../src/cage/reload.ts";
import { watchReload } from "../../../src/cage/reload_watch.ts";
import { openSession } from "../../../src/cage/sessions.ts";
import { pause } from "../../../src/pause.ts";
import { record, withState } from "./support.ts";

const withGateway = { ...record, gateway: `${record.container}-gateway`, network: "n" };

/** Runs a test with a watching session. */
async function withSession(
  reload: () => Promise<ApplyResult>,
  test: (stateDir: string, refused: string[]) => Promise<void>,
): Promise<void> {
  await withState(async (stateDir) => {
    using _session = await openSession(stateDir, withGateway);
    const ended = new AbortController();
    const refused: string[] = [];
    const watching = watchReload({ stateDir, projectPath: stateDir, session: withGateway }, {
      signal: ended.signal,
      reload,
      onRefused: (problems) => refused.push(...problems),
    });
    try {
      await test(stateDir, refused);
    } finally {
      ended.abort();
      await watching;
    }
  });
}

Deno.test("a running session takes a change over and says so", async () => {
  let reloads = 0;
  await withSession(() => {
    reloads++;
    return Promise.resolve({ outcome: "applied" });
  }, async (stateDir) => {
    for (const expected of [1, 2]) {
      const [report] = await requestReload(stateDir, { timeoutMs: 60_000 });
      assert.equal(report?.outcome, "applied");
      assert.equal(reloads, expected);
    }
    assert.deepEqual(await requestReload(stateDir, { cageId: "other", timeoutMs: 1 }), []);
  });
});

Deno.test("a refusal comes back with its reason", async () => {
  await withSession(
    () => Promise.reject(new UserError("network.mode is open now", { hint: "start it again" })),
    async (stateDir, refused) => {
      const [report] = await requestReload(stateDir, { timeoutMs: 60_000 });
      assert.equal(report?.outcome, "rejected");
      assert.deepEqual(report?.problems, ["network.mode is open now (start it again)"]);
      assert.deepEqual(refused, report?.problems);
    },
  );
});

Deno.test("a changed file is taken over without a request", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await withSession(() => {
    resolve();
    return Promise.resolve({ outcome: "applied" });
  }, async (stateDir) => {
    let isTaken = false;
    promise.then(() => isTaken = true);
    // What is there when it first looks is no change: that may be the first of them.
    for (let text = "version = 1\n"; !isTaken; text += "\n") {
      await Deno.writeTextFile(`${stateDir}/config.toml`, text);
      await pause(20);
    }
  });
});

Deno.test("a session that does not answer is silent, and its request does not stay", async () => {
  await withState(async (stateDir) => {
    using _session = await openSession(stateDir, withGateway);
    const [report] = await requestReload(stateDir, { timeoutMs: 50 });
    assert.equal(report?.outcome, "silent");
    await assert.rejects(Deno.stat(reloadPaths(stateDir, withGateway).request));
  });
});

Deno.test("sessions without a gateway and dead ones are not asked", async () => {
  await withState(async (stateDir) => {
    using _session = await openSession(stateDir, record);
    (await openSession(stateDir, { ...withGateway, id: "ffffffff" }))[Symbol.dispose]();
    assert.deepEqual(await requestReload(stateDir, { timeoutMs: 50 }), []);
  });
});
