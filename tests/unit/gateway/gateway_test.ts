import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { StartError, startGateway } from "../../../src/gateway/gateway.ts";
import type { PolicyDocument } from "../../../src/policy/document.ts";
import type { GatewaySettings } from "../../../src/policy/protocol.ts";
import { makeDocument } from "./documents.ts";
import { GATEWAY, type GatewayWorld, openGatewayWorld, UPSTREAM } from "./gateway_world.ts";
import { buildHello } from "./hello.ts";
import { connectToLoopback, linuxTest, listenOnLoopback } from "./loopback.ts";

const HELLO = buildHello({ serverName: "splice.test" });

const SETTINGS: GatewaySettings = {
  address: GATEWAY,
  agent: "127.0.0.3",
  inbound: [],
  dns: [],
  upstreamProxy: null,
  extraCa: [],
  ca: { certificate: "unused", key: "unused" },
};

/** splice.test on the host's port. */
function planOne({ port }: { port: number }): PolicyDocument {
  return makeDocument([`splice.test:${port}`, `${UPSTREAM}/32`]);
}

/** The address that DNS gives, or the code it answers with. */
async function askDns(world: GatewayWorld, name: string): Promise<string> {
  const labels = name.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  const socket = createSocket("udp4");
  const reply = once(socket, "message");
  socket.send(
    Buffer.concat([
      Buffer.from("000101000001000000000000", "hex"),
      ...labels,
      Buffer.from("0000010001", "hex"),
    ]),
    world.gateway.ports.dns,
    GATEWAY,
  );
  const message = (await reply)[0] as Buffer;
  socket.close();
  await once(socket, "close");
  const code = message[3]! & 15;
  return code === 0 ? message.subarray(-4).join(".") : `code ${code}`;
}

linuxTest(
  "DNS gives the gateway's address for allowed names, and tells of a denied one once",
  async () => {
    await using world = await openGatewayWorld(planOne);
    assert.equal(await askDns(world, "splice.test"), GATEWAY);
    for (const name of ["evil.test", "Evil.Test", "evil.test"]) {
      assert.equal(await askDns(world, name), "code 3");
    }
    assert.equal(await askDns(world, "splice.test"), GATEWAY);
    world.gateway.flush();
    const told = world.events().filter(({ kind }) => kind === "dns")
      .map(({ time: _, ...event }) => event);
    assert.deepEqual(told, [
      { kind: "dns", decision: "deny", reason: "no-rule", host: "evil.test" },
    ]);
    assert.deepEqual(world.names.asked, []);
  },
);

linuxTest("a transparent port splices TLS by its name and SSH by its owner", async () => {
  await using world = await openGatewayWorld(planOne);
  for (const bytes of [HELLO, Buffer.from("SSH-2.0-OpenSSH\r\n")]) {
    await using client = await world.connect(world.host.port);
    client.socket.write(bytes);
    await client.readUntil(`echo:${bytes.toString("latin1")}`);
  }
});

const TRANSPARENT: [what: string, bytes: Buffer | string, reason: string][] = [
  ["an unlisted name", buildHello({ serverName: "evil.test" }), "no-rule"],
  ["no name", buildHello({}), "no-sni"],
  ["an address as name", buildHello({ serverName: "127.0.0.2" }), "ip-literal"],
  ["a name that is none", buildHello({ serverName: "a b" }), "name"],
  ["a NUL behind an allowed name", buildHello({ serverName: "splice.test\0.evil.test" }), "name"],
  ["Encrypted Client Hello", buildHello({ serverName: "splice.test", ech: true }), "ech"],
  ["no protocol we know", "\x05\x01\x00", "protocol"],
];

for (const [what, bytes, reason] of TRANSPARENT) {
  linuxTest(`a transparent connection with ${what} ends with nothing dialed`, async () => {
    await using world = await openGatewayWorld(planOne);
    await using client = await world.connect(world.host.port);
    client.socket.write(bytes);
    const said = await client.readAll();
    // access_denied, so that a TLS client can say more than "connection reset".
    const alert = "\x15\x03\x03\x00\x02\x02\x31";
    assert.equal(said, typeof bytes === "string" ? "" : alert);
    const event = await world.waitForEvent(({ kind }) => kind === "connect");
    assert.deepEqual([event.decision, event.reason, event.port], ["deny", reason, world.host.port]);
    assert.deepEqual([world.received, world.names.asked], [[], []]);
  });
}

