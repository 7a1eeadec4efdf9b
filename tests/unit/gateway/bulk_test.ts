import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { openTls, readUntil } from "./web_client.ts";
import { makeOriginCa, serveHttp, serveHttps } from "./web_origin.ts";
import { openWorld } from "./web_world.ts";

const MIB = 1024 * 1024;
const PIECE = Buffer.alloc(MIB, "0123456789abcdef!");
const PIECES = 100;

function hashOfAll(): string {
  const hash = createHash("sha256");
  for (let i = 0; i < PIECES; i++) hash.update(PIECE);
  return hash.digest("hex");
}

Deno.test("100 MiB in each direction arrive whole, at once", async () => {
  const ca = await makeOriginCa();
  await using origin = await serveHttps(await ca.sign("a.test"), async (request, response) => {
    response.writeHead(200, { "content-length": PIECES * MIB });
    const sending = (async () => {
      for (let i = 0; i < PIECES; i++) {
        if (!response.write(PIECE)) {
          await new Promise<void>((resolve) => response.once("drain", () => resolve()));
        }
      }
    })();
    const hash = createHash("sha256");
    for await (const chunk of request) hash.update(chunk as Buffer);
    await sending;
    response.end();
    received.resolve(hash.digest("hex"));
  });
  const received = Promise.withResolvers<string>();
  await using world = await openWorld({
    hosts: { "a.test:443": origin.port },
    extraCa: [ca.certificate],
  });
  const port = await world.listen("tls", { host: "a.test", port: 443 });
  const socket = await openTls(port, { host: "a.test", ca: world.authority.ca.certificate });
  const hash = createHash("sha256");
  const done = Promise.withResolvers<number>();
  let bytes = -1;
  socket.on("data", (chunk: Buffer) => {
    let body = chunk;
    if (bytes === -1) {
      const end = chunk.indexOf("\r\n\r\n");
      assert.notEqual(end, -1);
      body = chunk.subarray(end + 4);
      bytes = 0;
    }
    hash.update(body);
    bytes += body.length;
    if (bytes >= PIECES * MIB) done.resolve(bytes);
  });
  socket.write(
    `POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${PIECES * MIB}\r\n\r\n`,
  );
  for (let i = 0; i < PIECES; i++) {
    if (!socket.write(PIECE)) {
      await new Promise<void>((resolve) => socket.once("drain", () => resolve()));
    }
  }
  const want = hashOfAll();
  assert.equal(await received.promise, want);
  assert.equal(await done.promise, PIECES * MIB);
  assert.equal(hash.digest("hex"), want);
  const event = await world.waitFor(({ kind }) => kind === "request");
  assert.deepEqual([event.sent, event.received], [PIECES * MIB, PIECES * MIB]);
  socket.destroy();
});

Deno.test("a client that does not read stops the host, and its leaving frees it", async () => {
  let written = 0;
  const stalled = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  await using origin = await serveHttp((_request, response) => {
    response.writeHead(200, { "content-length": 1000 * MIB });
    response.once("close", () => gone.resolve());
    // Ends when a piece is not taken any more: that is what is waited for.
    const send = () => {
      while (written < 1000) {
        written++;
        if (!response.write(PIECE)) break;
      }
      const at = written;
      const isStuck = setTimeout(() => {
        if (written === at) stalled.resolve();
      }, 300);
      response.once("drain", () => {
        clearTimeout(isStuck);
        send();
      });
      response.once("close", () => clearTimeout(isStuck));
    };
    send();
  });
  await using world = await openWorld({ hosts: { "a.test:80": origin.port } });
  const port = await world.listen("http", { port: 80 });
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await readUntil(socket, "\r\n\r\n");
  socket.pause();
  await stalled.promise;
  assert.equal(written < 40, true, `${written} MiB were taken for a client that reads none`);
  socket.destroy();
  await gone.promise;
  const event = await world.waitFor(({ kind }) => kind === "request");
  assert.equal(event.detail, "The client closed the connection");
  assert.equal(world.tracked.size, 0);
});
