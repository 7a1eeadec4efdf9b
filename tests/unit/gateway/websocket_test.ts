import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
// @ts-types="npm:@types/ws@8.18.1"
import { WebSocket, WebSocketServer } from "ws";
import type { Exchange } from "../../../src/gateway/context.ts";
import { bodyOf, openTls, readAll, readUntil, statusOf, talkRaw } from "./web_client.ts";
import { makeOriginCa, serve, serveHttp } from "./web_origin.ts";
import { openWorld, type WebWorld, type WorldOptions } from "./web_world.ts";

type Setup = AsyncDisposable & {
  world: WebWorld;
  port: number;
  /** The host's ends, in order of their opening. */
  hosts: WebSocket[];
  headers: string[][];
};

/** A host that echoes what it is told, and a front before it. */
async function openEcho(options: Partial<WorldOptions> = {}): Promise<Setup> {
  const hosts: WebSocket[] = [];
  const headers: string[][] = [];
  const server = createServer((_request, response) => void response.writeHead(404).end("no"));
  const sockets = new WebSocketServer({
    server,
    perMessageDeflate: true,
    handleProtocols: (offered) => offered.has("v2") ? "v2" : false,
  });
  sockets.on("connection", (socket, request) => {
    hosts.push(socket);
    headers.push(request.rawHeaders);
    socket.on("error", () => {});
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  });
  const origin = await serve(server);
  const world = await openWorld({ hosts: { "a.test:80": origin.port }, ...options });
  return {
    world,
    port: await world.listen("http", { port: 80 }),
    hosts,
    headers,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      await origin[Symbol.asyncDispose]();
    },
  };
}

/** A client that says it talks to a.test. */
function openClient(port: number, protocols: string[] = []): Promise<WebSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  const client = new WebSocket("ws://a.test/chat?x=1", protocols, {
    createConnection: () => connect(port, "127.0.0.1"),
    headers: { "x-kept": "1", "proxy-x": "2" },
  });
  client.once("open", () => resolve(client));
  client.once("error", reject);
  return promise;
}

function nextMessage(socket: WebSocket): Promise<{ data: Buffer; binary: boolean }> {
  const { promise, resolve } = Promise.withResolvers<{ data: Buffer; binary: boolean }>();
  socket.once("message", (data, binary) => resolve({ data: data as Buffer, binary }));
  return promise;
}

function closed(socket: WebSocket): Promise<[number, string]> {
  const { promise, resolve } = Promise.withResolvers<[number, string]>();
  socket.once("close", (code, reason) => resolve([code, reason.toString()]));
  return promise;
}

/** An exchange whose messages pass this. */
function passing(passMessage: Exchange["passMessage"]): Partial<WorldOptions> {
  return { exchange: (_head, exchange) => ({ ...exchange, passMessage }) };
}

Deno.test("text, bytes, nothing and a megabyte come back as they were sent", async () => {
  await using setup = await openEcho();
  const client = await openClient(setup.port, ["v1", "v2"]);
  assert.equal(client.protocol, "v2");
  assert.equal(client.extensions, "", "compression is off");
  for (const [data, binary] of [["grüße", false], ["\0\x01", true], ["", false]] as const) {
    const back = nextMessage(client);
    client.send(Buffer.from(data), { binary });
    const { data: got, binary: gotBinary } = await back;
    assert.deepEqual([got.toString(), gotBinary], [data, binary]);
  }
  const big = Buffer.alloc(1_000_000, "abc");
  const back = nextMessage(client);
  client.send(big);
  assert.equal((await back).data.equals(big), true);

  const hostClosed = closed(setup.hosts[0]!);
  const clientClosed = closed(client);
  client.close(4001, "done");
  assert.deepEqual(await hostClosed, [4001, "done"]);
  assert.deepEqual(await clientClosed, [4001, "done"]);
  const end = await setup.world.waitFor(({ kind }) => kind === "close");
  assert.deepEqual([end.decision, end.host, end.mode], ["allow", "a.test", "plain"]);
  assert.equal((end.sent ?? 0) >= 1_000_000 && (end.received ?? 0) >= 1_000_000, true);
  const [begin] = setup.world.events;
  assert.deepEqual([begin?.kind, begin?.decision, begin?.path], ["websocket", "allow", "/chat"]);
  assert.equal(setup.world.tracked.size, 0);
  const sent = setup.headers[0]!.map((header) => header.toLowerCase());
  assert.deepEqual([sent.includes("x-kept"), sent.includes("proxy-x")], [true, false]);
});