linuxTest("a reload ends the tunnels it forbids, and no others", async () => {
  await using world = await openGatewayWorld(
    ({ port }) => makeDocument([`splice.test:${port}`, `other.test:${port}`, UPSTREAM]),
    {
      zone: {
        "splice.test": { addresses: [UPSTREAM] },
        "other.test": { addresses: [UPSTREAM] },
      },
    },
  );
  const { port } = world.host;
  await using kept = await world.askProxy(`splice.test:${port}`, HELLO);
  const otherHello = buildHello({ serverName: "other.test" });
  await using ended = await world.askProxy(`other.test:${port}`, otherHello);
  await Promise.all([kept.readUntil("echo:"), ended.readUntil("echo:")]);
  const next = makeDocument([`splice.test:${port}`, UPSTREAM], { version: 2 });
  await world.gateway.applyPolicy(next, 2);
  assert.deepEqual(await world.waitForMessage("applied"), { type: "applied", version: 2 });
  await ended.readAll();
  const { time: _, durationMs: __, ...event } = await world.waitForEvent(({ kind }) =>
    kind === "close"
  );
  assert.deepEqual(event, {
    kind: "close",
    decision: "deny",
    reason: "revoked",
    host: "other.test",
    port,
    rule: `other.test:${port} (network.allow[1])`,
    mode: "splice",
    sent: otherHello.length,
    received: otherHello.length + "echo:".length,
  });
  kept.socket.write("still here");
  await kept.readUntil("echo:still here");
  await using refused = await world.askProxy(`other.test:${port}`);
  assert.equal(refused.head, "HTTP/1.1 403 Forbidden");
});

linuxTest("a reload ends a splice whose host must be opened from now on", async () => {
  await using world = await openGatewayWorld(planOne);
  await using client = await world.askProxy(`splice.test:${world.host.port}`, HELLO);
  await client.readUntil("echo:");
  const next = { ...planOne(world.host), version: 2 };
  next.inspect.hosts = ["splice.test"];
  await world.gateway.applyPolicy(next, 2);
  await client.readAll();
  assert.equal((await world.waitForEvent(({ kind }) => kind === "close")).reason, "revoked");
});

linuxTest("a policy that is wrong is rejected, and the one before stays", async () => {
  await using world = await openGatewayWorld(planOne);
  const stale = planOne(world.host);
  for (const wrong of [null, {}, { schema: 1, version: 9 }, { ...stale, allow: 1 }, stale]) {
    await world.gateway.applyPolicy(wrong, 9);
  }
  const rejected = world.messages.filter(({ type }) => type === "rejected");
  assert.equal(rejected.length, 5);
  assert.ok(
    rejected.every((message) => message.type === "rejected" && message.problems.length > 0),
  );
  assert.equal(world.gateway.version(), 1);
  await using client = await world.askProxy(`splice.test:${world.host.port}`, HELLO);
  await client.readUntil("echo:");
});

linuxTest("reloads are taken in order, however fast they come", async () => {
  await using world = await openGatewayWorld(planOne);
  const versions = [2, 3, 4, 5];
  await Promise.all(
    versions.map((version) =>
      world.gateway.applyPolicy({ ...planOne(world.host), version }, version)
    ),
  );
  const applied = world.messages.filter(({ type }) => type === "applied");
  assert.deepEqual(applied, versions.map((version) => ({ type: "applied", version })));
});

linuxTest("ports come and go with the rules that name them", async () => {
  await using world = await openGatewayWorld(() => makeDocument(["splice.test"]));
  const { port } = world.host;
  const isOpen = () =>
    world.connect(port).then(async (client) => {
      await client[Symbol.asyncDispose]();
      return true;
    }, () => false);
  assert.equal(await isOpen(), false);
  await world.gateway.applyPolicy({ ...planOne(world.host), version: 2 }, 2);
  assert.equal(await isOpen(), true);
  await world.gateway.applyPolicy(makeDocument(["splice.test"], { version: 3 }), 3);
  assert.equal(await isOpen(), false);
});

