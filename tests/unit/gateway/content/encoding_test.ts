import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import zlib from "node:zlib";
import {
  ALNUM,
  compile,
  cut,
  headOf,
  noise,
  OFF,
  pass,
  placeholderOf,
  secretOf,
} from "./support.ts";

const SECRET = "s3cret-value-0123";
const FAST = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } };
const CODERS: [string, (data: Buffer) => Buffer][] = [
  ["gzip", (data) => zlib.gzipSync(data)],
  ["deflate", (data) => zlib.deflateSync(data)],
  ["deflate", (data) => zlib.deflateRawSync(data)],
  ["br", (data) => zlib.brotliCompressSync(data, FAST)],
  ["zstd", (data) => zlib.zstdCompressSync(data)],
];

async function send(
  coding: string,
  body: { bytes: Buffer; lengths?: number[] },
  options: { host?: string } = {},
) {
  const content = await compile({ secrets: [secretOf(SECRET, { body: true })] });
  const headers: [string, string][] = [["Content-Type", "text/plain"], [
    "Content-Encoding",
    coding,
  ]];
  const exchange = content.openExchange(headOf({ headers, ...options }));
  const flags: string[] = [];
  const gate = exchange.openRequestBody((finding) => flags.push(finding.reason))!;
  const passed = await pass(gate, cut(body.bytes, body.lengths ?? [body.bytes.length]));
  return { ...passed, flags, keepsLength: exchange.keepsLength };
}

for (const [coding, encode] of CODERS) {
  Deno.test(`a secret inside ${coding} does not leave, whatever the chunks`, async () => {
    for (const before of [0, 9000]) {
      const bytes = encode(
        Buffer.from(`${noise(before, ALNUM)} ${SECRET} ${noise(before, ALNUM)}`),
      );
      for (const lengths of [[1], [13, 1], [bytes.length]]) {
        const { out, blocked } = await send(coding, { bytes, lengths }, { host: "other.test" });
        assert.deepEqual([blocked?.reason, out.length], ["secret-leak", 0]);
      }
    }
  });

  Deno.test(`a body in ${coding} passes as it came, whatever the chunks`, async () => {
    // Deno miscounts what its zstd has read of long bodies, and is refused them.
    for (const size of coding === "zstd" ? [0, 10] : [0, 10, 100_000, 900_000]) {
      const bytes = encode(Buffer.from(noise(size, ALNUM)));
      for (const lengths of [[997], [bytes.length]]) {
        const { out, blocked, keepsLength } = await send(coding, { bytes, lengths });
        assert.deepEqual([blocked, keepsLength], [null, true]);
        assert(out.equals(bytes));
      }
    }
  });

  Deno.test(`of a long body in ${coding} nothing of a late secret leaves`, async () => {
    const start = noise(600_000, ALNUM);
    const bytes = encode(Buffer.from(`${start} ${SECRET} ${noise(100_000, ALNUM, { seed: 2 })}`));
    const { out, blocked } = await send(coding, { bytes, lengths: [4096] });
    assert.equal(blocked?.reason, "secret-leak");
    // What left unfolds to less than what stood before it.
    assert(out.length > 0 && out.length < encode(Buffer.from(start)).length);
  });

  Deno.test(`a bomb in ${coding} is blocked`, async () => {
    const bytes = encode(Buffer.alloc(20 * 1024 * 1024));
    const { out, blocked } = await send(coding, { bytes });
    assert.deepEqual([blocked?.reason, out.length], ["encoding", 0]);
  });

  for (
    const [name, damage] of [
      ["cut short", (bytes: Buffer) => bytes.subarray(0, bytes.length - 6)],
      ["that is none", () => Buffer.from("this is in no encoding at all, whatever it says")],
      [
        "with more behind its end",
        (bytes: Buffer) => Buffer.concat([bytes, Buffer.from("\0hidden")]),
      ],
    ] as const
  ) {
    // These two end without an error where the data does, depending on the runtime; what they could
    // not unfold, the host cannot either.
    if (name === "cut short" && (coding === "br" || coding === "zstd")) continue;
    Deno.test(`a body in ${coding} ${name} is blocked`, async () => {
      const bytes = damage(encode(Buffer.from(noise(5000, ALNUM))));
      for (const lengths of [[bytes.length], [11]]) {
        const { out, blocked } = await send(coding, { bytes, lengths });
        assert.deepEqual([blocked?.reason, out.length], ["encoding", 0], `${lengths}`);
      }
    });
  }
}

