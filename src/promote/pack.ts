import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import type { ObjectId } from "./types.ts";

/** An object for git: its id follows from both. */
export type NewObject = { type: ObjectType; bytes: Uint8Array };

/** The kinds a promotion makes. */
export type ObjectType = "commit" | "tree" | "blob";

/** Numbers of the kinds in a pack. */
const PACK_TYPES: Readonly<Record<ObjectType, number>> = { commit: 1, tree: 2, blob: 3 };

/** Fast: the user's next `git gc` packs it well. */
const LEVEL = 1;

/**
 * Up to so many bytes an object is written as it is: to set up a compressor costs more than all the
 * rest of it (measured: 1,000 commits in 5 ms instead of 25), and there is little to win.
 */
const STORED_BYTES = 1024;

/** The id git gives an object. */
export function hashObject({ type, bytes }: NewObject): ObjectId {
  return createHash("sha1").update(`${type} ${bytes.length}\0`).update(bytes).digest("hex");
}

/**
 * A pack of whole objects, piece by piece. Each object must come once.
 *
 * @see {@link https://git-scm.com/docs/gitformat-pack}
 */
export function* writePack(objects: readonly NewObject[]): Generator<Uint8Array> {
  const sum = createHash("sha1");
  const header = new DataView(new ArrayBuffer(12));
  header.setUint32(0, 0x5041434b); // PACK
  header.setUint32(4, 2);
  header.setUint32(8, objects.length);
  const pieces = function* (): Generator<Uint8Array> {
    yield new Uint8Array(header.buffer);
    for (const { type, bytes } of objects) {
      yield formatEntryHeader(PACK_TYPES[type], bytes.length);
      yield compress(bytes);
    }
  };
  for (const piece of pieces()) {
    sum.update(piece);
    yield piece;
  }
  yield new Uint8Array(sum.digest());
}

function compress(bytes: Uint8Array): Uint8Array {
  return bytes.length <= STORED_BYTES ? storePlain(bytes) : deflateSync(bytes, { level: LEVEL });
}

/**
 * A zlib stream of one block that is not compressed.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc1951#page-11} and RFC 1950 for what is around it
 */
function storePlain(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  const stream = new Uint8Array(length + 11);
  // The window, the last block, its length and that of its complement.
  stream.set([0x78, 0x01, 0x01, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff]);
  stream.set(bytes, 7);
  let [low, high] = [1, 0];
  for (let at = 0; at < length; at++) {
    low += bytes[at]!;
    high += low;
  }
  // Sums of so few bytes stay far below what a number holds.
  [low, high] = [low % ADLER, high % ADLER];
  stream.set([high >> 8, high & 0xff, low >> 8, low & 0xff], length + 7);
  return stream;
}

/** The modulus of Adler-32. */
const ADLER = 65_521;

/** Kind and size of an entry: four bits of size beside the kind, then seven in each byte. */
function formatEntryHeader(type: number, size: number): Uint8Array {
  const bytes: number[] = [];
  let byte = (type << 4) | (size & 0x0f);
  let rest = Math.floor(size / 16);
  while (rest > 0) {
    bytes.push(byte | 0x80);
    byte = rest & 0x7f;
    rest = Math.floor(rest / 128);
  }
  bytes.push(byte);
  return new Uint8Array(bytes);
}
