import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { createListeners } from "../../../src/gateway/listeners.ts";
import { connectToLoopback } from "./loopback.ts";

Deno.test("a port takes connections up to its bound, and again when one has left", async () => {
  const accepted: [socket: Socket, port: number][] = [];
  const listeners = createListeners("127.0.0.1", {
    accept(socket, port) {
      accepted.push([socket, port]);
      socket.write("welcome");
    },
    maxConnections: 1,
  });
  try {
    const port = await listeners.open(443, 0);
    assert.equal(await listeners.open(443), port);
    assert.deepEqual(listeners.list(), [443]);
    await using first = await connectToLoopback(port);
    await first.readUntil("welcome");
    await using second = await connectToLoopback(port);
    assert.equal(await second.readAll(), "");
    const left = new Promise((resolve) => accepted[0]![0].once("close", resolve));
    first.socket.destroy();
    await left;
    await using third = await connectToLoopback(port);
    await third.readUntil("welcome");
    assert.deepEqual(accepted.map(([, meant]) => meant), [443, 443]);
    accepted[1]![0].destroy();
  } finally {
    listeners.close();
  }
});

Deno.test("a connection lives on when its port is closed", async () => {
  const listeners = createListeners("127.0.0.1", {
    accept: (socket) => socket.pipe(socket),
    maxConnections: 10,
  });
  const port = await listeners.open(8443, 0);
  await using client = await connectToLoopback(port);
  client.socket.write("one");
  await client.readUntil("one");
  listeners.keep(() => false);
  client.socket.write("two");
  await client.readUntil("onetwo");
  await assert.rejects(connectToLoopback(port), { code: "ECONNREFUSED" });
});
