import { createHash } from "node:crypto";
import type { TreeFs } from "../tree/fs.ts";
import { findErrorCode } from "./refusal.ts";

/** Bytes read at once. */
const CHUNK = 131_072;

/** SHA-256 of files below a root, hex, in the order asked; those that cannot be read are left out. */
export function* hashFiles(
  root: string,
  options: { fs: TreeFs; paths: Iterable<string> },
): Generator<[path: string, sha256: string]> {
  const buffer = new Uint8Array(CHUNK);
  for (const path of options.paths) {
    const sha256 = findHash(`${root}/${path}`, { fs: options.fs, buffer });
    if (sha256 !== undefined) yield [path, sha256];
  }
}

function findHash(
  path: string,
  { fs, buffer }: { fs: TreeFs; buffer: Uint8Array },
): string | undefined {
  try {
    const file = fs.openRead(path);
    try {
      if (file.stat().kind !== "file") return undefined;
      const hash = createHash("sha256");
      for (let count = file.read(buffer); count > 0; count = file.read(buffer)) {
        hash.update(buffer.subarray(0, count));
      }
      return hash.digest("hex");
    } finally {
      file.close();
    }
  } catch (error) {
    if (findErrorCode(error) !== undefined) return undefined;
    throw error;
  }
}
