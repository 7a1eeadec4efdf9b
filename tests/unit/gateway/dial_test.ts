import assert from "node:assert/strict";
import { once } from "node:events";
import { DialError } from "../../../src/gateway/context.ts";
import { createDialer, type DialerParts } from "../../../src/gateway/dial.ts";
import { createResolve, type Resolve, ResolveError } from "../../../src/gateway/resolve.ts";
import { parseUpstreamProxy } from "../../../src/gateway/upstream_proxy.ts";
import { compilePolicy, type Policy } from "../../../src/policy/compile.ts";
import { makeDocument } from "./documents.ts";
import { linuxTest, listenOnLoopback, watchSocket } from "./loopback.ts";
import { startNameServer } from "./name_server.ts";

function compile(rules: string[]): Policy {
  const compiled = compilePolicy(makeDocument(rules));
  assert.ok(compiled.ok);
  return compiled.policy;
}

/** Answers that never expire, so that a cache could show. */
function answer(...addresses: string[]): Resolve {
  return () => Promise.resolve({ addresses, lifeMs: 60_000 });
}

function createTestDialer(parts: Partial<DialerParts> & { rules?: string[] }) {
  const policy = compile(parts.rules ?? ["a.test", "127.0.0.2"]);
  return createDialer({
    snapshot: () => ({ policy }),
    resolve: answer("127.0.0.2"),
    listOwnAddresses: () => new Set(["127.0.0.1"]),
    proxy: null,
    ...parts,
  });
}

/** The reason of a dial that must fail. */
async function failToDial(
  dialer: ReturnType<typeof createDialer>,
  target: { host: string; port: number },
): Promise<string> {
  const error = await dialer.dial(target).then(() => assert.fail("dialed"), (error) => error);
  assert.ok(error instanceof DialError, String(error));
  return error.reason;
}

linuxTest("dial() connects to the address that was checked", async () => {
  await using server = await listenOnLoopback((socket) => socket.end("hi"), {
    address: "127.0.0.2",
  });
  const { socket, address } = await createTestDialer({}).dial({
    host: "a.test",
    port: server.port,
  });
  await using client = watchSocket(socket);
  assert.equal(address, "127.0.0.2");
  assert.equal(await client.readAll(), "hi");
});

const HOSTILE: [addresses: string[], reason: string][] = [
  [["127.0.0.1"], "address"],
  [["127.0.0.3"], "address"],
  [["10.0.0.1"], "address"],
  [["169.254.169.254"], "address"],
  [["100.100.100.200"], "address"],
  [["0.0.0.0"], "address"],
  [["127.0.0.2", "192.168.1.1"], "address"],
];

for (const [addresses, reason] of HOSTILE) {
  linuxTest(`dial() refuses a name that resolves to ${addresses.join(" and ")}`, async () => {
    await using decoy = await listenOnLoopback(() => {}, { address: "0.0.0.0" });
    const dialer = createTestDialer({ resolve: answer(...addresses) });
    assert.equal(await failToDial(dialer, { host: "a.test", port: decoy.port }), reason);
    assert.equal(decoy.sockets.length, 0);
  });
}

linuxTest("dial() never dials the gateway itself, whatever a rule says", async () => {
  await using decoy = await listenOnLoopback(() => {});
  const dialer = createTestDialer({ rules: ["127.0.0.1"], resolve: answer() });
  assert.equal(await failToDial(dialer, { host: "127.0.0.1", port: decoy.port }), "address");
  assert.equal(decoy.sockets.length, 0);
});

linuxTest("dial() tries the next address when one does not take the connection", async () => {
  await using server = await listenOnLoopback((socket) => socket.end("hi"), {
    address: "127.0.0.3",
  });
  const dialer = createTestDialer({
    rules: ["a.test", "127.0.0.2", "127.0.0.3"],
    resolve: answer("127.0.0.2", "127.0.0.3"),
  });
  const { socket, address } = await dialer.dial({ host: "a.test", port: server.port });
  await using _client = watchSocket(socket);
  assert.equal(address, "127.0.0.3");
});

linuxTest("dial() says what went wrong", async () => {
  await using server = await listenOnLoopback(() => {}, { address: "127.0.0.2" });
  const { port } = server;
  const unresolved = () => Promise.reject(new ResolveError("ENOTFOUND"));
  const nowhere = createTestDialer({ resolve: unresolved });
  assert.equal(await failToDial(nowhere, { host: "a.test", port }), "resolve");
  await server[Symbol.asyncDispose]();
  assert.equal(await failToDial(createTestDialer({}), { host: "a.test", port }), "dial");
});

linuxTest("dial() is given up by its signal", async () => {
  const abort = new AbortController();
  const dialing = createTestDialer({}).dial({ host: "a.test", port: 9 }, abort.signal);
  abort.abort();
  await assert.rejects(dialing, { name: "DialError", reason: "dial" });
});

Deno.test("dial() gives up name servers that do not answer", async () => {
  const { promise: never } = Promise.withResolvers<never>();
  const dialer = createTestDialer({ resolve: () => never, timeoutMs: 20 });
  assert.equal(await failToDial(dialer, { host: "a.test", port: 443 }), "timeout");
  const abort = new AbortController();
  const dialing = dialer.dial({ host: "a.test", port: 443 }, abort.signal);
  abort.abort();
  await assert.rejects(dialing, { name: "DialError", reason: "dial" });
});

