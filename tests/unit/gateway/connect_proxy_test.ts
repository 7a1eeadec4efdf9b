import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { startConnectProxy } from "../../../src/gateway/connect_proxy.ts";
import { compilePolicy } from "../../../src/policy/compile.ts";
import { connectToLoopback, linuxTest } from "./loopback.ts";
import { makeDocument } from "./documents.ts";
import { openGatewayWorld, UPSTREAM } from "./gateway_world.ts";
import { buildHello } from "./hello.ts";

const HELLO = buildHello({ serverName: "splice.test" });

/** splice.test and the address it is at, on the host's port and on 443. */
function openWorld() {
  return openGatewayWorld(({ port }) =>
    makeDocument([`splice.test:${port}`, "splice.test", `${UPSTREAM}:${port}`])
  );
}

const DENIED: [what: string, authority: string, reason: string][] = [
  ["an unlisted host", "evil.test:443", "no-rule"],
  ["an allowed host on port 22", "splice.test:22", "port"],
  ["an allowed host on port 25", "splice.test:25", "port"],
  ["an address", "192.0.2.1:443", "ip-literal"],
  ["the gateway", "127.0.0.1:443", "ip-literal"],
  ["an IPv6 address", "[2001:db8::1]:443", "ip-literal"],
  ["a v4-mapped address", "[::ffff:192.0.2.1]:443", "ip-literal"],
  ["a decimal address", "3221225985:443", "ip-literal"],
  ["an octal address", "0300.0.2.1:443", "ip-literal"],
  ["a hexadecimal address", "0xc0000201:443", "ip-literal"],
  ["a short address", "192.1:443", "ip-literal"],
  ["a user before an allowed host", "splice.test@evil.test:443", "name"],
  ["an allowed host as user", "splice.test:443@evil.test:443", "name"],
  ["an allowed host without a port", "splice.test", "name"],
  ["port 0", "splice.test:0", "name"],
  ["a port beyond all", "splice.test:65536", "name"],
  ["a port that is no number", "splice.test:https", "name"],
  ["a port with zeros", "splice.test:0443", "name"],
  ["no host", ":443", "name"],
  ["a URL", "http://splice.test:443", "name"],
  ["a path", "splice.test:443/x", "name"],
  ["an escape", "splice%2etest:443", "name"],
  ["two dots at the end", "splice.test..:443", "name"],
  ["a subdomain", "a.splice.test:443", "no-rule"],
  ["another alphabet", "xn--splce-6ra.test:443", "no-rule"],
];

for (const [what, authority, reason] of DENIED) {
  linuxTest(`CONNECT to ${what} (${authority}) is denied before any dial`, async () => {
    await using world = await openWorld();
    await using client = await world.askProxy(authority, HELLO);
    const text = await client.readAll();
    assert.equal(client.head, "HTTP/1.1 403 Forbidden", text);
    const denial = JSON.parse(text.slice(text.indexOf("\r\n\r\n")));
    assert.deepEqual([denial.blocked, denial.retry, denial.by], [true, false, "gateway"]);
    const event = await world.waitForEvent(({ kind }) => kind === "connect");
    assert.deepEqual([event.decision, event.method, event.status], ["deny", "CONNECT", 403]);
    assert.equal(event.reason, denial.reason);
    assert.equal(denial.reason, reason);
    assert.deepEqual([world.received, world.names.asked], [[], []]);
  });
}

for (const name of ["splice.test", "SPLICE.Test", "splice.test."]) {
  linuxTest(`CONNECT to ${name} is spliced, its first bytes sent along or later`, async () => {
    await using world = await openWorld();
    const { port } = world.host;
    await using early = await world.askProxy(`${name}:${port}`, HELLO);
    await early.readUntil("echo:");
    await using late = await world.askProxy(`${name}:${port}`);
    late.socket.write(HELLO);
    const text = await late.readUntil("echo:");
    assert.equal(late.head, "HTTP/1.1 200 Connection Established");
    assert.ok(text.endsWith(`echo:${HELLO.toString("latin1")}`));
    const { time: _, ...event } = await world.waitForEvent(({ kind }) => kind === "connect");
    assert.deepEqual(event, {
      kind: "connect",
      decision: "allow",
      reason: "rule",
      host: "splice.test",
      port,
      rule: `splice.test:${port} (network.allow[0])`,
      mode: "splice",
      detail: `connected to ${UPSTREAM}`,
    });
  });
}

const WRONG_STARTS: [what: string, bytes: Buffer, reason: string][] = [
  ["another server name", buildHello({ serverName: "evil.test" }), "name-mismatch"],
  ["a subdomain as server name", buildHello({ serverName: "a.splice.test" }), "name-mismatch"],
  ["the parent domain as server name", buildHello({ serverName: "test" }), "name-mismatch"],
  ["an address as server name", buildHello({ serverName: "192.0.2.1" }), "name-mismatch"],
  ["no server name", buildHello({}), "no-sni"],
  ["Encrypted Client Hello", buildHello({ serverName: "splice.test", ech: true }), "ech"],
  ["a broken hello", Buffer.from([22, 3, 1, 0, 1, 9]), "protocol"],
  ["a SOCKS greeting", Buffer.from([5, 1, 0]), "protocol"],
  ["HTTP/2 without TLS", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "protocol"],
  ["bytes of its own", Buffer.from("\0\0\0\0secret"), "protocol"],
];

