import { Buffer } from "node:buffer";

/** What a TLS client says in clear before anything is encrypted. */
export type ClientHello = {
  /** The server name as sent; `null` without one. */
  serverName: string | null;
  alpn: string[];
  /** Encrypted Client Hello is offered: the name inside may be another one. */
  ech: boolean;
};

/** What the first bytes of a connection are, as far as TLS goes. */
export type HelloParse =
  /** Nothing can be said before this many bytes are there. */
  | { kind: "incomplete"; needed: number }
  | { kind: "hello"; hello: ClientHello }
  | { kind: "malformed"; problem: string };

/** Largest hello in bytes with its record headers; the largest real ones are below 4 KiB. */
export const LONGEST_HELLO = 65536;

/** Records one hello may be cut into; real clients use one, cautious ones a few hundred. */
const MOST_RECORDS = 1024;
/** RFC 8446 section 5.1. */
const RECORD_HEADER_LENGTH = 5;
const LONGEST_RECORD = 16384;
const RECORD_HANDSHAKE = 22;
const HANDSHAKE_CLIENT_HELLO = 1;
const HANDSHAKE_HEADER_LENGTH = 4;
/** IANA TLS ExtensionType values. */
const EXTENSION = { serverName: 0, alpn: 16, encryptedClientHello: 0xfe0d } as const;
const NAME_TYPE_HOST = 0;

/**
 * Reads a ClientHello from the start of a connection, over any number of records. Never throws. What
 * follows the records of the hello is not looked at.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8446#section-4.1.2}
 */
export function parseClientHello(bytes: Buffer): HelloParse {
  const fragments: Buffer[] = [];
  let gathered = 0;
  let at = 0;
  for (let records = 0; records < MOST_RECORDS; records++) {
    const early = findRecordProblem(bytes, at);
    if (early !== null) return { kind: "malformed", problem: early };
    if (at + RECORD_HEADER_LENGTH > bytes.length) return wait(at + RECORD_HEADER_LENGTH);
    const end = at + RECORD_HEADER_LENGTH + bytes.readUInt16BE(at + 3);
    const fragment = bytes.subarray(at + RECORD_HEADER_LENGTH, end);
    if (gathered === 0 && fragment.length > 0 && fragment[0] !== HANDSHAKE_CLIENT_HELLO) {
      return { kind: "malformed", problem: "the first handshake message is no ClientHello" };
    }
    if (end > bytes.length) return wait(end);
    fragments.push(fragment);
    gathered += fragment.length;
    at = end;
    const length = findMessageLength(fragments, gathered);
    if (length === null || gathered < length) continue;
    // A client waits for the server after its hello: more in the same record is not TLS.
    if (gathered > length) return { kind: "malformed", problem: "bytes behind the ClientHello" };
    return parseBody(Buffer.concat(fragments).subarray(HANDSHAKE_HEADER_LENGTH));
  }
  return { kind: "malformed", problem: "a ClientHello in too many records" };
}

function wait(needed: number): HelloParse {
  return needed > LONGEST_HELLO
    ? { kind: "malformed", problem: "a ClientHello that is too long" }
    : { kind: "incomplete", needed };
}

/** Looks at as much of a record's header as is there. */
function findRecordProblem(bytes: Buffer, at: number): string | null {
  const [type, major, minor] = [bytes[at], bytes[at + 1], bytes[at + 2]];
  if (type !== undefined && type !== RECORD_HANDSHAKE) return "a record that is no handshake";
  if (major !== undefined && major !== 3) return "a record of an unknown version";
  if (minor !== undefined && minor > 4) return "a record of an unknown version";
  if (at + RECORD_HEADER_LENGTH > bytes.length) return null;
  const length = bytes.readUInt16BE(at + 3);
  return length === 0 || length > LONGEST_RECORD ? "a record of an impossible length" : null;
}

/** Length of the handshake message with its header, once that header is there. */
function findMessageLength(fragments: readonly Buffer[], gathered: number): number | null {
  if (gathered < HANDSHAKE_HEADER_LENGTH) return null;
  const first = fragments[0]!;
  const header = first.length >= HANDSHAKE_HEADER_LENGTH ? first : Buffer.concat(fragments);
  return HANDSHAKE_HEADER_LENGTH + header.readUIntBE(1, 3);
}

/** A byte was asked for that is not there. */
class ShortError extends Error {
  override readonly name = "ShortError";
}

type Reader = { left(): number; number(size: 1 | 2): number; take(length: number): Buffer };

function createReader(bytes: Buffer): Reader {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new ShortError();
    at += length;
    return bytes.subarray(at - length, at);
  };
  return {
    left: () => bytes.length - at,
    number: (size) => take(size).readUIntBE(0, size),
    take,
  };
}

/** A vector with its length before it, as a reader of its own. */
function readVector(reader: Reader, size: 1 | 2): Reader {
  return createReader(reader.take(reader.number(size)));
}

function parseBody(body: Buffer): HelloParse {
  try {
    const reader = createReader(body);
    if (reader.number(1) !== 3) return { kind: "malformed", problem: "an unknown TLS version" };
    reader.take(1 + 32);
    const session = readVector(reader, 1);
    const ciphers = readVector(reader, 2);
    const compressions = readVector(reader, 1);
    if (session.left() > 32 || ciphers.left() < 2 || ciphers.left() % 2 !== 0) {
      return { kind: "malformed", problem: "a ClientHello with an impossible length inside" };
    }
    if (compressions.left() < 1) return { kind: "malformed", problem: "no compression method" };
    const hello: ClientHello = { serverName: null, alpn: [], ech: false };
    if (reader.left() === 0) return { kind: "hello", hello };
    const problem = readExtensions(readVector(reader, 2), hello);
    if (problem !== null) return { kind: "malformed", problem };
    if (reader.left() > 0) return { kind: "malformed", problem: "bytes behind the extensions" };
    return { kind: "hello", hello };
  } catch (error) {
    if (!(error instanceof ShortError)) throw error;
    return { kind: "malformed", problem: "a length that points past the end" };
  }
}

function readExtensions(extensions: Reader, hello: ClientHello): string | null {
  const seen = new Set<number>();
  while (extensions.left() > 0) {
    const type = extensions.number(2);
    const data = readVector(extensions, 2);
    // Two of a type could be read differently here and at the host.
    if (seen.has(type)) return "an extension that comes twice";
    seen.add(type);
    switch (type) {
      case EXTENSION.serverName: {
        const names = readVector(data, 2);
        if (names.left() === 0 || names.number(1) !== NAME_TYPE_HOST) {
          return "a server name that is not one host";
        }
        const name = names.take(names.number(2));
        if (name.length === 0 || names.left() > 0 || data.left() > 0) {
          return "a server name that is not one host";
        }
        hello.serverName = name.toString("latin1");
        break;
      }
      case EXTENSION.alpn: {
        const protocols = readVector(data, 2);
        if (data.left() > 0) return "a protocol list with more behind it";
        while (protocols.left() > 0) {
          const protocol = protocols.take(protocols.number(1));
          if (protocol.length === 0) return "an empty protocol name";
          hello.alpn.push(protocol.toString("latin1"));
        }
        break;
      }
      case EXTENSION.encryptedClientHello:
        hello.ech = true;
        break;
    }
  }
  return null;
}
