import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import fc from "fast-check";
import { type HostLine, parseHostLine, readHostLines } from "../../../src/gateway/control.ts";

const SETTINGS = {
  address: "172.20.0.2",
  agent: "172.20.0.3",
  inbound: [3000],
  dns: [],
  upstreamProxy: null,
  extraCa: [],
  ca: null,
};

async function readAll(chunks: Buffer[]): Promise<HostLine[]> {
  return await Array.fromAsync(readHostLines(Readable.from(chunks)));
}

Deno.test("parseHostLine() reads each message", () => {
  const messages = [
    { type: "start", settings: SETTINGS, policy: { version: 1 } },
    { type: "policy", policy: { version: 2 } },
    { type: "audit-written", sequence: 7 },
    { type: "audit-failed", reason: "no space" },
  ];
  for (const message of messages) {
    assert.deepEqual(parseHostLine(JSON.stringify(message)), { kind: "message", message });
  }
});

const MALFORMED: [line: string, version: number, problem: string][] = [
  ['{"type":"start"', 0, "The line is not JSON"],
  ["[]", 0, "The line is not an object"],
  ['{"type":"stop"}', 0, "The type is unknown"],
  ['{"type":"policy"}', 0, "policy has no policy"],
  ['{"type":"start","policy":{"version":3}}', 3, "start has no settings"],
  ['{"type":"start","settings":{}}', 0, "start has no policy"],
  ['{"type":"start","settings":{},"policy":1}', 0, "settings.address is not a text"],
  ['{"type":"audit-written","sequence":"1"}', 0, "audit-written has no sequence"],
];

for (const [line, version, problem] of MALFORMED) {
  Deno.test(`parseHostLine() refuses ${line}`, () => {
    assert.deepEqual(parseHostLine(line), { kind: "malformed", version, problem });
  });
}

Deno.test("parseHostLine() says which setting is wrong", () => {
  const wrong: [key: string, value: unknown][] = [
    ["agent", ""],
    ["inbound", [70000]],
    ["dns", "8.8.8.8"],
    ["extraCa", [1]],
    ["upstreamProxy", {}],
    ["ca", { certificate: "x" }],
  ];
  for (const [key, value] of wrong) {
    const settings = { ...SETTINGS, [key]: value };
    const parsed = parseHostLine(JSON.stringify({ type: "start", settings, policy: {} }));
    assert.equal(parsed.kind, "malformed");
    assert.match(
      parsed.kind === "malformed" ? parsed.problem : "",
      new RegExp(`^settings\\.${key} `),
    );
  }
});

Deno.test("parseHostLine() repeats nothing of a line that holds secrets", () => {
  const parsed = parseHostLine('{"type":"policy","policy":{"secrets":[{"value":"hunter2"}]},}');
  assert.ok(!JSON.stringify(parsed).includes("hunter2"));
});

Deno.test("readHostLines() gives the same lines however they are cut", async () => {
  const lines = ['{"type":"audit-written","sequence":1}', "", "né", '{"type":"policy","policy":1}'];
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 })), async (sizes) => {
      const chunks: Buffer[] = [];
      let at = 0;
      for (const size of sizes) chunks.push(bytes.subarray(at, at += size));
      chunks.push(bytes.subarray(at));
      assert.deepEqual(await readAll(chunks), lines.map(parseHostLine));
    }),
    { numRuns: 50 },
  );
});

Deno.test("readHostLines() drops a last line that was cut off", async () => {
  assert.deepEqual(await readAll([Buffer.from('{"type":"audit-written","sequence":1}')]), []);
});

Deno.test("readHostLines() keeps nothing of a line without an end, and reads on behind it", async () => {
  const mebibyte = Buffer.alloc(1024 * 1024, "x");
  const chunks = Array.from({ length: 70 }, () => mebibyte);
  const lines = await readAll([
    ...chunks,
    Buffer.from('\n{"type":"audit-written","sequence":1}\n'),
  ]);
  assert.deepEqual(lines.map(({ kind }) => kind), ["malformed", "message"]);
});
