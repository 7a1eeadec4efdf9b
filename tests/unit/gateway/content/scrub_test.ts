import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import process from "node:process";
import zlib from "node:zlib";
import fc from "fast-check";
import { BlockedError } from "../../../../src/gateway/context.ts";
import { compile, cut, headOf, pass, placeholderOf, secretOf } from "./support.ts";

const VALUE = 'r3al/"value+é=&x y';
const PLACEHOLDER = placeholderOf("a");

async function open(host = "inject.test") {
  return (await compile({ secrets: [secretOf(VALUE)] })).openExchange(headOf({ host }));
}

const ECHOES: [name: string, text: string, want: string | null][] = [
  ["as it is", `a ${VALUE} b ${VALUE}`, `a ${PLACEHOLDER} b ${PLACEHOLDER}`],
  ["in JSON", JSON.stringify({ a: VALUE }), JSON.stringify({ a: PLACEHOLDER })],
  ["in an address", `/?a=${encodeURIComponent(VALUE)}`, `/?a=${PLACEHOLDER}`],
  ["hexadecimal", Buffer.from(VALUE).toString("hex"), Buffer.from(PLACEHOLDER).toString("hex")],
  ["as a password of Basic", `Basic ${Buffer.from(`user:${VALUE}`).toString("base64")}`, null],
  ["in base64url", Buffer.from(`u:${VALUE}!`).toString("base64url"), null],
];

for (const [name, text, want] of ECHOES) {
  Deno.test(`a value echoed ${name} is scrubbed from bodies and headers, whatever the chunks`, async () => {
    const exchange = await open();
    const check = (out: string) => {
      if (want !== null) return assert.equal(out, want);
      // The length stays, so that what stands around still decodes.
      assert.equal(out.length, text.length);
      const decoded = Buffer.from(out.replace("Basic ", ""), "base64").toString();
      assert(!decoded.includes(VALUE.slice(1, -1)), decoded);
    };
    for (const lengths of [[1], [2, 3], [text.length]]) {
      const { body, decoded } = exchange.openResponseBody([["content-type", "text/plain"]])!;
      const { out } = await pass(body, cut(Buffer.from(text), lengths));
      assert.equal(decoded, false);
      check(out.toString());
    }
    const bytes = Buffer.from(text).toString("latin1");
    const [header, other] = exchange.scrubHeaders([["x-echo", bytes], ["x-other", "value"]]);
    check(Buffer.from(header![1], "latin1").toString());
    assert.deepEqual(other, ["x-other", "value"]);
  });
}

const ENCODERS: [string, (data: Buffer) => Buffer][] = [
  ["gzip", (data) => zlib.gzipSync(data)],
  ["x-gzip", (data) => zlib.gzipSync(data)],
  ["deflate", (data) => zlib.deflateSync(data)],
  ["deflate", (data) => zlib.deflateRawSync(data)],
  ["br", (data) => zlib.brotliCompressSync(data)],
  ["zstd", (data) => zlib.zstdCompressSync(data)],
];

for (const [coding, encode] of ENCODERS) {
  Deno.test(`a response in ${coding} is decoded and scrubbed, whatever the chunks`, async () => {
    const exchange = await open();
    const text = `${"lorem ".repeat(30_000)}${VALUE}${" ipsum".repeat(30_000)}`;
    const want = text.replaceAll(VALUE, PLACEHOLDER);
    const sent = encode(Buffer.from(text));
    for (const lengths of [[1], [7], [sent.length]]) {
      const { body, decoded } = exchange.openResponseBody([[
        "Content-Encoding",
        coding.toUpperCase(),
      ]])!;
      const { out, blocked } = await pass(body, cut(sent, lengths));
      assert.deepEqual([decoded, blocked], [true, null]);
      assert.equal(out.toString(), want);
    }
  });

  Deno.test(`a broken response in ${coding} ends in an error`, async () => {
    const exchange = await open();
    const { body } = exchange.openResponseBody([["content-encoding", coding]])!;
    const { blocked } = await pass(body, [
      Buffer.from("this is in no encoding at all, whatever it says"),
    ]);
    assert.equal(blocked?.reason, "encoding");
  });
}

Deno.test("what stands behind the end of an encoded response is not passed on", async () => {
  const exchange = await open();
  const sent = Buffer.concat([zlib.gzipSync(`a ${VALUE}`), Buffer.from(`\0\0${VALUE}`)]);
  for (const lengths of [[1], [sent.length]]) {
    const { body } = exchange.openResponseBody([["content-encoding", "gzip"]])!;
    const { out, blocked } = await pass(body, cut(sent, lengths));
    assert.deepEqual([out.toString(), blocked], [`a ${PLACEHOLDER}`, null]);
  }
});

for (const coding of ["compress", "gzip, br", "aes128gcm"]) {
  Deno.test(`a response in "${coding}" cannot be scrubbed and is refused`, async () => {
    const exchange = await open();
    assert.throws(
      () => exchange.openResponseBody([["content-encoding", coding]]),
      (error: unknown) => error instanceof BlockedError && error.finding.reason === "encoding",
    );
  });
}

Deno.test("a response that unfolds a thousand times is passed on only as it is read", async () => {
  const exchange = await open();
  const { body } = exchange.openResponseBody([["content-encoding", "gzip"]])!;
  const bomb = zlib.gzipSync(Buffer.alloc(256 * 1024 * 1024));
  const before = process.memoryUsage().rss;
  // Nobody reads.
  for (const chunk of cut(bomb, [16_384])) body.write(chunk);
  await new Promise((resolve) => body.once("readable", resolve));
  const grown = process.memoryUsage().rss - before;
  body.destroy();
  assert(grown < 128 * 1024 * 1024, `${grown}`);
});

Deno.test("a host without secrets gets its responses untouched", async () => {
  const exchange = await open("other.test");
  const headers: [string, string][] = [["x-echo", VALUE]];
  assert.equal(exchange.scrubHeaders(headers), headers);
  assert.equal(exchange.openResponseBody([["content-encoding", "unknown"]]), null);
});

Deno.test("an event stream is not delayed", async () => {
  const { body } = (await open()).openResponseBody([["content-type", "text/event-stream"]])!;
  const seen: string[] = [];
  body.on("data", (piece: Buffer) => seen.push(piece.toString()));
  for (const event of ["data: one\n\n", "data: two\n\n"]) {
    await new Promise((resolve) => body.write(event, resolve));
    assert.equal(seen.at(-1), event);
  }
  body.destroy();
});

Deno.test("any value is scrubbed in any chunking, and nothing else is changed", async () => {
  const value = fc.string({ unit: "grapheme-ascii", minLength: 8, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      value.filter((text) => !text.includes("withheld_ph_")),
      fc.string({ unit: "grapheme-ascii", maxLength: 200 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 4 }),
      async (secret, text, lengths) => {
        const content = await compile({ secrets: [secretOf(secret)] });
        const { body } = content.openExchange(headOf()).openResponseBody([])!;
        const echo = `${text}\u0001${secret}\u0001${text}`;
        const { out } = await pass(body, cut(Buffer.from(echo), lengths));
        const want = echo.replaceAll(secret, () => PLACEHOLDER);
        if (!text.includes(secret) && isPlain(secret)) assert.equal(out.toString(), want);
        assert(!out.toString().includes(secret) || PLACEHOLDER.includes(secret));
      },
    ),
    { numRuns: 300 },
  );
});

/** Its only form that contains itself is itself. */
function isPlain(value: string): boolean {
  return /^[^%\\"]+$/.test(value);
}
