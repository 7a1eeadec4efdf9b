/**
 * The blocks of a tar stream as POSIX has them (IEEE Std 1003.1, pax, "ustar Interchange Format"),
 * and what GNU tar adds.
 */

/** Headers are of this size, contents are padded to it. */
export const BLOCK_BYTES = 512;

/** Where a field of a header is. */
export type TarField = readonly [start: number, length: number];

/** All fields that matter here. */
export const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  link: [157, 100],
  magic: [257, 8],
  prefix: [345, 155],
} as const satisfies Record<string, TarField>;

/** What a header is of: one character. */
export const TYPE = {
  file: "0",
  /** A file in streams that are older than POSIX. */
  oldFile: "\0",
  hardLink: "1",
  link: "2",
  charDevice: "3",
  blockDevice: "4",
  dir: "5",
  fifo: "6",
  contiguous: "7",
  /** Records for the next header, and for all that follow. */
  pax: "x",
  globalPax: "g",
  /** GNU tar: a path and a link's target beyond 100 bytes; a file with holes. */
  gnuPath: "L",
  gnuLink: "K",
  gnuSparse: "S",
} as const;

/** The magic and version of POSIX, and what GNU tar writes in its own format. */
export const MAGIC = { posix: "ustar\x0000", gnu: "ustar  \0" } as const;

/** Bytes after contents of a size, up to the next block. */
export function countPadding(size: number): number {
  const over = size % BLOCK_BYTES;
  return over === 0 ? 0 : BLOCK_BYTES - over;
}
