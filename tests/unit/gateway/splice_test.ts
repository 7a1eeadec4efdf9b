import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  type Dialed,
  type Dialer,
  DialError,
  type TrackedConnection,
} from "../../../src/gateway/context.ts";
import { splice } from "../../../src/gateway/splice.ts";
import type { AuditEvent } from "../../../src/policy/audit.ts";
import { makePair, watchSocket } from "./loopback.ts";

const TARGET = { host: "a.test", port: 443, rule: "a.test (x)", alert: Buffer.from("alert") };

/** Splices one client whose dials end as the test says. */
async function openSplice(dial: Dialer["dial"]) {
  const pair = await makePair();
  const events: Omit<AuditEvent, "time">[] = [];
  const tracked = new Set<TrackedConnection>();
  const done = splice(pair.far, TARGET, {
    settings: undefined!,
    snapshot: () => assert.fail("decided again"),
    audit: (event) => events.push(event),
    isOpen: () => true,
    dialer: { dial },
    track(connection) {
      tracked.add(connection);
      return { [Symbol.dispose]: () => void tracked.delete(connection) };
    },
  });
  return { pair, client: watchSocket(pair.near), events, tracked, done };
}

for (const reason of ["address", "resolve", "dial", "timeout"] as const) {
  Deno.test(`a dial that fails by ${reason} ends with the alert and an event`, async () => {
    const opened = await openSplice(() => Promise.reject(new DialError(reason, "told")));
    await using _pair = opened.pair;
    assert.equal(await opened.client.readAll(), "alert");
    await opened.done;
    assert.deepEqual(opened.events, [{
      kind: "connect",
      decision: "deny",
      reason,
      host: "a.test",
      port: 443,
      rule: "a.test (x)",
      mode: "splice",
      detail: "told",
    }]);
    assert.equal(opened.tracked.size, 0);
  });
}

Deno.test("a connection revoked while it is dialed is given up", async () => {
  const opened = await openSplice((_target, signal) => {
    const { promise, reject } = Promise.withResolvers<Dialed>();
    signal!.addEventListener("abort", () => reject(new DialError("dial", "given up")));
    return promise;
  });
  await using _pair = opened.pair;
  for (const connection of opened.tracked) connection.close("revoked");
  assert.equal(await opened.client.readAll(), "alert");
  await opened.done;
  assert.deepEqual(opened.events.map(({ decision, reason }) => [decision, reason]), [
    ["deny", "revoked"],
  ]);
});

Deno.test("a connection revoked at the moment it was dialed carries nothing", async () => {
  await using host = await makePair();
  const atHost = watchSocket(host.far);
  const { promise, resolve } = Promise.withResolvers<Dialed>();
  const opened = await openSplice(() => promise);
  await using _pair = opened.pair;
  opened.pair.near.write("secret");
  resolve({ socket: host.near, address: "192.0.2.1" });
  for (const connection of opened.tracked) connection.close("revoked");
  await opened.done;
  assert.equal(await atHost.readAll(), "");
  assert.equal(opened.events.at(-1)!.reason, "revoked");
});
