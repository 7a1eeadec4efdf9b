import type { TreeFs } from "./fs.ts";

/**
 * Reads a text file as a whole; what is no UTF-8 in it becomes U+FFFD.
 *
 * @returns `undefined` when it cannot be read, or is larger than it may be.
 */
export function readSmallFile(
  path: string,
  options: { fs: Pick<TreeFs, "openRead">; mostBytes: number },
): string | undefined {
  const { fs, mostBytes } = options;
  try {
    const file = fs.openRead(path);
    try {
      const { size } = file.stat();
      if (size > mostBytes) return undefined;
      // One byte more than there should be, to see that it grew.
      let bytes = new Uint8Array(size + 1);
      let filled = 0;
      for (let count = -1; count !== 0 && filled <= mostBytes;) {
        count = file.read(bytes.subarray(filled));
        filled += count;
        if (filled === bytes.length) {
          const wider = new Uint8Array(bytes.length * 2);
          wider.set(bytes);
          bytes = wider;
        }
      }
      return filled > mostBytes ? undefined : new TextDecoder().decode(bytes.subarray(0, filled));
    } finally {
      file.close();
    }
  } catch {
    return undefined;
  }
}
