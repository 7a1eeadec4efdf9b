import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { startDnsServer } from "../../../src/gateway/dns_server.ts";
import { connectToLoopback } from "./loopback.ts";

const QUESTION = Buffer.concat([
  Buffer.from("123401000001000000000000", "hex"),
  Buffer.from("076578616d706c6503636f6d0000010001", "hex"),
]);
const LENGTH = Buffer.from([0, QUESTION.length]);

async function start() {
  const server = await startDnsServer({ address: "127.0.0.1", port: 0, decide: () => "allow" });
  return { ...server, [Symbol.dispose]: () => server.close() };
}

Deno.test("the DNS server answers over UDP, and goes on after what is no query", async () => {
  using server = await start();
  const socket = createSocket("udp4");
  const reply = once(socket, "message");
  socket.send("junk", server.port, "127.0.0.1");
  socket.send(QUESTION, server.port, "127.0.0.1");
  assert.equal(((await reply)[0] as Buffer).subarray(-4).join("."), "127.0.0.1");
  socket.close();
  await once(socket, "close");
});

Deno.test("the DNS server answers over TCP, however the messages are cut", async () => {
  using server = await start();
  await using client = await connectToLoopback(server.port);
  client.socket.setNoDelay(true);
  for (const byte of Buffer.concat([LENGTH, QUESTION, LENGTH])) {
    client.socket.write(Buffer.from([byte]));
  }
  const reply = await client.readUntil("\x7f\x00\x00\x01");
  client.socket.end(QUESTION);
  assert.equal(await client.readAll(), reply + reply);
});

for (
  const [what, bytes] of [
    ["no query", Buffer.from("000a01020304050607080910", "hex")],
    ["a length beyond reason", Buffer.from("ffff", "hex")],
  ] as const
) {
  Deno.test(`the DNS server ends a TCP connection that sends ${what}`, async () => {
    using server = await start();
    await using client = await connectToLoopback(server.port);
    client.socket.write(bytes);
    assert.equal(await client.readAll(), "");
  });
}