linuxTest("a policy whose port is taken is rejected as a whole", async () => {
  await using world = await openGatewayWorld(() => makeDocument(["splice.test"]));
  await using taken = await listenOnLoopback(() => {}, { address: GATEWAY });
  const wanted = makeDocument([`a.test:${world.host.port}`, `splice.test:${taken.port}`]);
  await world.gateway.applyPolicy({ ...wanted, version: 2 }, 2);
  assert.deepEqual(await world.waitForMessage("rejected"), {
    type: "rejected",
    version: 2,
    problems: [`Cannot listen on port ${taken.port}: EADDRINUSE`],
  });
  assert.equal(world.gateway.version(), 1);
  await assert.rejects(world.connect(world.host.port), { code: "ECONNREFUSED" });
});

linuxTest("nothing passes while events cannot be written, and it recovers", async () => {
  await using world = await openGatewayWorld(planOne);
  const authority = `splice.test:${world.host.port}`;
  world.gateway.failAudit();
  await using refused = await world.askProxy(authority, HELLO);
  assert.equal(refused.head, "HTTP/1.1 503 Service Unavailable");
  assert.equal(await askDns(world, "splice.test"), "code 2");
  await using transparent = await world.connect(world.host.port);
  transparent.socket.write(HELLO);
  assert.equal(await transparent.readAll(), "\x15\x03\x03\x00\x02\x02\x50");
  assert.deepEqual(world.received, []);
  world.gateway.confirmAudit(0);
  await using client = await world.askProxy(authority, HELLO);
  await client.readUntil("echo:");
  const event = await world.waitForEvent(({ reason }) => reason === "audit");
  assert.equal(event.detail, "2 refused while events could not be written");
});

linuxTest("nothing passes while too many events are unwritten", async () => {
  await using world = await openGatewayWorld(planOne, { acknowledge: false });
  const authority = `splice.test:${world.host.port}`;
  let asked = 0;
  for (let isRefused = false; !isRefused;) {
    const heads = await Promise.all(Array.from({ length: 200 }, async () => {
      await using client = await world.askProxy("evil.test:443");
      return client.head;
    }));
    asked += heads.length;
    isRefused = heads.some((head) => head.includes(" 503 "));
    assert.ok(asked < 6000);
  }
  await using refused = await world.askProxy(authority);
  assert.equal(refused.head, "HTTP/1.1 503 Service Unavailable");
  world.gateway.confirmAudit(4096);
  await using client = await world.askProxy(authority, HELLO);
  await client.readUntil("echo:");
});

linuxTest("a published port leads to the agent", async () => {
  // It answers once it was told everything.
  await using agent = await listenOnLoopback((socket) => socket.pipe(socket), {
    address: "127.0.0.3",
    allowHalfOpen: true,
  });
  const messages: unknown[] = [];
  const gateway = await startGateway({
    settings: { ...SETTINGS, inbound: [agent.port] },
    policy: makeDocument([]),
    ports: { dns: 0, http: 0, https: 0, proxy: 0 },
    outerAddresses: ["127.0.0.4"],
    send: (message) => messages.push(message),
  });
  try {
    await using client = await connectToLoopback(agent.port, {
      address: "127.0.0.4",
      allowHalfOpen: true,
    });
    client.socket.end("hello agent");
    assert.equal(await client.readAll(), "hello agent");
    await agent[Symbol.asyncDispose]();
    await using late = await connectToLoopback(agent.port, { address: "127.0.0.4" });
    assert.equal(await late.readAll(), "");
  } finally {
    gateway.close();
    gateway.flush();
  }
  const events = JSON.stringify(messages);
  assert.match(events, /"kind":"inbound","decision":"allow"/);
  assert.match(events, /"kind":"inbound","decision":"deny","reason":"dial"/);
});

linuxTest("startGateway() says why it cannot start", async () => {
  await using taken = await listenOnLoopback(() => {}, { address: GATEWAY });
  const start = (parts: Partial<Parameters<typeof startGateway>[0]>, policy: unknown) =>
    startGateway({
      settings: SETTINGS,
      policy,
      send: () => assert.fail("said something"),
      ...parts,
    });
  await assert.rejects(start({}, { schema: 2 }), StartError);
  const upstreamProxy = { url: "socks5://user:hunter2@proxy", noProxy: [] };
  await assert.rejects(start({ settings: { ...SETTINGS, upstreamProxy } }, makeDocument([])), {
    name: "StartError",
    message: "The proxy of the host is not of the form http://host:port",
  });
  const ports = { dns: 0, http: 0, https: 0, proxy: taken.port };
  await assert.rejects(start({ ports }, makeDocument([])), {
    name: "StartError",
    message: `Cannot listen on port ${taken.port}: EADDRINUSE`,
  });
});
