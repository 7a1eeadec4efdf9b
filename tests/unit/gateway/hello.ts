import { Buffer } from "node:buffer";

/** What a hand-made ClientHello holds. */
export type HelloSpec = {
  serverName?: string;
  alpn?: string[];
  ech?: boolean;
  /** Further extensions, type and data, put before the others. */
  extensions?: [type: number, data: Buffer][];
  /** Bytes of a padding extension, to make it long. */
  padding?: number;
};

/** A ClientHello in one TLS record, or cut into records of `fragment` bytes. */
export function buildHello(spec: HelloSpec, fragment = 16384): Buffer {
  const body = buildHelloBody(spec);
  const message = Buffer.concat([Buffer.from([1, 0]), u16(body.length), body]);
  const long = body.length > 0xffff;
  if (long) throw new RangeError("too long for two bytes");
  return cutIntoRecords(message, fragment);
}

/** A handshake message in records. */
export function cutIntoRecords(message: Buffer, fragment: number): Buffer {
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += fragment) {
    const part = message.subarray(at, at + fragment);
    records.push(Buffer.from([22, 3, 1]), u16(part.length), part);
  }
  return Buffer.concat(records);
}

/** The inside of a ClientHello message. */
export function buildHelloBody(spec: HelloSpec): Buffer {
  const extensions: Buffer[] = [];
  const add = (type: number, data: Buffer) => extensions.push(u16(type), vector(data));
  for (const [type, data] of spec.extensions ?? []) add(type, data);
  if (spec.serverName !== undefined) {
    const name = Buffer.concat([Buffer.from([0]), vector(Buffer.from(spec.serverName, "latin1"))]);
    add(0, vector(name));
  }
  if (spec.alpn !== undefined) {
    const names = spec.alpn.map((text) => Buffer.from([text.length, ...Buffer.from(text)]));
    add(16, vector(Buffer.concat(names)));
  }
  if (spec.ech) add(0xfe0d, Buffer.alloc(40, 7));
  if (spec.padding !== undefined) add(21, Buffer.alloc(spec.padding));
  return Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 9),
    Buffer.from([0]),
    vector(Buffer.from([0x13, 0x01])),
    Buffer.from([1, 0]),
    vector(Buffer.concat(extensions)),
  ]);
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function vector(data: Buffer): Buffer {
  return Buffer.concat([u16(data.length), data]);
}
