import { Buffer } from "node:buffer";

/** IANA TLS ExtensionType values. */
const EXTENSION = {
  serverName: 0,
  groups: 10,
  signatures: 13,
  versions: 43,
  keyShare: 51,
  ech: 0xfe0d,
};

/** What no client library can be made to send. */
export type HelloOptions = {
  /** It offers a hidden name. */
  ech?: boolean;
  /** A second name beside the first. */
  beside?: string;
  /** The extension that names the host comes again, with this name. */
  again?: string;
  /** Cut into records of so many bytes. */
  recordBytes?: number;
};

/** A TLS 1.3 ClientHello as latin-1. */
export function formatClientHello(name: string, options: HelloOptions = {}): string {
  const { beside, again } = options;
  const extensions = [
    named(beside === undefined ? [name] : [name, beside]),
    ...(again === undefined ? [] : [named([again])]),
    extension(EXTENSION.groups, prefixed(2, Buffer.of(0, 0x1d))),
    extension(EXTENSION.signatures, prefixed(2, Buffer.of(4, 3, 8, 4, 4, 1))),
    extension(EXTENSION.versions, prefixed(1, Buffer.of(3, 4))),
    extension(
      EXTENSION.keyShare,
      prefixed(2, Buffer.concat([Buffer.of(0, 0x1d), prefixed(2, Buffer.alloc(32, 9))])),
    ),
    ...(options.ech === true
      ? [extension(
        EXTENSION.ech,
        Buffer.concat([
          Buffer.of(0, 0, 1, 0, 1, 7), // Outer; HKDF-SHA256, AES-128-GCM; config id.
          prefixed(2, Buffer.alloc(32, 5)),
          prefixed(2, Buffer.alloc(144, 6)),
        ]),
      )]
      : []),
  ];
  const body = Buffer.concat([
    Buffer.of(3, 3),
    Buffer.alloc(32, 7),
    prefixed(1, Buffer.alloc(32, 8)),
    prefixed(2, Buffer.of(0x13, 1, 0x13, 2)),
    prefixed(1, Buffer.of(0)),
    prefixed(2, Buffer.concat(extensions)),
  ]);
  const handshake = Buffer.concat([Buffer.of(1), prefixed(3, body)]);
  const size = options.recordBytes ?? handshake.length;
  const records: Buffer[] = [];
  for (let at = 0; at < handshake.length; at += size) {
    records.push(Buffer.of(0x16, 3, 1), prefixed(2, handshake.subarray(at, at + size)));
  }
  return Buffer.concat(records).toString("latin1");
}

function named(names: readonly string[]): Buffer {
  const list = names.map((name) =>
    Buffer.concat([Buffer.of(0), prefixed(2, Buffer.from(name, "latin1"))])
  );
  return extension(EXTENSION.serverName, prefixed(2, Buffer.concat(list)));
}

function extension(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(type);
  return Buffer.concat([head, prefixed(2, data)]);
}

/** Data behind its length, which takes so many bytes. */
function prefixed(size: 1 | 2 | 3, data: Buffer): Buffer {
  const length = Buffer.alloc(size);
  length.writeUIntBE(data.length, 0, size);
  return Buffer.concat([length, data]);
}
