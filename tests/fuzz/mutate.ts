import type { Random } from "./random.ts";

/** What mutations are made of. */
export type Material = {
  /** Real messages. */
  seeds: readonly Uint8Array[];
  /** Pieces that mean something to a reader of these messages. */
  tokens: readonly Uint8Array[];
  /** Longest case in bytes. Defaults to {@link LONGEST}; less where reading takes long. */
  longest?: number;
};

/** Longest case in bytes: beyond, every reader has given up, and time goes into copying. */
const LONGEST = 64 * 1024;
/** Most changes to one case; more leave nothing of the message. */
const MOST_CHANGES = 6;

type Change = (bytes: Uint8Array, random: Random, material: Material) => Uint8Array;

const CHANGES: readonly Change[] = [
  flipBit,
  setByte,
  addToNumber,
  cut,
  remove,
  repeat,
  insertToken,
  overwriteWithToken,
  insertNoise,
  splice,
  swap,
];

/** One case: a real message, changed a few times; one in sixteen stays as it is. */
export function mutate(random: Random, material: Material): Uint8Array<ArrayBuffer> {
  let bytes: Uint8Array = random.pick(material.seeds);
  if (random.oneIn(16)) return bytes.slice();
  const { longest = LONGEST } = material;
  const changes = 1 + random.integer(random.pick([1, 1, 2, MOST_CHANGES]));
  for (let change = 0; change < changes; change++) {
    bytes = random.pick(CHANGES)(bytes, random, material).subarray(0, longest);
  }
  return bytes.slice();
}

function flipBit(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = bytes.slice();
  if (changed.length > 0) changed[random.integer(changed.length)]! ^= 1 << random.integer(8);
  return changed;
}

function setByte(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = bytes.slice();
  const value = random.pick([0, 1, 9, 10, 13, 32, 0x7f, 0x80, 0xc0, 0xff, random.integer(256)]);
  if (changed.length > 0) changed[random.integer(changed.length)] = value;
  return changed;
}

/** Lengths off by one, by a power of two, or at their ends. */
function addToNumber(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length < 2) return bytes;
  const changed = bytes.slice();
  const view = new DataView(changed.buffer);
  const at = random.integer(changed.length - 1);
  const by = random.pick([1, -1, 2, -2, 256, -256, 0x4000, 0x7fff, 0xffff]);
  view.setUint16(at, (view.getUint16(at) + by) & 0xffff);
  return changed;
}

function cut(bytes: Uint8Array, random: Random): Uint8Array {
  return bytes.subarray(0, random.integer(bytes.length + 1));
}

function remove(bytes: Uint8Array, random: Random): Uint8Array {
  const { start, end } = pickRange(bytes, random);
  return join(bytes.subarray(0, start), bytes.subarray(end));
}

function repeat(bytes: Uint8Array, random: Random, material: Material): Uint8Array {
  const { longest = LONGEST } = material;
  const { start, end } = pickRange(bytes, random);
  const times = random.pick([2, 3, 8, 64, 300]);
  const piece = bytes.subarray(start, end);
  const copies: Uint8Array[] = Array(Math.min(times, 1 + longest / (piece.length + 1) | 0))
    .fill(piece);
  return join(bytes.subarray(0, start), ...copies, bytes.subarray(end));
}

function insertToken(bytes: Uint8Array, random: Random, { tokens }: Material): Uint8Array {
  const at = random.integer(bytes.length + 1);
  return join(bytes.subarray(0, at), random.pick(tokens), bytes.subarray(at));
}

function overwriteWithToken(bytes: Uint8Array, random: Random, { tokens }: Material): Uint8Array {
  const at = random.integer(bytes.length + 1);
  const token = random.pick(tokens);
  return join(bytes.subarray(0, at), token, bytes.subarray(at + token.length));
}

function insertNoise(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.integer(bytes.length + 1);
  return join(
    bytes.subarray(0, at),
    random.bytes(random.pick([1, 2, 16, 255])),
    bytes.subarray(at),
  );
}

/** The head of one message and the tail of another. */
function splice(bytes: Uint8Array, random: Random, { seeds }: Material): Uint8Array {
  const other = random.pick(seeds);
  return join(
    bytes.subarray(0, random.integer(bytes.length + 1)),
    other.subarray(random.integer(other.length + 1)),
  );
}

function swap(bytes: Uint8Array, random: Random): Uint8Array {
  const { start, end } = pickRange(bytes, random);
  const rest = join(bytes.subarray(0, start), bytes.subarray(end));
  const at = random.integer(rest.length + 1);
  return join(rest.subarray(0, at), bytes.subarray(start, end), rest.subarray(at));
}

/** Short ranges more often than long ones: a field rather than half a message. */
export function pickRange(bytes: Uint8Array, random: Random): { start: number; end: number } {
  const start = random.integer(bytes.length + 1);
  const longest = Math.min(bytes.length - start, random.pick([4, 16, 64, LONGEST]));
  return { start, end: start + random.integer(longest + 1) };
}

/** All of them, one after the other. */
export function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
