import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { classifyStart, sniff } from "../../../src/gateway/sniff.ts";
import { buildHello } from "./hello.ts";
import { makePair } from "./loopback.ts";

const HELLO = buildHello({ serverName: "api.example.com", alpn: ["http/1.1"] });
const NEVER_MS = 60_000;

const STARTS: [bytes: string, kind: string][] = [
  ["", "incomplete"],
  ["G", "incomplete"],
  ["GET ", "http"],
  ["M-SEARCH * HTTP/1.1", "http"],
  ["S", "incomplete"],
  ["SSH-", "ssh"],
  ["SEARCH / ", "http"],
  ["PRI * HTTP/2.0", "unknown"],
  ["get / HTTP/1.1", "unknown"],
  [" GET /", "unknown"],
  ["ABCDEFGHIJKLMNOPQ", "unknown"],
  ["\x05\x01\x00", "unknown"],
  ["\x00", "unknown"],
  ["\x16\x03\x01", "incomplete"],
  ["\x15\x03\x01", "unknown"],
];

for (const [bytes, kind] of STARTS) {
  Deno.test(`classifyStart() takes ${JSON.stringify(bytes)} for ${kind}`, () => {
    assert.equal(classifyStart(Buffer.from(bytes, "latin1")).kind, kind);
  });
}

Deno.test("classifyStart() survives any bytes and asks for more only up to its limit", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const result = classifyStart(Buffer.from(bytes));
      if (result.kind === "incomplete") {
        assert.ok(result.needed > bytes.length && result.needed <= 65536);
      }
    }),
    { numRuns: 5000 },
  );
});

Deno.test("sniff() leaves every byte to whoever reads next", async () => {
  await using pair = await makePair();
  const bytes = Buffer.concat([HELLO, Buffer.from("more")]);
  pair.near.end(bytes);
  const sniffed = await sniff(pair.far, { deadlineMs: NEVER_MS });
  assert.deepEqual(sniffed, {
    kind: "tls",
    hello: { serverName: "api.example.com", alpn: ["http/1.1"], ech: false },
  });
  assert.deepEqual(Buffer.concat(await Array.fromAsync(pair.far)), bytes);
});

Deno.test("sniff() reads what was put back before it", async () => {
  await using pair = await makePair();
  pair.far.unshift(Buffer.from("GET "));
  assert.deepEqual(await sniff(pair.far, { deadlineMs: NEVER_MS }), { kind: "http" });
  assert.equal(String(pair.far.read()), "GET ");
});

Deno.test("sniff() gives the same result for a hello that comes byte by byte", async () => {
  await using pair = await makePair();
  pair.near.setNoDelay(true);
  const sniffed = sniff(pair.far, { deadlineMs: NEVER_MS });
  for (const byte of HELLO) {
    const { promise, resolve } = Promise.withResolvers<void>();
    pair.near.write(Buffer.from([byte]), () => resolve());
    await promise;
  }
  assert.equal((await sniffed).kind, "tls");
});

Deno.test("sniff() gives up on a client that says too little in time", async () => {
  await using pair = await makePair();
  pair.near.write(HELLO.subarray(0, 20));
  assert.deepEqual(await sniff(pair.far, { deadlineMs: 30 }), { kind: "timeout" });
});

for (const way of ["end", "resetAndDestroy"] as const) {
  Deno.test(`sniff() notices a client that leaves by ${way}`, async () => {
    await using pair = await makePair();
    pair.far.on("error", () => {});
    pair.near.write("GE");
    const sniffed = sniff(pair.far, { deadlineMs: NEVER_MS });
    pair.near[way]();
    assert.deepEqual(await sniffed, { kind: "gone" });
  });
}
