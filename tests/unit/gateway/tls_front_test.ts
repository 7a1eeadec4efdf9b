import assert from "node:assert/strict";
import { connect as connectH2, type IncomingHttpHeaders } from "node:http2";
import type { TLSSocket } from "node:tls";
import { bodyOf, openTls, readAll, statusOf } from "./web_client.ts";
import { makeOriginCa, type Origin, serveHttps } from "./web_origin.ts";
import { openWorld, type WebWorld } from "./web_world.ts";

type Fixture = AsyncDisposable & { world: WebWorld; origin: Origin; port: number; seen: string[] };

/** A terminated host whose origin answers with what it saw. */
async function openTerminated(): Promise<Fixture> {
  const ca = await makeOriginCa();
  const seen: string[] = [];
  const origin = await serveHttps(await ca.sign("a.test"), (request, response) => {
    seen.push(`${request.method} ${request.headers.host} ${request.url}`);
    response.end("seen");
  });
  const world = await openWorld({
    hosts: { "a.test:443": origin.port, "b.test:443": origin.port },
    extraCa: [ca.certificate],
  });
  const port = await world.listen("tls", { host: "a.test", port: 443 });
  return {
    world,
    origin,
    port,
    seen,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      await origin[Symbol.asyncDispose]();
    },
  };
}

function talkTls(socket: TLSSocket, bytes: string): Promise<string> {
  const answer = readAll(socket);
  socket.write(bytes);
  return answer;
}

/** What a request inside names, and what becomes of it; the server name is always a.test. */
const HOSTS: [name: string, host: string, want: number][] = [
  ["the same host", "a.test", 200],
  ["the same host in capitals", "A.TEST", 200],
  ["the same host with its port", "a.test:443", 200],
  ["the same host with a trailing dot", "a.test.", 200],
  ["the same host with both", "A.test.:443", 200],
  ["another port", "a.test:8443", 421],
  ["another allowed host", "b.test", 421],
  ["a subdomain", "x.a.test", 421],
  ["the parent domain", "test", 421],
  ["a host that ends alike", "evil-a.test", 421],
  ["a host that starts alike", "a.test.evil.example", 421],
  ["an address", "127.0.0.1", 421],
  ["an address in brackets", "[::1]", 421],
  ["nothing", "", 403],
  ["a user", "x@a.test", 403],
  ["two hosts", "a.test, b.test", 403],
  ["a blank inside", "a.test b.test", 403],
];

Deno.test("a request inside TLS names the host of its server name, or is refused", async (t) => {
  await using fixture = await openTerminated();
  const { world, port, seen } = fixture;
  for (const [name, host, want] of HOSTS) {
    await t.step(`${name} is answered with ${want}`, async () => {
      seen.length = 0;
      world.events.length = 0;
      const socket = await openTls(port, { host: "a.test", ca: world.authority.ca.certificate });
      const answer = await talkTls(
        socket,
        `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      );
      assert.equal(statusOf(answer), want, answer);
      assert.deepEqual(seen, want === 200 ? ["GET a.test /"] : []);
      const [event] = world.events;
      assert.equal(event?.mode, "terminate");
      assert.equal(event?.decision, want === 200 ? "allow" : "deny");
      if (want === 421) assert.equal(event?.reason, "name-mismatch");
      assert.equal(world.events.length, 1);
    });
  }
});

Deno.test("the second request of a connection is judged like the first", async () => {
  await using fixture = await openTerminated();
  const { world, port, seen } = fixture;
  const socket = await openTls(port, { host: "a.test", ca: world.authority.ca.certificate });
  const answer = await talkTls(
    socket,
    "GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\nGET /2 HTTP/1.1\r\nHost: b.test\r\n\r\n" +
      "GET /3 HTTP/1.1\r\nHost: a.test\r\n\r\n",
  );
  const statuses = [...answer.matchAll(/HTTP\/1\.1 ([0-9]{3})/g)].map((match) => match[1]);
  assert.deepEqual(statuses.slice(0, 2), ["200", "421"]);
  assert.equal(seen[0], "GET a.test /1");
  assert.equal(seen.includes("GET b.test /2"), false);
});

Deno.test("a policy that changes meanwhile decides the next request", async () => {
  await using fixture = await openTerminated();
  const { world, port } = fixture;
  const ca = world.authority.ca.certificate;
  const before = await openTls(port, { host: "a.test", ca });
  assert.equal(
    statusOf(await talkTls(before, "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")),
    200,
  );
  world.setDocument({ version: 2, allow: [] });
  const after = await openTls(port, { host: "a.test", ca });
  const answer = await talkTls(after, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  assert.deepEqual([statusOf(answer), JSON.parse(bodyOf(answer)).reason], [403, "no-rule"]);
});

Deno.test("another server name than was decided on gets no answer", async () => {
  await using fixture = await openTerminated();
  const { world, port } = fixture;
  const ca = world.authority.ca.certificate;
  // The certificate shown is the decided host's, so the client ends it as well.
  await assert.rejects(openTls(port, { host: "b.test", ca }));
  await assert.rejects(openTls(port, { host: "a.test", ca: "" }));
  assert.deepEqual(fixture.seen, []);
});

Deno.test("HTTP/2: an authority of another host is refused, the connection goes on", async () => {
  await using fixture = await openTerminated();
  const { world, port, seen } = fixture;
  const socket = await openTls(port, {
    host: "a.test",
    ca: world.authority.ca.certificate,
    alpn: ["h2"],
  });
  assert.equal(socket.alpnProtocol, "h2");
  const session = connectH2("https://a.test", { createConnection: () => socket });
  const ask = (headers: Record<string, string>) => {
    const { promise, resolve, reject } = Promise.withResolvers<[number, string]>();
    const stream = session.request({ ":path": "/", ...headers });
    let status = 0;
    let body = "";
    stream.on("response", (head: IncomingHttpHeaders) => status = Number(head[":status"]));
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => body += chunk);
    stream.on("end", () => resolve([status, body]));
    stream.on("error", reject);
    stream.end();
    return promise;
  };
  assert.deepEqual(await ask({ ":authority": "a.test" }), [200, "seen"]);
  const [status, body] = await ask({ ":authority": "b.test" });
  assert.deepEqual([status, JSON.parse(body).reason], [421, "name-mismatch"]);
  assert.equal((await ask({ ":authority": "a.test", "host": "b.test" }))[0], 403);
  assert.deepEqual(await ask({ ":authority": "A.test:443" }), [200, "seen"]);
  assert.deepEqual(seen, ["GET a.test /", "GET a.test /"]);
  session.destroy();
});