Deno.test("a body that unfolds to more than 64 MiB is blocked, though slowly", async () => {
  const piece = Buffer.concat([randomBytes(800), Buffer.alloc(31_968)]);
  const bytes = zlib.gzipSync(Buffer.concat(Array.from({ length: 2100 }, () => piece)), {
    level: 1,
  });
  const content = await compile({ inspect: { ...OFF, secrets: "block" } });
  const headers: [string, string][] = [["Content-Encoding", "gzip"]];
  const gate = content.openExchange(headOf({ headers })).openRequestBody(() => {})!;
  const { blocked } = await pass(gate, cut(bytes, [65_536]));
  assert.match(blocked?.detail ?? "", /more than 64 MiB/);
});

for (const coding of ["compress", "gzip, gzip", "aes128gcm", "exi"]) {
  Deno.test(`a body in "${coding}" is blocked`, async () => {
    const { out, blocked } = await send(coding, { bytes: Buffer.from("x") });
    assert.deepEqual([blocked?.reason, out.length], ["encoding", 0]);
  });
}

Deno.test("an encoding that is none is read as it is", async () => {
  const { blocked } = await send("identity", { bytes: Buffer.from(SECRET) });
  assert.equal(blocked?.reason, "secret-leak");
});

Deno.test("without any inspector no body is held back or decoded", async () => {
  const content = await compile({ inspect: OFF });
  const headers: [string, string][] = [["Content-Encoding", "compress"]];
  assert.equal(content.openExchange(headOf({ headers })).openRequestBody(() => {}), null);
});

Deno.test("a secret in the header of gzip does not leave", async () => {
  const plain = zlib.gzipSync(Buffer.from("hello"));
  // RFC 1952 section 2.3.1: a comment, up to a zero.
  const head = Buffer.from(plain.subarray(0, 10));
  head[3] = 0x10;
  const bytes = Buffer.concat([head, Buffer.from(`${SECRET}\0`), plain.subarray(10)]);
  const { out, blocked } = await send("gzip", { bytes });
  assert.deepEqual([blocked?.reason, out.length], ["secret-leak", 0]);
});

Deno.test("of a long comment in the header of gzip nothing of a late secret leaves", async () => {
  const plain = zlib.gzipSync(Buffer.from("hello"));
  const head = Buffer.from(plain.subarray(0, 10));
  head[3] = 0x10;
  const comment = Buffer.alloc(300_000, "x ");
  const bytes = Buffer.concat([head, comment, Buffer.from(`${SECRET}\0`), plain.subarray(10)]);
  for (const lengths of [[1021], [300_015]]) {
    const { out, blocked } = await send("gzip", { bytes, lengths });
    assert.equal(blocked?.reason, "secret-leak");
    assert(out.length <= head.length + comment.length, `${out.length}`);
  }
});

Deno.test("a body of nothing but empty compressed blocks is not held for ever", async () => {
  const bytes = Buffer.alloc(9_000_000, Buffer.from([0, 0, 0, 0xff, 0xff]));
  const { out, blocked } = await send("deflate", {
    bytes: Buffer.concat([START, bytes]),
    lengths: [65_536],
  });
  assert.match(blocked?.detail ?? "", /unfolds to nothing/);
  assert.equal(out.length, 0);
});

/** RFC 1951 section 3.2.4: a stored block of one byte. */
const START = Buffer.from([0, 1, 0, 0xfe, 0xff, 0x61]);

Deno.test("half a secret does not wait outside behind compressed blocks of nothing", async () => {
  const deflate = zlib.createDeflateRaw();
  const pieces: Buffer[] = [];
  deflate.on("data", (piece: Buffer) => pieces.push(piece));
  deflate.write(Buffer.from(`x ${SECRET.slice(0, 10)}`));
  await new Promise<void>((resolve) => deflate.flush(zlib.constants.Z_SYNC_FLUSH, resolve));
  // RFC 1951 section 3.2.4: a stored block of no bytes.
  const empty = Buffer.concat(
    Array.from({ length: 80_000 }, () => Buffer.from([0, 0, 0, 0xff, 0xff])),
  );
  const bytes = Buffer.concat([...pieces, empty]);
  const { out } = await send("deflate", { bytes, lengths: [65_536] });
  assert.equal(out.length, 0);
});

Deno.test("a placeholder inside an encoded body is told and not replaced", async () => {
  const bytes = zlib.gzipSync(Buffer.from(`a ${placeholderOf("a")}`));
  const { out, blocked, flags } = await send("gzip", { bytes });
  assert.deepEqual([blocked, flags], [null, ["secret-foreign"]]);
  assert(out.equals(bytes));
});
