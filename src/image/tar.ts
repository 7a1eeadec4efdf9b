import type { ContextFile } from "./assets.ts";

const BLOCK = 512;

/**
 * Packs a build context in memory, so that nothing else of the machine can reach the engine. Times
 * and owners are zero: equal files give equal bytes, and BuildKit's cache holds.
 *
 * @throws {RangeError} If a path does not fit a ustar header; ours are short.
 * @see {@link https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html}
 */
export function packContext(files: readonly ContextFile[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const file of files) {
    const isDir = file.path.endsWith("/");
    const data = new TextEncoder().encode(file.text);
    parts.push(header(file, { size: data.length, isDir }), data);
    parts.push(new Uint8Array((BLOCK - data.length % BLOCK) % BLOCK));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  const packed = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    packed.set(part, offset);
    offset += part.length;
  }
  return packed;
}

function header(file: ContextFile, entry: { size: number; isDir: boolean }): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const encoder = new TextEncoder();
  const put = (offset: number, text: string) => block.set(encoder.encode(text), offset);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0") + "\0";
  if (encoder.encode(file.path).length > 100) {
    throw new RangeError(`Path too long for a build context: ${file.path}`);
  }
  put(0, file.path);
  put(100, octal(file.mode ?? (entry.isDir ? 0o755 : 0o644), 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(entry.size, 11));
  put(136, octal(0, 11));
  // The checksum counts its own field as blanks.
  put(148, " ".repeat(8));
  put(156, entry.isDir ? "5" : "0");
  put(257, "ustar\x0000");
  put(148, octal(block.reduce((sum, byte) => sum + byte, 0), 6) + " ");
  return block;
}
