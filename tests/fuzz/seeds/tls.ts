import { bigEndian, bytesOf, pack } from "../bytes.ts";
import { type Material, mutate } from "../mutate.ts";
import { NAMES } from "../names.ts";
import { drawOnce, type Random } from "../random.ts";

/** What a hello says; the rest is as curl with OpenSSL 3 sends it. */
export type HelloOptions = { name?: string; alpn?: readonly string[]; ech?: true; split?: number };

const vector = (size: 1 | 2 | 3, body: Uint8Array) => pack(...bigEndian(body.length, size), body);
const extension = (type: number, body: Uint8Array) => pack(...bigEndian(type, 2), vector(2, body));

/** A ClientHello in its records. @param options.split Longest fragment of one record, in bytes. */
export function formatHello(options: HelloOptions): Uint8Array<ArrayBuffer> {
  const { name, alpn = [], ech, split = 16384 } = options;
  const extensions: Uint8Array[] = [
    ...(name === undefined ? [] : [extension(0, vector(2, pack(0, vector(2, bytesOf(name)))))]),
    ...(alpn.length === 0 ? [] : [
      extension(16, vector(2, pack(...alpn.map((protocol) => vector(1, bytesOf(protocol)))))),
    ]),
    extension(43, vector(1, pack(3, 4, 3, 3))),
    extension(10, vector(2, pack(0, 29, 0, 23))),
    extension(13, vector(2, pack(4, 3, 8, 4, 4, 1))),
    extension(51, vector(2, pack(0, 29, vector(2, pack("k".repeat(32)))))),
    ...(ech === true ? [extension(0xfe0d, pack("\0".repeat(40)))] : []),
  ];
  const body = pack(
    ...[3, 3, "r".repeat(32)],
    vector(1, pack("s".repeat(32))),
    vector(2, pack(0x13, 1, 0x13, 2, 0xc0, 0x2b)),
    vector(1, pack(0)),
    vector(2, pack(...extensions)),
  );
  const message = pack(1, vector(3, body));
  const records: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += split) {
    records.push(pack(22, 3, 1, vector(2, message.subarray(at, at + split))));
  }
  return pack(...records);
}

/** Hellos of clients, for names of every kind. */
export const TLS_MATERIAL: Material = {
  seeds: [
    formatHello({ name: NAMES.allowed, alpn: ["h2", "http/1.1"] }),
    formatHello({ name: NAMES.splice, alpn: ["h2", "http/1.1"] }),
    formatHello({ name: NAMES.splice, split: 37 }),
    formatHello({ name: NAMES.inject, alpn: ["http/1.1"] }),
    formatHello({ name: NAMES.evil }),
    formatHello({ name: NAMES.allowed, ech: true }),
    formatHello({}),
    formatHello({ name: "203.0.113.66" }),
    formatHello({ name: `${NAMES.splice}.` }),
  ],
  tokens: [
    extension(0, vector(2, pack(0, vector(2, bytesOf(NAMES.evil))))),
    extension(0, vector(2, pack(0, vector(2, bytesOf(NAMES.splice))))),
    extension(0xfe0d, pack("x")),
    pack(22, 3, 1, 0, 1),
    pack(22, 3, 3, 0x40, 0),
    pack(21, 3, 3, 0, 2, 2, 40),
    pack(0, 0),
    pack(0xff, 0xff),
    bytesOf(NAMES.evil),
    bytesOf("\0"),
  ],
};

/** A hello with its parts drawn; half of them changed as bytes, too. */
export function makeHello(random: Random): Uint8Array<ArrayBuffer> {
  const bytes = drawHello(random);
  return random.oneIn(2) ? mutate(random, { ...TLS_MATERIAL, seeds: [bytes] }) : bytes;
}

const drawHello = drawOnce((random) => {
  const name = random.pick([
    ...Object.values(NAMES),
    "",
    "a.b.",
    "10.1.2.3",
    "A.test",
    "x".repeat(260),
  ]);
  return formatHello({
    ...(random.oneIn(5) ? {} : { name }),
    alpn: random.pick([[], ["h2"], ["http/1.1"], ["h2", "http/1.1", ""], ["x".repeat(255)]]),
    ...(random.oneIn(6) ? { ech: true } : {}),
    split: random.pick([16384, 16384, 16384, 1, 5, 64]),
  });
}, { count: 300 });
