import { Buffer } from "node:buffer";

/** What a body says it is, as far as it matters here. */
export type ContentKind = "text" | "image" | "multipart" | "packed" | "binary" | "unknown";

const TEXT =
  /^(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml|x-ndjson|jsonl|json-seq|javascript|graphql|yaml|x-yaml|toml|x-www-form-urlencoded)(?:$|;|\s)|image\/svg\+xml)/i;
/** Types whose data is compressed. */
const PACKED =
  /^(?:video|audio|font)\/|^application\/(?:zip|gzip|x-gzip|zstd|x-xz|x-bzip2|x-7z-compressed|x-tar|pdf|java-archive|wasm|vnd\.(?:docker|oci|openxmlformats|android)|x-git-)/i;

/** Bytes at the start of a body that give away what it is. */
const MAGIC: readonly [image: boolean, hex: string][] = [
  [true, "89504e470d0a1a0a"],
  [true, "ffd8ff"],
  [true, "474946383761"],
  [true, "474946383961"],
  [true, "49492a00"],
  [true, "4d4d002a"],
  [true, "00000100"],
  [true, "ff0a"],
  [true, "0000000c4a584c20"],
  [false, "1f8b08"],
  [false, "504b0304"],
  [false, "504b0506"],
  [false, "7f454c46"],
  [false, "255044462d"],
  [false, "377abcaf271c"],
  [false, "fd377a585a00"],
  [false, "28b52ffd"],
  [false, "425a68"],
  [false, "4f676753"],
  [false, "1a45dfa3"],
  [false, "664c6143"],
  [false, "494433"],
  [false, "774f4632"],
  [false, "774f4646"],
  [false, "0061736d"],
  [false, "5041434b00000002"],
];

/** What a content-type says. Text in UTF-16 counts as binary: half of it are zeros. */
export function parseContentKind(contentType: string | undefined): ContentKind {
  const type = contentType?.trim() ?? "";
  if (type === "") return "unknown";
  if (/charset\s*=\s*"?utf-?(?:16|32)/i.test(type)) return "binary";
  if (TEXT.test(type)) return "text";
  if (/^image\//i.test(type)) return "image";
  if (/^multipart\//i.test(type)) return "multipart";
  return PACKED.test(type) ? "packed" : "binary";
}

/** What the first bytes give away; `undefined` when nothing. */
export function findMagic(opening: Buffer): "image" | "binary" | undefined {
  const start = opening.toString("hex", 0, 16);
  const found = MAGIC.find(([, hex]) => start.startsWith(hex));
  if (found !== undefined) return found[0] ? "image" : "binary";
  // RIFF, the size, WEBP; and the ISO media container of AVIF and HEIC.
  if (
    /^52494646.{8}57454250/.test(start) || /^.{8}66747970(?:61766966|68656963|6d696631)/.test(start)
  ) {
    return "image";
  }
  if (/^.{8}66747970/.test(start)) return "binary";
  // BMP: a size that it says, and two reserved fields of zeros.
  if (/^424d.{8}00000000/.test(start)) return "image";
  // A push of git: a packet's length in hexadecimal, then two object names.
  return /^[0-9a-f]{4}[0-9a-f]{40} [0-9a-f]{40} /.test(opening.toString("latin1", 0, 90))
    ? "binary"
    : undefined;
}

/** Shannon entropy in bits per byte. */
export function measureEntropy(counts: Uint32Array, total: number): number {
  let bits = 0;
  for (const count of counts) {
    if (count > 0) bits -= count / total * Math.log2(count / total);
  }
  return bits;
}

/** Shannon entropy of a text or of bytes. */
export function measureTextEntropy(text: string): number {
  const bytes = Buffer.from(text, "latin1");
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]!++;
  return measureEntropy(counts, bytes.length);
}
