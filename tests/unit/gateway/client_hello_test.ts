import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { LONGEST_HELLO, parseClientHello } from "../../../src/gateway/client_hello.ts";
import { buildHello, buildHelloBody, cutIntoRecords, type HelloSpec } from "./hello.ts";

const SPEC: HelloSpec = { serverName: "api.example.com", alpn: ["h2", "http/1.1"] };
const HELLO = { serverName: "api.example.com", alpn: ["h2", "http/1.1"], ech: false };

Deno.test("parseClientHello() reads name and protocols", () => {
  assert.deepEqual(parseClientHello(buildHello(SPEC)), { kind: "hello", hello: HELLO });
});

Deno.test("parseClientHello() sees Encrypted Client Hello", () => {
  const parsed = parseClientHello(buildHello({ ...SPEC, ech: true }));
  assert.deepEqual(parsed, { kind: "hello", hello: { ...HELLO, ech: true } });
});

Deno.test("parseClientHello() reads a hello without a name and one without extensions", () => {
  const none = { kind: "hello", hello: { serverName: null, alpn: [], ech: false } };
  assert.deepEqual(parseClientHello(buildHello({})), none);
  const body = buildHelloBody({});
  const bare = body.subarray(0, body.length - 2);
  const message = Buffer.concat([Buffer.from([1, 0, 0, bare.length]), bare]);
  assert.deepEqual(parseClientHello(cutIntoRecords(message, 16384)), none);
});

Deno.test("parseClientHello() does not look at what follows, such as early data", () => {
  const bytes = Buffer.concat([buildHello(SPEC), Buffer.from([23, 3, 3, 0, 1, 0])]);
  assert.deepEqual(parseClientHello(bytes), { kind: "hello", hello: HELLO });
});

Deno.test("parseClientHello() gives one result however the hello is cut into records", () => {
  for (let fragment = 1; fragment < 140; fragment++) {
    assert.deepEqual(parseClientHello(buildHello(SPEC, fragment)), { kind: "hello", hello: HELLO });
  }
});

Deno.test("parseClientHello() waits at every cut, and asks for bytes that are not there yet", () => {
  for (const fragment of [1, 5, 50, 16384]) {
    const whole = buildHello(SPEC, fragment);
    for (let length = 0; length < whole.length; length++) {
      const parsed = parseClientHello(whole.subarray(0, length));
      assert.equal(parsed.kind, "incomplete", `cut at ${length}`);
      assert.ok(parsed.kind === "incomplete" && parsed.needed > length);
      assert.ok(parsed.kind === "incomplete" && parsed.needed <= whole.length);
    }
  }
});

const name = (text: string) => [...Buffer.from([0, 0, text.length]), ...Buffer.from(text)];
const list = (bytes: number[]) => Buffer.from([bytes.length >> 8, bytes.length & 255, ...bytes]);

const MALFORMED: [name: string, bytes: Buffer][] = [
  ["another record type", Buffer.from([23, 3, 1, 0, 5])],
  ["an old SSL hello", Buffer.from([0x80, 0x2e, 1, 3, 1])],
  ["an unknown version", Buffer.from([22, 4, 0, 0, 5])],
  ["an empty record", Buffer.from([22, 3, 1, 0, 0])],
  ["a record longer than TLS allows", Buffer.from([22, 3, 1, 0x40, 1])],
  ["another handshake message", Buffer.from([22, 3, 1, 0, 4, 2])],
  ["a hello with another message behind it", cutIntoRecords(Buffer.from([1, 0, 0, 1, 3, 9]), 99)],
  ["a hello that ends early", cutIntoRecords(Buffer.from([1, 0, 0, 2, 3, 3]), 99)],
  [
    "a hello beyond all sizes",
    cutIntoRecords(Buffer.concat([Buffer.from([1, 1, 0, 0]), Buffer.alloc(70_000)]), 16384),
  ],
  ["two names in one list", buildHello({ extensions: [[0, list([...name("a"), ...name("b")])]] })],
  ["two name extensions", buildHello({ serverName: "a", extensions: [[0, list(name("b"))]] })],
  ["an empty name", buildHello({ serverName: "" })],
  ["an empty name list", buildHello({ extensions: [[0, list([])]] })],
  ["a name of another kind", buildHello({ extensions: [[0, list([1, 0, 1, 97])]] })],
  [
    "bytes behind the name list",
    buildHello({ extensions: [[0, Buffer.concat([list(name("a")), Buffer.from([0])])]] }),
  ],
  ["an empty protocol", buildHello({ alpn: [""] })],
];

for (const [what, bytes] of MALFORMED) {
  Deno.test(`parseClientHello() refuses ${what}`, () => {
    const parsed = parseClientHello(bytes);
    assert.equal(parsed.kind, "malformed");
  });
}

Deno.test("parseClientHello() never waits for more than its limit", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(), fc.nat(300), (bytes, at, flip) => {
      const valid = buildHello(SPEC, 40);
      valid[at % valid.length] = flip & 255;
      for (const input of [Buffer.from(bytes), valid, Buffer.from([22, 3, 1, ...bytes])]) {
        const parsed = parseClientHello(input);
        if (parsed.kind !== "incomplete") continue;
        assert.ok(parsed.needed > input.length && parsed.needed <= LONGEST_HELLO);
      }
    }),
    { numRuns: 5000 },
  );
});

Deno.test("parseClientHello() gives up on a hello in countless records", () => {
  const bytes = buildHello({ serverName: "a", padding: 8000 }, 1);
  assert.deepEqual(parseClientHello(bytes), {
    kind: "malformed",
    problem: "a ClientHello in too many records",
  });
});
