import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  type ClientHttp2Session,
  connect as connectH2,
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { openTls } from "./web_client.ts";
import { makeOriginCa, type Origin, serve, serveHttps } from "./web_origin.ts";
import { openWorld, type WebWorld } from "./web_world.ts";

/** What an HTTP/2 client saw of one answer. */
type Seen = {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  trailers: IncomingHttpHeaders;
  /** Zero for an answer that ended well. */
  code: number;
};

type Client = AsyncDisposable & {
  world: WebWorld;
  session: ClientHttp2Session;
  ask(headers: Record<string, string | string[]>, body?: string): Promise<Seen>;
};

async function openClient(origin: Origin, ca: string): Promise<Client> {
  const world = await openWorld({ hosts: { "a.test:443": origin.port }, extraCa: [ca] });
  const port = await world.listen("tls", { host: "a.test", port: 443 });
  const socket = await openTls(port, {
    host: "a.test",
    ca: world.authority.ca.certificate,
    alpn: ["h2"],
  });
  const session = connectH2("https://a.test", { createConnection: () => socket });
  session.on("error", () => {});
  return {
    world,
    session,
    ask(headers, body) {
      const { promise, resolve } = Promise.withResolvers<Seen>();
      const stream = session.request({ ":path": "/", ":authority": "a.test", ...headers }, {
        endStream: body === undefined,
      });
      const seen: Seen = { status: 0, headers: {}, body: "", trailers: {}, code: 0 };
      stream.on("response", (head: IncomingHttpHeaders) => {
        seen.status = Number(head[":status"]);
        seen.headers = head;
      });
      stream.on("trailers", (trailers: IncomingHttpHeaders) => seen.trailers = trailers);
      stream.on("data", (chunk: Buffer) => seen.body += chunk.toString("latin1"));
      // Not every runtime makes an error of a reset.
      stream.on("error", () => {});
      stream.on("close", () => resolve({ ...seen, code: stream.rstCode ?? -1 }));
      if (body !== undefined) stream.end(body);
      return promise;
    },
    async [Symbol.asyncDispose]() {
      session.destroy();
      await world[Symbol.asyncDispose]();
    },
  };
}

/** A host that speaks HTTP/2. */
async function serveH2(
  listener: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
): Promise<{ origin: Origin; ca: string; server: Http2SecureServer }> {
  const ca = await makeOriginCa();
  const server = createSecureServer(await ca.sign("a.test"));
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on("error", () => {});
    listener(stream, headers);
  });
  return { origin: await serve(server), ca: ca.certificate, server };
}

Deno.test("HTTP/2 on both sides: a call with trailers, as gRPC makes it", async () => {
  const { origin, ca } = await serveH2((stream, headers) => {
    let body = "";
    stream.on("data", (chunk: Buffer) => body += chunk.toString());
    stream.on("end", () => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, {
        waitForTrailers: true,
      });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(`${headers[":method"]} ${headers[":authority"]} ${headers.te} ${body}`);
    });
  });
  await using _origin = origin;
  await using client = await openClient(origin, ca);
  const seen = await client.ask({ ":method": "POST", "te": "trailers" }, "message");
  assert.equal(seen.status, 200);
  assert.equal(seen.body, "POST a.test trailers message");
  assert.equal(seen.trailers["grpc-status"], "0");
  const [event] = client.world.events;
  assert.deepEqual([event?.decision, event?.sent, event?.received], ["allow", 7, 28]);
});

Deno.test("HTTP/2 on both sides: streams of one client share one connection", async () => {
  let sessions = 0;
  const { origin, ca, server } = await serveH2((stream, headers) => {
    stream.respond({ ":status": 200 });
    stream.end(String(headers[":path"]));
  });
  server.on("session", () => sessions++);
  await using _origin = origin;
  await using client = await openClient(origin, ca);
  const paths = Array.from({ length: 20 }, (_, at) => `/${at}`);
  const seen = await Promise.all(paths.map((path) => client.ask({ ":path": path })));
  assert.deepEqual(seen.map(({ body }) => body), paths);
  assert.equal(sessions, 1);
});

Deno.test("HTTP/2 on both sides: a connection that breaks resets its streams", async () => {
  const { origin, ca } = await serveH2((stream) => {
    stream.respond({ ":status": 200 });
    stream.write("part");
  });
  await using _origin = origin;
  await using client = await openClient(origin, ca);
  const stream = client.session.request({ ":path": "/", ":authority": "a.test" });
  stream.on("error", () => {});
  const { promise: ended, resolve } = Promise.withResolvers<number | undefined>();
  stream.once("close", () => resolve(stream.rstCode));
  stream.once("data", () => origin.cut());
  stream.end();
  assert.notEqual(await ended, 0);
  const event = await client.world.waitFor(({ kind }) => kind === "request");
  assert.deepEqual([event.decision, event.reason], ["allow", "upstream"]);
});

Deno.test("an HTTP/2 client reaches a host of HTTP/1.1 only", async () => {
  const ca = await makeOriginCa();
  await using origin = await serveHttps(await ca.sign("a.test"), async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { cookie, "content-length": length } = request.headers;
    response.writeHead(200, { "set-cookie": ["a=1", "b=2"], "connection": "x-hop", "x-hop": "1" });
    response.end(`${request.httpVersion} ${cookie} ${length} ${Buffer.concat(chunks)}`);
  });
  await using client = await openClient(origin, ca.certificate);
  const seen = await client.ask({ ":method": "POST", "cookie": ["a=1", "b=2"] }, "body");
  assert.equal(seen.body, "1.1 a=1; b=2 undefined body");
  assert.deepEqual(seen.headers["set-cookie"], ["a=1", "b=2"]);
  assert.equal(seen.headers["x-hop"], undefined);
  assert.equal((await client.ask({ ":method": "HEAD" })).status, 200);
  assert.equal(client.world.events.length, 2);
});

Deno.test("an HTTP/1.1 host that breaks off resets the stream of its HTTP/2 client", async () => {
  const ca = await makeOriginCa();
  await using origin = await serveHttps(await ca.sign("a.test"), (request, response) => {
    response.write("part", () => request.socket.destroy());
  });
  await using client = await openClient(origin, ca.certificate);
  const { status, code } = await client.ask({});
  assert.deepEqual([status, code === 0], [200, false]);
});

Deno.test("a host that is not there is a bad gateway, in HTTP/2 as well", async () => {
  const ca = await makeOriginCa();
  await using origin = await serveHttps(await ca.sign("b.test"), (_request, response) => {
    response.end();
  });
  await using client = await openClient(origin, ca.certificate);
  const seen = await client.ask({});
  assert.deepEqual([seen.status, JSON.parse(seen.body).reason], [502, "upstream-certificate"]);
  assert.equal(seen.headers["x-gateway-blocked"], "upstream-certificate; rule=a.test:443 (test)");
});

for (
  const [name, headers] of [
    ["TRACE", { ":method": "TRACE" }],
    ["a Host of another host", { host: "b.test" }],
  ] as const
) {
  Deno.test(`HTTP/2 refuses ${name}`, async () => {
    const { origin, ca } = await serveH2((stream) => {
      stream.respond({ ":status": 200 });
      stream.end();
    });
    await using _origin = origin;
    await using client = await openClient(origin, ca);
    assert.equal((await client.ask(headers)).status, 403);
    assert.deepEqual(client.world.dialed, []);
  });
}
