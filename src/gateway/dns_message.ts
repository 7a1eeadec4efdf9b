import { Buffer } from "node:buffer";

/** Response codes we use. @see {@link https://www.rfc-editor.org/rfc/rfc1035#section-4.1.1} */
export const DNS_CODE = {
  ok: 0,
  formatError: 1,
  serverFailure: 2,
  noSuchName: 3,
  notImplemented: 4,
  refused: 5,
  /** Needs EDNS: the upper bits travel in its record (RFC 6891). */
  badVersion: 16,
} as const;

/** The only type that gets an answer. */
export const DNS_TYPE_A = 1;

const CLASS_INTERNET = 1;
const TYPE_OPT = 41;
const HEADER_LENGTH = 12;
/** RFC 1035 section 2.3.4. */
const LONGEST_LABEL = 63;
const LONGEST_NAME = 255;
/** What we say we take over UDP; the value that avoids fragments (DNS flag day 2020). */
const UDP_SIZE = 1232;
/** Additional records looked at: EDNS and a signature are two. */
const MOST_ADDITIONAL = 4;

/** What every reply repeats of its query. */
export type DnsHead = {
  id: number;
  opcode: number;
  recursionDesired: boolean;
  /** The bytes of the one question, in the letters it was asked with; empty when it cannot be read. */
  question: Buffer;
  edns: boolean;
};

/** A question we understand. */
export type DnsQuery = DnsHead & {
  /** As asked, without the last dot; `null` when a label has bytes that no host name has. */
  name: string | null;
  type: number;
};

/** What a datagram turned out to be. */
export type DnsParse =
  | { kind: "query"; query: DnsQuery }
  /** To be answered with this code and nothing else. */
  | { kind: "refuse"; head: DnsHead; code: number }
  /** No query at all: answering could start a loop. */
  | { kind: "drop" };

/** Reads one query message. Never throws, reads every byte at most once, follows no pointer. */
export function parseDnsQuery(bytes: Buffer): DnsParse {
  if (bytes.length < HEADER_LENGTH) return { kind: "drop" };
  const flags = bytes.readUInt16BE(2);
  if ((flags & 0x8000) !== 0) return { kind: "drop" };
  const head: DnsHead = {
    id: bytes.readUInt16BE(0),
    opcode: (flags >> 11) & 0xf,
    recursionDesired: (flags & 0x0100) !== 0,
    question: Buffer.alloc(0),
    edns: false,
  };
  const refuse = (code: number): DnsParse => ({ kind: "refuse", head, code });
  if (head.opcode !== 0) return refuse(DNS_CODE.notImplemented);
  const [questions, answers, authorities, additional] = [4, 6, 8, 10].map((at) =>
    bytes.readUInt16BE(at)
  ) as [number, number, number, number];
  if (questions !== 1 || answers !== 0 || authorities !== 0 || additional > MOST_ADDITIONAL) {
    return refuse(DNS_CODE.formatError);
  }
  const name = readName(bytes, HEADER_LENGTH);
  if (name === null || name.end + 4 > bytes.length) return refuse(DNS_CODE.formatError);
  head.question = bytes.subarray(HEADER_LENGTH, name.end + 4);
  const edns = readAdditional(bytes, { at: name.end + 4, count: additional });
  if (edns === null) return refuse(DNS_CODE.formatError);
  head.edns = edns.present;
  if (edns.version !== 0) return refuse(DNS_CODE.badVersion);
  if (bytes.readUInt16BE(name.end + 2) !== CLASS_INTERNET) return refuse(DNS_CODE.refused);
  const type = bytes.readUInt16BE(name.end);
  return { kind: "query", query: { ...head, name: name.text, type } };
}

/** Writes a reply: the question as it came, and at most one address. */
export function formatDnsReply(
  head: DnsHead,
  options: { code: number; address?: string; ttlSeconds?: number },
): Buffer {
  const answer = options.address === undefined
    ? Buffer.alloc(0)
    : formatAddress(options.address, options.ttlSeconds ?? 0);
  const header = Buffer.alloc(HEADER_LENGTH);
  header.writeUInt16BE(head.id, 0);
  // A response; recursion is said to be available, or stub resolvers look for another server.
  const flags = 0x8080 | (head.opcode << 11) | (head.recursionDesired ? 0x0100 : 0);
  header.writeUInt16BE(flags | (options.code & 0xf), 2);
  header.writeUInt16BE(head.question.length > 0 ? 1 : 0, 4);
  header.writeUInt16BE(answer.length > 0 ? 1 : 0, 6);
  header.writeUInt16BE(head.edns ? 1 : 0, 10);
  const edns = head.edns ? formatEdns(options.code) : Buffer.alloc(0);
  return Buffer.concat([header, head.question, answer, edns]);
}

function readName(bytes: Buffer, start: number): { text: string | null; end: number } | null {
  const labels: string[] = [];
  let at = start;
  let isHost = true;
  for (;;) {
    const length = bytes[at];
    if (length === undefined) return null;
    at += 1;
    if (length === 0) break;
    // The two upper bits mark a pointer: the first name of a message has nothing to point to.
    if (length > LONGEST_LABEL || at + length > bytes.length) return null;
    if (at + length - start >= LONGEST_NAME) return null;
    const label = bytes.toString("latin1", at, at + length);
    if (!/^[A-Za-z0-9_-]+$/.test(label)) isHost = false;
    labels.push(label);
    at += length;
  }
  return { text: isHost && labels.length > 0 ? labels.join(".") : null, end: at };
}

function readAdditional(
  bytes: Buffer,
  records: { at: number; count: number },
): { present: boolean; version: number } | null {
  let at = records.at;
  const edns = { present: false, version: 0 };
  for (let index = 0; index < records.count; index++) {
    const name = readName(bytes, at);
    if (name === null || name.end + 10 > bytes.length) return null;
    const end = name.end + 10 + bytes.readUInt16BE(name.end + 8);
    if (end > bytes.length) return null;
    if (bytes.readUInt16BE(name.end) === TYPE_OPT) {
      // Its name is the root, and there is one of them (RFC 6891 section 6.1.1).
      if (edns.present || name.end !== at + 1) return null;
      edns.present = true;
      edns.version = bytes[name.end + 5]!;
    }
    at = end;
  }
  return at === bytes.length ? edns : null;
}

function formatAddress(address: string, ttlSeconds: number): Buffer {
  const record = Buffer.alloc(16);
  record.writeUInt16BE(0xc000 | HEADER_LENGTH, 0);
  record.writeUInt16BE(DNS_TYPE_A, 2);
  record.writeUInt16BE(CLASS_INTERNET, 4);
  record.writeUInt32BE(ttlSeconds, 6);
  record.writeUInt16BE(4, 10);
  record.set(address.split(".").map(Number), 12);
  return record;
}

function formatEdns(code: number): Buffer {
  const record = Buffer.alloc(11);
  record.writeUInt16BE(TYPE_OPT, 1);
  record.writeUInt16BE(UDP_SIZE, 3);
  record[5] = code >> 4;
  return record;
}
