import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { announce } from "../../../src/gateway/announce.ts";

Deno.test("announce() sends one empty datagram", async () => {
  const neighbour = createSocket("udp4");
  neighbour.bind(0, "127.0.0.1");
  await once(neighbour, "listening");
  const heard = once(neighbour, "message");
  await announce("127.0.0.1", { port: neighbour.address().port });
  const [message] = await heard;
  assert.equal(message.length, 0);
  neighbour.close();
  await once(neighbour, "close");
});

Deno.test("announce() ends where there is no way to the neighbour", async () => {
  // Without SO_BROADCAST the system refuses this one on every machine.
  await announce("255.255.255.255");
});
