import { bigEndian, bytesOf, pack } from "../bytes.ts";
import { type Material, mutate } from "../mutate.ts";
import { NAMES } from "../names.ts";
import type { Random } from "../random.ts";

/** A query of one question. @param options.edns Adds the record every modern resolver sends. */
export function formatQuery(
  name: string,
  options: { id?: number; type?: number; edns?: true } = {},
): Uint8Array<ArrayBuffer> {
  const { id = 0x1234, type = 1, edns } = options;
  const labels = name.split(".").flatMap((label) => [label.length, ...bytesOf(label)]);
  const counts = [0, 1, 0, 0, 0, 0, 0, edns === true ? 1 : 0];
  const record = edns === true ? [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0] : [];
  return pack(
    ...bigEndian(id, 2),
    ...[0x01, 0x00, ...counts],
    ...[...labels, 0],
    ...[...bigEndian(type, 2), 0, 1],
    ...record,
  );
}

/** Queries as programs send them, for names of every kind. */
export const DNS_MATERIAL: Material = {
  seeds: [
    formatQuery(NAMES.allowed),
    formatQuery(NAMES.allowed, { type: 28, edns: true }),
    formatQuery(NAMES.wild, { edns: true }),
    formatQuery(NAMES.evil),
    formatQuery(NAMES.evil, { type: 16 }),
    formatQuery(`${"a".repeat(63)}.${"b".repeat(63)}.${NAMES.evil}`, { edns: true }),
    formatQuery(NAMES.inject, { type: 65 }),
    formatQuery("2.0.99.10.in-addr.arpa", { type: 12 }),
  ],
  tokens: [
    pack(0xc0, 0x0c),
    pack(0xc0, 0xff),
    pack(0),
    pack(63, "x".repeat(63)),
    pack(0, 1, 0, 1),
    pack(0, 0, 41, 0xff, 0xff, 0, 0, 0, 0, 0, 4, 0, 8, 0, 0),
    pack(4, "evil", 4, "test", 0),
  ],
};

/** A query with its parts drawn: names of any labels, types, counts; one in three changed as bytes. */
export function makeQuery(random: Random): Uint8Array<ArrayBuffer> {
  const label = () =>
    random.pick(["a", "b1", "_x", "A", "-", "x".repeat(63), "e\u00e9", "*", "a b"]);
  const labels = Array.from({ length: random.integer(random.pick([2, 4, 20])) }, label);
  const name = random.oneIn(3) ? random.pick(Object.values(NAMES)) : labels.join(".") || "a";
  const edns = random.oneIn(2) ? { edns: true as const } : {};
  const type = random.pick([1, 1, 28, 65, 16, 255, 0]);
  const bytes = formatQuery(name, { type, id: random.integer(65536), ...edns });
  if (random.oneIn(4)) bytes[2] = random.integer(256);
  return random.oneIn(3) ? mutate(random, { ...DNS_MATERIAL, seeds: [bytes] }) : bytes;
}
