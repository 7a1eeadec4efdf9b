import { checkEntryPath } from "../tree/paths.ts";
import { createTarReader } from "../tree/tar_read.ts";
import type { Courier } from "./types.ts";

/** Which files are read into memory. */
export type ContentsOptions = {
  courier: Pick<Courier, "read">;
  /** Below `/work`. */
  root: string;
  /** Files and their sizes; larger ones than `mostBytes` are left out. */
  files: readonly { path: string; size: number }[];
  mostBytes: number;
};

/** Reads small files of a cage as they are now; those that changed in size meanwhile are missing. */
export async function readContents(options: ContentsOptions): Promise<Map<string, Uint8Array>> {
  const { courier, root, mostBytes } = options;
  const wanted = new Map(
    options.files.filter(({ size }) => size <= mostBytes).map(({ path, size }) => [path, size]),
  );
  const contents = new Map<string, Uint8Array>();
  if (wanted.size === 0) return contents;
  let current: { path: string; bytes: Uint8Array; at: number } | undefined;
  const total = [...wanted.values()].reduce((sum, size) => sum + size, 0);
  const reader = createTarReader({
    entry({ path, kind, size }) {
      if (kind !== "file" || wanted.get(path) !== size) return;
      current = { path, bytes: new Uint8Array(size), at: 0 };
    },
    data(bytes) {
      if (current === undefined) return;
      current.bytes.set(bytes, current.at);
      current.at += bytes.length;
    },
    entryEnd() {
      if (current !== undefined) contents.set(current.path, current.bytes);
      current = undefined;
    },
  }, {
    limits: {
      entries: wanted.size,
      entryBytes: total + SPARE_BYTES,
      totalBytes: total + SPARE_BYTES,
      pathBytes: 4096,
    },
    check: (path) => checkEntryPath(path, { platform: "linux" }),
    checkLink: () => undefined,
  });
  const onProblem = ({ path }: { path: string }) => contents.delete(path);
  for await (const bytes of courier.read(root, [...wanted.keys()], { onProblem })) {
    reader.push(bytes);
  }
  reader.end();
  return contents;
}

/** Bytes that may come because files grew meanwhile. */
const SPARE_BYTES = 64 * 1024 * 1024;
