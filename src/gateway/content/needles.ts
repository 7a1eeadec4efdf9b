import { Buffer } from "node:buffer";

/** One form in which a secret may be met, and what stands for it where the agent reads. */
export type Needle = {
  bytes: Buffer;
  /** The placeholder in the same form. */
  replacement: Buffer;
  /** For people: `base64`. */
  form: string;
};

/** Shorter values are met by chance in ordinary data. */
export const SHORTEST_SECRET = 8;
/** Longer values are no keys, and a body gate would hold back too much. */
export const LONGEST_SECRET = 8192;

/**
 * Every form of a value that is looked for: as it is, escaped for JSON, percent-encoded, hexadecimal,
 * and base64 at each of the three offsets a value can have inside other data.
 *
 * @param value At least {@link SHORTEST_SECRET} bytes in UTF-8.
 */
export function formatNeedles(value: string, placeholder: string): Needle[] {
  const needles = new Map<string, Needle>();
  const add = (form: string, bytes: Buffer, replacement: Buffer) => {
    const key = bytes.toString("latin1");
    if (!needles.has(key)) needles.set(key, { form, bytes, replacement });
  };
  const plain = Buffer.from(value, "utf8");
  const substitute = Buffer.from(placeholder, "latin1");
  add("as it is", plain, substitute);
  for (const text of formatJson(value)) {
    add("escaped for JSON", Buffer.from(text, "utf8"), substitute);
  }
  for (const text of formatPercent(value)) {
    add("percent-encoded", Buffer.from(text, "latin1"), substitute);
  }
  const hex = plain.toString("hex");
  add("hexadecimal", Buffer.from(hex), Buffer.from(substitute.toString("hex")));
  add(
    "hexadecimal",
    Buffer.from(hex.toUpperCase()),
    Buffer.from(substitute.toString("hex").toUpperCase()),
  );
  // As long as the value, so that what stands before and behind it still decodes.
  const filler = Buffer.alloc(plain.length, substitute);
  for (const alphabet of ["base64", "base64url"] as const) {
    for (const offset of [0, 1, 2]) {
      const inner = (bytes: Buffer) => Buffer.from(encodeInner(bytes, { offset, alphabet }));
      add("base64", inner(plain), inner(filler));
    }
  }
  return [...needles.values()];
}

/** The value as the inside of a JSON string. */
export function escapeJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** The value as one component of a URL; only unreserved characters stay (RFC 3986 section 2.3). */
export function escapeUrl(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, percentByte);
}

function formatJson(value: string): string[] {
  const escaped = escapeJson(value);
  const ascii = (text: string, pattern: RegExp) =>
    text.replace(pattern, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return [
    escaped,
    escaped.replaceAll("/", "\\/"),
    // Python's default, and Go's.
    ascii(escaped, /[\u0080-\uffff]/g),
    ascii(escaped, /[<>&\u2028\u2029]/g),
  ];
}

function formatPercent(value: string): string[] {
  const component = encodeURIComponent(value);
  const strict = escapeUrl(value);
  const whole = Array.from(Buffer.from(value, "utf8"), toPercent).join("");
  const form = new URLSearchParams([["", value]]).toString().slice(1);
  const upper = [
    component,
    strict,
    // Python's default leaves slashes.
    strict.replaceAll("%2F", "/"),
    form,
    component.replaceAll("%20", "+"),
    strict.replaceAll("%20", "+"),
    whole,
  ];
  const lower = upper.map((text) => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()));
  return [...upper, ...lower];
}

function percentByte(char: string): string {
  return toPercent(char.charCodeAt(0));
}

function toPercent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

/** The characters that depend on nothing but these bytes, when `offset` others stand before them. */
function encodeInner(
  bytes: Buffer,
  options: { offset: number; alphabet: "base64" | "base64url" },
): string {
  const { offset, alphabet } = options;
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString(alphabet);
  return text.slice(Math.ceil(offset * 8 / 6), Math.floor((offset + bytes.length) * 8 / 6));
}
