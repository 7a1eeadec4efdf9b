import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { connect } from "node:net";
import { readAll } from "./web_client.ts";
import { serveHttp } from "./web_origin.ts";
import { openWorld } from "./web_world.ts";

const SEEDS = [
  "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
  "GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello",
  "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  "PUT / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
  "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
];
/** What parsers trip over. */
const POISON = [
  "\0",
  "\r",
  "\n",
  "\r\n",
  " ",
  "\t",
  ":",
  ",",
  "Host: b.test\r\n",
  "0",
  "\xff",
  "@",
];

type Edit = [kind: number, at: number, poison: string];

function mutate(seed: string, edits: readonly Edit[]): Buffer {
  let text = seed;
  for (const [kind, place, poison] of edits) {
    const at = place % (text.length + 1);
    if (kind === 0) text = text.slice(0, at) + poison + text.slice(at);
    else if (kind === 1) text = text.slice(0, at) + poison + text.slice(at + 1);
    else if (kind === 2) text = text.slice(0, at) + text.slice(at + 1 + (place % 7));
    else text += text.slice(at);
  }
  return Buffer.from(text, "latin1");
}

const edit = fc.tuple(fc.nat(3), fc.nat(400), fc.constantFrom(...POISON));
const bytes = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.tuple(fc.constantFrom(...SEEDS), fc.array(edit, { maxLength: 6 })).map(
      ([seed, edits]) => mutate(seed, edits),
    ),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((raw) => Buffer.from(raw)) },
);

Deno.test("any bytes on a plain connection: it closes, and no other host is dialed or named", async () => {
  const named = new Set<string>();
  await using origin = await serveHttp((request, response) => {
    named.add(request.headers.host ?? "");
    request.resume();
    response.end("ok");
  });
  origin.port;
  await using world = await openWorld({
    hosts: { "a.test:80": origin.port, "b.test:80": origin.port },
    policy: { allow: [{ rule: "a.test", origin: "test" }] },
  });
  const port = await world.listen("http", { port: 80 });
  await fc.assert(
    fc.asyncProperty(bytes, async (input) => {
      const socket = connect(port, "127.0.0.1");
      const closed = readAll(socket);
      // The end of what it sends lets a client that sent half a request go.
      socket.end(input);
      const answer = await closed;
      assert.equal(answer === "" || answer.startsWith("HTTP/1.1 "), true);
    }),
    { numRuns: 3000 },
  );
  assert.deepEqual([...named].filter((host) => host !== "a.test"), []);
  assert.deepEqual(world.dialed.filter((target) => target !== "a.test:80"), []);
  assert.equal(world.tracked.size, 0);
});
