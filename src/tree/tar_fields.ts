import { BLOCK_BYTES, FIELD, type TarField } from "./tar_header.ts";
import { TarRefused } from "./tar_refused.ts";

/** Whether the block is the one that ends streams: all zeros. */
export function isZeroBlock(block: Uint8Array): boolean {
  return block[0] === 0 && block.every((byte) => byte === 0);
}

/** Whether a header's bytes add up to the sum that is in it. */
export function isChecksumRight(block: Uint8Array): boolean {
  let sum = 0;
  for (let at = 0; at < BLOCK_BYTES; at++) sum += block[at]!;
  const [start, length] = FIELD.checksum;
  // The sum counts its own field as spaces.
  for (let at = start; at < start + length; at++) sum += 0x20 - block[at]!;
  return readNumber(block, FIELD.checksum) === sum;
}

/**
 * Reads a number: octal digits as in POSIX, or bytes of two's complement after a bit that says so as
 * in GNU tar. `NaN` for anything else, and beyond what is exact.
 */
export function readNumber(block: Uint8Array, [start, length]: TarField): number {
  const end = start + length;
  if ((block[start]! & 0x80) !== 0) return readBinary(block, start, end);
  let at = start;
  while (at < end && block[at] === SPACE) at++;
  let value = 0;
  for (; at < end && block[at] !== SPACE && block[at] !== 0; at++) {
    const digit = block[at]! - ZERO;
    if (digit < 0 || digit > 7) return NaN;
    value = value * 8 + digit;
  }
  for (; at < end; at++) if (block[at] !== SPACE && block[at] !== 0) return NaN;
  return value;
}

/** A field's text up to its NUL. @throws {TarRefused} If it is no UTF-8. */
export function readText(block: Uint8Array, [start, length]: TarField): string {
  let end = start;
  while (end < start + length && block[end] !== 0) end++;
  return decodeText(block.subarray(start, end));
}

/** Bytes as text. @throws {TarRefused} If they are no UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  // Names are short and nearly all ASCII, for which a call of the decoder takes far longer.
  if (bytes.length > MOST_BY_HAND) return decodeUtf8(bytes);
  let text = "";
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte > 0x7f) return decodeUtf8(bytes);
    text += String.fromCharCode(byte);
  }
  return text;
}

/** A name that is no UTF-8, with those bytes written as `\xff`: to be shown, not used. */
export function showBytes(bytes: Uint8Array): string {
  return Array.from(
    bytes,
    (byte) => byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`,
  ).join("");
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return DECODER.decode(bytes);
  } catch {
    throw new TarRefused("its name or target is not UTF-8", showBytes(bytes));
  }
}

function readBinary(block: Uint8Array, start: number, end: number): number {
  // The first bit marks it, the second is the sign.
  const isNegative = (block[start]! & 0x40) !== 0;
  let value = isNegative ? (block[start]! | 0x80) - 0x100 : block[start]! & 0x7f;
  for (let at = start + 1; at < end; at++) value = value * 256 + block[at]!;
  return Number.isSafeInteger(value) ? value : NaN;
}

// A mark at the start of a name belongs to the name.
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const MOST_BY_HAND = 100;
const SPACE = 0x20;
const ZERO = 0x30;
