import { Buffer } from "node:buffer";

/** Ways to write a value down that whoever receives it can undo. */
export const SPELLINGS = [
  "as it is",
  "base64",
  "base64 behind one byte",
  "base64 behind two bytes",
  "hexadecimal",
  "hexadecimal in capitals",
  "percent-encoded",
] as const;

/** One of {@link SPELLINGS}. */
export type Spelling = typeof SPELLINGS[number];

/** A value in one spelling, as far as it depends on nothing but the value. Pure. */
export function spell(value: string, as: Spelling): string {
  const bytes = Buffer.from(value);
  switch (as) {
    case "as it is":
      return value;
    case "base64":
      return encodeInner(bytes, 0);
    case "base64 behind one byte":
      return encodeInner(bytes, 1);
    case "base64 behind two bytes":
      return encodeInner(bytes, 2);
    case "hexadecimal":
      return bytes.toString("hex");
    case "hexadecimal in capitals":
      return bytes.toString("hex").toUpperCase();
    case "percent-encoded":
      return bytes.toString("hex").replace(/../g, (pair) => `%${pair}`);
    default:
      return as satisfies never;
  }
}

/** In which spellings a text holds a value, whatever the base64 alphabet. Pure. */
export function findSpellings(text: string, value: string): Spelling[] {
  const plain = text.replaceAll("+", "-").replaceAll("/", "_");
  return SPELLINGS.filter((as) =>
    (as.startsWith("base64") ? plain : text).includes(spell(value, as))
  );
}

/** The characters of base64url that no byte before or behind the value has a part in. */
function encodeInner(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64url");
  return text.slice(Math.ceil(offset * 8 / 6), Math.floor((offset + bytes.length) * 8 / 6));
}
