import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { setImmediate } from "node:timers";
import { relay } from "../../../src/gateway/relay.ts";
import { makePair, watchSocket } from "./loopback.ts";

/** client - near | far - host, with a relay between near and far. */
async function makeTunnel(options: { idleMs?: number } = {}) {
  const left = await makePair({ halfOpen: "near" });
  const right = await makePair({ halfOpen: "far" });
  const tunnel = relay(left.far, right.near, options);
  return {
    client: left.near,
    host: right.far,
    /** The relay's side toward the host. */
    far: right.near,
    tunnel,
    async [Symbol.asyncDispose]() {
      await left[Symbol.asyncDispose]();
      await right[Symbol.asyncDispose]();
    },
  };
}

Deno.test("relay() passes each end on by itself and counts the bytes", async () => {
  await using made = await makeTunnel();
  const { client, host, tunnel } = made;
  const [atClient, atHost] = [watchSocket(client), watchSocket(host)];
  client.end("question");
  assert.equal(await atHost.readAll(), "question");
  host.end("an answer after the end of the question");
  assert.equal(await atClient.readAll(), "an answer after the end of the question");
  assert.deepEqual(await tunnel.ended, { reason: null, sent: 8, received: 39 });
});

for (const side of ["client", "host"] as const) {
  Deno.test(`relay() passes a reset of the ${side} on`, async () => {
    await using made = await makeTunnel();
    const { client, host, tunnel } = made;
    const [atClient, atHost] = [watchSocket(client), watchSocket(host)];
    client.write("hello");
    await atHost.readUntil("hello");
    const [from, to] = side === "client" ? [client, host] : [host, client];
    const failed = once(to, "error");
    from.resetAndDestroy();
    assert.equal(((await failed)[0] as NodeJS.ErrnoException).code, "ECONNRESET");
    await tunnel.ended;
    await atClient.readAll();
  });
}

Deno.test("relay() ends both sides at once when told to, and says why", async () => {
  await using made = await makeTunnel();
  const { client, host, tunnel } = made;
  const [atClient, atHost] = [watchSocket(client), watchSocket(host)];
  tunnel.close("revoked");
  tunnel.close("timeout");
  assert.equal((await tunnel.ended).reason, "revoked");
  await Promise.all([atClient.readAll(), atHost.readAll()]);
});

Deno.test("relay() gives up a tunnel nothing moves in", async () => {
  await using made = await makeTunnel({ idleMs: 30 });
  watchSocket(made.client);
  watchSocket(made.host);
  assert.equal((await made.tunnel.ended).reason, "timeout");
});

Deno.test("relay() ends when a side is gone before it starts", async () => {
  await using left = await makePair();
  await using right = await makePair();
  watchSocket(right.far);
  left.far.destroy();
  assert.deepEqual(await relay(left.far, right.near).ended, {
    reason: null,
    sent: 0,
    received: 0,
  });
});

Deno.test("relay() keeps nearly nothing for a reader that is slow, and loses nothing", async () => {
  await using made = await makeTunnel();
  const { client, host, far, tunnel } = made;
  const chunk = Buffer.alloc(64 * 1024, "abcdefghij");
  const total = 400;
  for (let index = 0; index < total; index++) client.write(chunk);
  client.end();
  const hash = createHash("sha256");
  let mostKept = 0;
  for await (const part of host) {
    hash.update(part);
    // Turns of the event loop in which the writer could get ahead.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    mostKept = Math.max(mostKept, far.writableLength);
  }
  assert.ok(mostKept < 4 * chunk.length, `${mostKept} bytes were kept`);
  const expected = createHash("sha256");
  for (let index = 0; index < total; index++) expected.update(chunk);
  assert.equal(hash.digest("hex"), expected.digest("hex"));
  host.end();
  watchSocket(client);
  assert.equal((await tunnel.ended).sent, total * chunk.length);
});
