import type { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import zlib from "node:zlib";

/** Content codings that can be read. */
export type Coding = "gzip" | "deflate" | "br" | "zstd";

/** RFC 8878 section 3.1.1.1.2 recommends that decoders take windows of 8 MiB. */
const ZSTD_WINDOW_LOG = 23;

/**
 * The one coding of a body.
 *
 * @returns `null` for none, `undefined` for one that cannot be read here, or several.
 */
export function parseCoding(headers: readonly [string, string][]): Coding | null | undefined {
  const values: string[] = [];
  for (const [name, value] of headers) {
    if (name.length !== 16 || name.toLowerCase() !== "content-encoding") continue;
    values.push(...value.split(",").map((coding) => coding.trim().toLowerCase()));
  }
  const codings = values.filter((coding) => coding !== "" && coding !== "identity");
  if (codings.length === 0) return null;
  const coding = codings.length === 1 ? codings[0]!.replace(/^x-gzip$/, "gzip") : "";
  switch (coding) {
    case "gzip":
    case "br":
    case "deflate":
      return coding;
    case "zstd":
      // Node.js has it since 22.15.
      return typeof zlib.createZstdDecompress === "function" ? coding : undefined;
    default:
      return undefined;
  }
}

/**
 * A decoder.
 *
 * @param first The first bytes: `deflate` is sent in two formats (RFC 9110 section 8.4.1.2).
 */
export function createDecoder(coding: Coding, first: Buffer): Duplex {
  switch (coding) {
    case "gzip":
      return zlib.createGunzip();
    case "br":
      return zlib.createBrotliDecompress();
    case "deflate":
      return isZlibHeader(first) ? zlib.createInflate() : zlib.createInflateRaw();
    case "zstd":
      return zlib.createZstdDecompress({
        params: { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG },
      });
    default:
      return unreachable(coding);
  }
}

/** RFC 1950 section 2.2. */
function isZlibHeader(first: Buffer): boolean {
  if (first.length === 1) return (first[0]! & 0x0f) === 8;
  return (first[0]! & 0x0f) === 8 && first.readUInt16BE(0) % 31 === 0;
}

function unreachable(value: never): never {
  throw new Error(`Unknown coding: ${value}`);
}