Deno.test("fragments are one message, pings and pongs travel, the host may close", async () => {
  const kinds: string[] = [];
  await using setup = await openEcho(passing(({ data }, direction) => {
    kinds.push(`${direction} ${data.toString()}`);
    return { data, findings: [] };
  }));
  const client = await openClient(setup.port);
  const back = nextMessage(client);
  client.send("one ", { fin: false });
  client.send("message", { fin: true });
  assert.equal((await back).data.toString(), "one message");
  const { promise: pong, resolve } = Promise.withResolvers<string>();
  client.once("pong", (data) => resolve(data.toString()));
  client.ping("hello");
  assert.equal(await pong, "hello");
  assert.deepEqual(kinds, ["out one message", "in one message", "out hello", "in hello"]);
  const clientClosed = closed(client);
  setup.hosts[0]!.close(1011, "broken");
  assert.deepEqual(await clientClosed, [1011, "broken"]);
});

Deno.test("a message is changed on its way in both directions", async () => {
  await using setup = await openEcho(passing(({ data }, direction) => {
    const [from, to] = direction === "out" ? ["PLACEHOLDER", "value"] : ["value", "PLACEHOLDER"];
    return { data: Buffer.from(data.toString().replaceAll(from!, to!)), findings: [] };
  }));
  const client = await openClient(setup.port);
  const atHost = nextMessage(setup.hosts[0]!);
  const back = nextMessage(client);
  client.send("a PLACEHOLDER");
  assert.equal((await atHost).data.toString(), "a value");
  assert.equal((await back).data.toString(), "a PLACEHOLDER");
  client.terminate();
  const end = await setup.world.waitFor(({ kind }) => kind === "close");
  assert.equal(end.decision, "allow");
});

for (
  const [name, send] of [
    ["message", (client: WebSocket) => client.send("a SECRET")],
    ["ping", (client: WebSocket) => client.ping("a SECRET")],
    ["close reason", (client: WebSocket) => client.close(4000, "a SECRET")],
  ] as const
) {
  Deno.test(`a blocked ${name} does not reach the host and closes both sides`, async () => {
    await using setup = await openEcho(passing(({ data }) => ({
      data,
      findings: data.includes("SECRET")
        ? [{ action: "block", reason: "secret-leak", detail: "A secret" }]
        : [],
    })));
    const client = await openClient(setup.port);
    const told: string[] = [];
    setup.hosts[0]!.on("message", (data) => told.push(String(data)));
    setup.hosts[0]!.on("ping", (data) => told.push(String(data)));
    const hostClosed = closed(setup.hosts[0]!);
    const clientClosed = closed(client);
    send(client);
    assert.equal((await hostClosed)[0], 1008);
    if (name !== "close reason") assert.equal((await clientClosed)[0], 1008);
    const end = await setup.world.waitFor(({ kind }) => kind === "close");
    assert.deepEqual([end.decision, end.reason, end.path], ["deny", "secret-leak", undefined]);
    assert.deepEqual(told, []);
  });
}

Deno.test("a message larger than can be looked at closes the connection", async () => {
  await using setup = await openEcho();
  const client = await openClient(setup.port);
  client.on("error", () => {});
  const clientClosed = closed(client);
  client.send(Buffer.alloc(17 * 1024 * 1024));
  assert.equal([1009, 1006].includes((await clientClosed)[0]), true);
  await setup.world.waitFor(({ kind }) => kind === "close");
});

Deno.test("a reload closes what it forbids with 1008", async () => {
  await using setup = await openEcho();
  const client = await openClient(setup.port);
  const clientClosed = closed(client);
  const [tracked] = [...setup.world.tracked];
  assert.equal(tracked?.host, "a.test");
  tracked!.close("revoked");
  assert.equal((await clientClosed)[0], 1008);
  const end = await setup.world.waitFor(({ kind }) => kind === "close");
  assert.deepEqual([end.decision, end.reason], ["deny", "revoked"]);
});

const UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/** Upgrades that do not reach the host. */
const REFUSED: [name: string, head: string, status: number, reason: string][] = [
  ["for another host", `GET / HTTP/1.1\r\nHost: b.test\r\n${UPGRADE}`, 403, "no-rule"],
  [
    "with two Hosts",
    `GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n${UPGRADE}`,
    403,
    "smuggling",
  ],
  [
    "to something else",
    "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n",
    403,
    "protocol",
  ],
  [
    "to two things",
    `GET / HTTP/1.1\r\nHost: a.test\r\nUpgrade: tcp\r\n${UPGRADE}`,
    403,
    "protocol",
  ],
  ["by POST", `POST / HTTP/1.1\r\nHost: a.test\r\n${UPGRADE}`, 403, "protocol"],
];

for (const [name, head, status, reason] of REFUSED) {
  Deno.test(`an upgrade ${name} is refused`, async () => {
    await using setup = await openEcho();
    const answer = await talkRaw(setup.port, `${head}\r\n`);
    assert.deepEqual([statusOf(answer), JSON.parse(bodyOf(answer)).reason], [status, reason]);
    assert.deepEqual(setup.world.dialed, []);
    assert.deepEqual(setup.world.events.map(({ kind, decision }) => [kind, decision]), [
      ["websocket", "deny"],
    ]);
  });
}

Deno.test("an upgrade whose key is broken ends at the client and leaves no host waiting", async () => {
  await using setup = await openEcho();
  const broken = UPGRADE.replace(/(Sec-WebSocket-Key: ).*/i, "$1short");
  assert.notEqual(broken, UPGRADE);
  const answer = await talkRaw(setup.port, `GET / HTTP/1.1\r\nHost: a.test\r\n${broken}\r\n`);
  assert.equal(statusOf(answer), 400);
  for (const host of setup.hosts) {
    if (host.readyState !== WebSocket.CLOSED) await once(host, "close");
  }
});

Deno.test("an upgrade inside TLS names the host of its server name", async () => {
  const ca = await makeOriginCa();
  await using setup = await openEcho({ extraCa: [ca.certificate] });
  const port = await setup.world.listen("tls", { host: "a.test", port: 443 });
  const socket = await openTls(port, { host: "a.test", ca: setup.world.authority.ca.certificate });
  const answer = readAll(socket);
  socket.write(`GET / HTTP/1.1\r\nHost: b.test\r\n${UPGRADE}\r\n`);
  assert.equal(statusOf(await answer), 421);
  assert.deepEqual(setup.world.dialed, []);
});

Deno.test("a host that answers the upgrade like a request is heard", async () => {
  await using origin = await serveHttp((_request, response) => {
    response.writeHead(401, { "www-authenticate": "Bearer" });
    response.end("who are you");
  });
  await using world = await openWorld({ hosts: { "a.test:80": origin.port } });
  const port = await world.listen("http", { port: 80 });
  const answer = await talkRaw(port, `GET / HTTP/1.1\r\nHost: a.test\r\n${UPGRADE}\r\n`);
  assert.equal(statusOf(answer), 401);
  assert.match(answer, /www-authenticate: Bearer/i);
  assert.deepEqual(world.events.map(({ kind, decision, status }) => [kind, decision, status]), [
    ["websocket", "allow", 401],
  ]);
});

Deno.test("a host that does not answer is a bad gateway", async () => {
  await using world = await openWorld({
    hosts: {},
    policy: { allow: [{ rule: "a.test", origin: "test" }] },
  });
  const port = await world.listen("http", { port: 80 });
  const answer = await talkRaw(port, `GET / HTTP/1.1\r\nHost: a.test\r\n${UPGRADE}\r\n`);
  assert.deepEqual([statusOf(answer), JSON.parse(bodyOf(answer)).reason], [502, "dial"]);
});

Deno.test("bytes that are no frame end the connection", async () => {
  await using setup = await openEcho();
  const socket = connect(setup.port, "127.0.0.1");
  socket.write(`GET / HTTP/1.1\r\nHost: a.test\r\n${UPGRADE}\r\n`);
  await readUntil(socket, "\r\n\r\n");
  const rest = readAll(socket);
  const hostClosed = closed(setup.hosts[0]!);
  socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
  await rest;
  await hostClosed;
  await setup.world.waitFor(({ kind }) => kind === "close");
});
