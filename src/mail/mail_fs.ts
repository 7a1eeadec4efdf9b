import { join } from "node:path";

/** What a mailbox needs of a disk; each change lasts when it returns, also through a power cut. */
export type MailFs = {
  /** Adds bytes at the end of a file, which it makes when it is not there. */
  append(path: string, bytes: Uint8Array): void;
  /** Writes a file that is there whole, old or new. */
  replace(path: string, text: string): void;
  /** Cuts a file. */
  truncate(path: string, size: number): void;
  remove(path: string): void;
  /** Size in bytes; `undefined` when there is none. */
  size(path: string): number | undefined;
  /** Bytes from one place to another, or to the end. */
  read(path: string, range: { from: number; to?: number }): Uint8Array;
  /** Names in a directory, sorted; none when there is no directory. */
  list(dir: string): string[];
  makeDir(path: string): void;
};

/** The disk. */
export function mailFs(): MailFs {
  return {
    append(path, bytes) {
      const isNew = sizeOf(path) === undefined;
      withFile(path, { append: true, create: true, mode: 0o600 }, (file) => {
        writeAll(file, bytes);
        file.syncDataSync();
      });
      if (isNew) syncDir(join(path, ".."));
    },
    replace(path, text) {
      const temporary = join(path, "..", `.${crypto.randomUUID()}.tmp`);
      try {
        withFile(temporary, { write: true, createNew: true, mode: 0o600 }, (file) => {
          writeAll(file, new TextEncoder().encode(text));
          file.syncSync();
        });
        Deno.renameSync(temporary, path);
      } catch (error) {
        removeQuietly(temporary);
        throw error;
      }
      syncDir(join(path, ".."));
    },
    truncate(path, size) {
      withFile(path, { write: true }, (file) => {
        file.truncateSync(size);
        file.syncSync();
      });
    },
    remove: removeQuietly,
    size: sizeOf,
    read(path, { from, to }) {
      return withFile(path, { read: true }, (file) => {
        const end = Math.min(to ?? Infinity, file.statSync().size);
        const bytes = new Uint8Array(Math.max(0, end - from));
        file.seekSync(from, Deno.SeekMode.Start);
        let filled = 0;
        while (filled < bytes.length) {
          const count = file.readSync(bytes.subarray(filled));
          if (count === null) break;
          filled += count;
        }
        return bytes.subarray(0, filled);
      });
    },
    list(dir) {
      try {
        return Array.from(Deno.readDirSync(dir), ({ name }) => name).sort();
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return [];
        throw error;
      }
    },
    makeDir(path) {
      Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
    },
  };
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

function sizeOf(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Makes what happened to the names in a directory last. Windows writes them through. */
function syncDir(path: string): void {
  if (Deno.build.os === "windows") return;
  withFile(path, { read: true }, (dir) => dir.syncSync());
}

// Not by `using`: the bundler drops one that is read once, and the file would stay open.
function withFile<Result>(
  path: string,
  options: Deno.OpenOptions,
  use: (file: Deno.FsFile) => Result,
): Result {
  const file = Deno.openSync(path, options);
  try {
    return use(file);
  } finally {
    file.close();
  }
}