for (const [what, bytes, reason] of WRONG_STARTS) {
  linuxTest(`a tunnel that starts with ${what} ends with nothing dialed`, async () => {
    await using world = await openWorld();
    await using client = await world.askProxy(`splice.test:${world.host.port}`);
    client.socket.write(bytes);
    await client.readAll();
    const event = await world.waitForEvent(({ kind }) => kind === "connect");
    assert.deepEqual([event.decision, event.reason], ["deny", reason]);
    assert.deepEqual([world.received, world.names.asked], [[], []]);
  });
}

for (const [what, bytes] of [["plain HTTP", "GET / HTTP/1.1\r\n"], ["SSH", "SSH-2.0-x\r\n"]]) {
  linuxTest(`${what} is not taken on port 443`, async () => {
    await using world = await openWorld();
    await using client = await world.askProxy("splice.test:443");
    client.socket.write(bytes!);
    await client.readAll();
    const event = await world.waitForEvent(({ kind }) => kind === "connect");
    assert.deepEqual([event.decision, event.reason], ["deny", "protocol"]);
    assert.deepEqual(world.names.asked, []);
  });
}

linuxTest(
  "SSH is spliced on a port that a rule names, and to an address that a rule names",
  async () => {
    await using world = await openWorld();
    for (const host of ["splice.test", UPSTREAM]) {
      await using client = await world.askProxy(
        `${host}:${world.host.port}`,
        "SSH-2.0-OpenSSH\r\n",
      );
      await client.readUntil("echo:SSH-2.0-OpenSSH");
    }
    assert.equal(world.received.length, 2);
  },
);

linuxTest("TLS to an address that a rule names needs no server name", async () => {
  await using world = await openWorld();
  await using client = await world.askProxy(`${UPSTREAM}:${world.host.port}`, buildHello({}));
  await client.readUntil("echo:");
});

linuxTest("a hello that is cut at every byte is spliced whole", async () => {
  await using world = await openWorld();
  const authority = `splice.test:${world.host.port}`;
  for (let cut = 1; cut < HELLO.length; cut += 13) {
    await using client = await world.askProxy(authority, HELLO.subarray(0, cut));
    client.socket.write(HELLO.subarray(cut));
    await client.readUntil("echo:");
    const got = world.received.at(-1)!;
    assert.ok(HELLO.toString("latin1").startsWith(got.slice(0, HELLO.length)));
  }
});

linuxTest("a name that resolves to a hostile address is refused after the hello", async () => {
  await using world = await openGatewayWorld(
    ({ port }) => makeDocument([`splice.test:${port}`]),
    { zone: { "splice.test": { addresses: ["192.0.2.1", "10.1.2.3"] } } },
  );
  await using client = await world.askProxy(`splice.test:${world.host.port}`, HELLO);
  await client.readAll();
  const event = await world.waitForEvent(({ kind }) => kind === "connect");
  assert.deepEqual([event.decision, event.reason], ["deny", "address"]);
  assert.match(event.detail!, /10\.1\.2\.3/);
});

linuxTest("the proxy answers what is no HTTP with 400 and survives it", async () => {
  await using world = await openWorld();
  await using junk = await world.connect(world.gateway.ports.proxy);
  junk.socket.write("\x16\x03\x01nonsense\r\n\r\n");
  assert.match(await junk.readAll(), /^HTTP\/1\.1 400 /);
  await using client = await world.askProxy(`splice.test:${world.host.port}`, HELLO);
  await client.readUntil("echo:");
});

Deno.test("a client that leaves after CONNECT does not stay half open with whoever has it", async () => {
  const compiled = compilePolicy(
    makeDocument(["inject.test"], {
      inspect: { ...makeDocument([]).inspect, hosts: ["inject.test"] },
    }),
  );
  assert.ok(compiled.ok);
  const { promise: handed, resolve } = Promise.withResolvers<Socket>();
  const proxy = await startConnectProxy({
    context: {
      snapshot: () => ({ version: 1, policy: compiled.policy, content: undefined! }),
      isOpen: () => true,
      audit: () => assert.fail("audited"),
      settings: undefined!,
      dialer: undefined!,
      track: undefined!,
    },
    front: {
      acceptTls: resolve,
      acceptHttp: () => assert.fail(),
      handleProxyRequest: () => assert.fail(),
    },
    address: "127.0.0.1",
    port: 0,
    maxConnections: 10,
  });
  try {
    await using client = await connectToLoopback(proxy.port, { allowHalfOpen: true });
    client.socket.write("CONNECT inject.test:443 HTTP/1.1\r\nHost: inject.test:443\r\n\r\n");
    client.socket.end(buildHello({ serverName: "inject.test" }));
    const socket = await handed;
    socket.resume();
    await client.readAll();
  } finally {
    proxy.close();
  }
});