linuxTest(
  "dial() checks again under a new policy, and when the answer is too old to be kept",
  async () => {
    await using server = await listenOnLoopback((socket) => socket.end(), { address: "127.0.0.2" });
    const target = { host: "a.test", port: server.port };
    let asked = 0;
    let lifeMs = 60_000;
    let snapshot = { policy: compile(["a.test", "127.0.0.2"]) };
    const dialer = createTestDialer({
      snapshot: () => snapshot,
      resolve() {
        asked += 1;
        return Promise.resolve({ addresses: ["127.0.0.2"], lifeMs });
      },
    });
    const dial = async () => {
      const { socket } = await dialer.dial(target);
      await watchSocket(socket).readAll();
    };
    await dial();
    await dial();
    assert.equal(asked, 1);
    snapshot = { policy: compile(["a.test"]) };
    assert.equal(await failToDial(dialer, target), "address");
    assert.equal(asked, 2);
    snapshot = { policy: compile(["a.test", "127.0.0.2"]) };
    lifeMs = 0;
    await dial();
    await dial();
    assert.equal(asked, 4);
  },
);

linuxTest("dial() asks the name server that was named, and once for many", async () => {
  await using names = await startNameServer({
    "a.test": { addresses: ["127.0.0.2", "127.0.0.3"], ttlSeconds: 5 },
    "zero.test": { addresses: ["127.0.0.2"], ttlSeconds: 0 },
  });
  const resolve = createResolve([names.server]);
  const [first, second] = await Promise.all([resolve("a.test"), resolve("a.test")]);
  assert.deepEqual(first, { addresses: ["127.0.0.2", "127.0.0.3"], lifeMs: 5000 });
  assert.deepEqual(second, first);
  assert.deepEqual(names.asked, ["a.test"]);
  assert.equal((await resolve("zero.test")).lifeMs, 0);
  await assert.rejects(resolve("missing.test"), { name: "ResolveError", code: "ENOTFOUND" });
});

/** A proxy that records what it is asked and answers as told. */
async function startProxy(answer: string) {
  const asked: string[] = [];
  const server = await listenOnLoopback((socket) => {
    socket.once("data", (chunk) => {
      asked.push(String(chunk));
      socket.write(answer);
    });
  });
  return { ...server, asked, url: `http://us%40er:p%3Ass@127.0.0.1:${server.port}` };
}

linuxTest("dial() goes through the host's proxy, and keeps what the host says first", async () => {
  await using server = await startProxy("HTTP/1.1 200 OK\r\nVia: x\r\n\r\nbanner");
  const proxy = parseUpstreamProxy({ url: server.url, noProxy: [] });
  const { socket } = await createTestDialer({ proxy }).dial({ host: "a.test", port: 443 });
  await using client = watchSocket(socket);
  await client.readUntil("banner");
  assert.deepEqual(server.asked, [
    `CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nProxy-Authorization: Basic ${
      btoa("us@er:p:ss")
    }\r\n\r\n`,
  ]);
});

linuxTest(
  "dial() lets a proxy resolve what does not resolve here, but nothing hostile",
  async () => {
    await using server = await startProxy("HTTP/1.1 200 OK\r\n\r\n");
    const proxy = parseUpstreamProxy({ url: server.url, noProxy: [] });
    const inside = createTestDialer({
      proxy,
      resolve: () => Promise.reject(new ResolveError("ENOTFOUND")),
    });
    const { socket } = await inside.dial({ host: "a.test", port: 443 });
    socket.destroy();
    await once(socket, "close");
    const hostile = createTestDialer({ proxy, resolve: answer("10.0.0.1") });
    assert.equal(await failToDial(hostile, { host: "a.test", port: 443 }), "address");
    assert.equal(server.asked.length, 1);
  },
);

for (const refusal of ["HTTP/1.1 403 No\r\n\r\n", "HTTP/1.1 407 Who\r\n\r\n", "SSH-2.0\r\n\r\n"]) {
  linuxTest(`dial() fails when the proxy says ${JSON.stringify(refusal)}`, async () => {
    await using server = await startProxy(refusal);
    const proxy = parseUpstreamProxy({ url: server.url, noProxy: [] });
    const dialer = createTestDialer({ proxy });
    assert.equal(await failToDial(dialer, { host: "a.test", port: 443 }), "dial");
  });
}

const EXEMPT: [pattern: string, host: string, port: number, want: boolean][] = [
  ["*", "a.test", 443, true],
  ["a.test", "a.test", 443, true],
  ["a.test", "b.a.test", 443, true],
  ["a.test", "ba.test", 443, false],
  [".a.test", "b.a.test", 443, true],
  ["*.a.test", "b.a.test", 443, true],
  ["A.Test:8443", "a.test", 8443, true],
  ["a.test:8443", "a.test", 443, false],
  ["10.0.0.0/8", "10.1.2.3", 443, true],
  ["10.0.0.0/8", "11.1.2.3", 443, false],
  ["10.0.0.1", "10.0.0.1", 443, true],
  ["", "a.test", 443, false],
];

for (const [pattern, host, port, want] of EXEMPT) {
  Deno.test(`noProxy "${pattern}" ${want ? "exempts" : "does not exempt"} ${host}:${port}`, () => {
    const proxy = parseUpstreamProxy({ url: "http://proxy:3128", noProxy: [pattern] });
    assert.equal(proxy.isExempt({ host, port }), want);
  });
}

for (const url of ["", "proxy:3128", "https://proxy", "socks5://proxy:1080"]) {
  Deno.test(`parseUpstreamProxy() refuses "${url}"`, () => {
    assert.throws(() => parseUpstreamProxy({ url, noProxy: [] }), { name: "TypeError" });
  });
}
