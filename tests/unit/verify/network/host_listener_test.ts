import assert from "node:assert/strict";
import { listenEverywhere } from "../../../../src/verify/network/host_listener.ts";

Deno.test("a visit of its own is heard, over TCP and UDP", async () => {
  await using listener = await listenEverywhere();
  assert.deepEqual(await listener.findDeaf("127.0.0.1"), []);
  assert.deepEqual(listener.seen().toSorted(), ["tcp from 127.0.0.1", "udp from 127.0.0.1"]);
});

Deno.test("what came before does not count as a visit of its own", async () => {
  await using listener = await listenEverywhere();
  assert.deepEqual(await listener.findDeaf("127.0.0.1"), []);
  assert.deepEqual(await listener.findDeaf("127.0.0.1"), []);
  assert.equal(listener.seen().length, 4);
});
