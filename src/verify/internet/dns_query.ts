import { Buffer } from "node:buffer";

/** Types of questions, by name. */
export const DNS_TYPE = { A: 1, NULL: 10, TXT: 16, AAAA: 28, HTTPS: 65, ANY: 255 } as const;

/** A DNS message with one question, or with the same one several times, as hexadecimal. */
export function formatQuery(
  name: string,
  options: { type?: keyof typeof DNS_TYPE; count?: number } = {},
): string {
  const { type = "A", count = 1 } = options;
  const labels = name.split(".").map((label) =>
    Buffer.concat([Buffer.of(Buffer.byteLength(label)), Buffer.from(label)])
  );
  const question = Buffer.concat([...labels, Buffer.of(0, 0, DNS_TYPE[type], 0, 1)]);
  const header = Buffer.from([0x12, 0x34, 1, 0, 0, count, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([header, ...Array(count).fill(question)]).toString("hex");
}

/** The same, as it goes over TCP: with its length in front, latin-1. */
export function formatTcpQuery(name: string): string {
  const message = Buffer.from(formatQuery(name), "hex");
  return String.fromCharCode(0, message.length) + message.toString("latin1");
}

/** What an answer says; `addresses` are those of its A records. */
export type DnsAnswer = { rcode: number; answers: number; addresses: string[] };

/**
 * Reads an answer whose records all point to the question's name.
 *
 * @throws {RangeError} If it ends too early.
 */
export function parseAnswer(hex: string): DnsAnswer {
  const message = Buffer.from(hex, "hex");
  const answers = message.readUInt16BE(6);
  const addresses: string[] = [];
  let at = 12;
  while (message.readUInt8(at) !== 0) at += message[at]! + 1;
  at += 5;
  for (let count = 0; count < answers; count++) {
    const length = message.readUInt16BE(at + 10);
    if (length === 4) addresses.push([...message.subarray(at + 12, at + 16)].join("."));
    at += 12 + length;
  }
  return { rcode: message[3]! & 15, answers, addresses };
}
