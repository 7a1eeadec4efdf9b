import { fromLatin1 } from "./bytes.ts";

/** What the C library of Linux tells of a file. */
export type RawStat = {
  mode: number;
  size: number;
  mtimeMs: number;
  ctimeS: number;
  /** Beside the seconds. */
  ctimeNs: number;
  ino: number;
};

/**
 * Calls of the C library of Linux on paths of bytes, one in each character. Deno takes names of
 * valid UTF-8 alone, and tells times of change in whole seconds. Failures are those of Deno.
 */
export type RawCalls = {
  /** `undefined` if nothing is there, or a parent is no directory. */
  lstat(path: string): RawStat | undefined;
  link(from: string, to: string): void;
  rename(from: string, to: string): void;
  /** Never over something; `unknown` where the library or the file system has no such call. */
  renameNew(from: string, to: string): "done" | "unknown";
  unlink(path: string): void;
  mkdir(path: string): void;
  rmdir(path: string): void;
  readLink(path: string): Uint8Array;
  /** Opens a file for reading, not following a link; gives its descriptor. */
  open(path: string): number;
  close(fd: number): void;
};

const SYMBOLS = {
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  link: { parameters: ["buffer", "buffer"], result: "i32" },
  rename: { parameters: ["buffer", "buffer"], result: "i32" },
  renameat2: {
    parameters: ["i32", "buffer", "i32", "buffer", "u32"],
    result: "i32",
    optional: true,
  },
  unlink: { parameters: ["buffer"], result: "i32" },
  mkdir: { parameters: ["buffer", "u32"], result: "i32" },
  rmdir: { parameters: ["buffer"], result: "i32" },
  readlink: { parameters: ["buffer", "buffer", "usize"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

// The same on x86_64 and arm64, but for O_NOFOLLOW.
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const RENAME_NOREPLACE = 1;
const STATX_BASIC_STATS = 0x7ff;
const STATX_BYTES = 256;
const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const O_NOFOLLOW = Deno.build.arch === "aarch64" ? 0o100000 : 0o400000;
const MAX_LINK = 4096;
const ENOENT = 2;
const ENOTDIR = 20;
const EINVAL = 22;
const ENOSYS = 38;

/** As Deno tells the same failures. */
const KNOWN: Readonly<Record<number, { code: string; type: new (message: string) => Error }>> = {
  1: { code: "EPERM", type: Deno.errors.PermissionDenied },
  [ENOENT]: { code: "ENOENT", type: Deno.errors.NotFound },
  13: { code: "EACCES", type: Deno.errors.PermissionDenied },
  17: { code: "EEXIST", type: Deno.errors.AlreadyExists },
  [ENOTDIR]: { code: "ENOTDIR", type: Deno.errors.NotADirectory },
  28: { code: "ENOSPC", type: Error },
  30: { code: "EROFS", type: Error },
};

/** Opens the library; `undefined` where there is none that is known. */
export function openRawCalls(): RawCalls | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return planCalls(Deno.dlopen("libc.so.6", SYMBOLS).symbols);
  } catch {
    return undefined;
  }
}

function planCalls(calls: Deno.StaticForeignLibraryInterface<typeof SYMBOLS>): RawCalls {
  const buffer = new Uint8Array(STATX_BYTES);
  const view = new DataView(buffer.buffer);
  const number = (at: number) => Number(view.getBigUint64(at, true));
  const errno = () => new Deno.UnsafePointerView(calls.__errno_location()!).getInt32();
  const check = (result: number, path: string): number => {
    if (result >= 0) return result;
    throw failure(errno(), path);
  };
  return {
    lstat(path) {
      const flags = AT_SYMLINK_NOFOLLOW;
      if (calls.statx(AT_FDCWD, name(path), flags, STATX_BASIC_STATS, buffer) < 0) {
        // Not an error to be made: thousands of paths are looked for.
        const code = errno();
        if (code === ENOENT || code === ENOTDIR) return undefined;
        throw failure(code, path);
      }
      return {
        mode: view.getUint16(28, true),
        ino: number(32),
        size: number(40),
        ctimeS: number(96),
        ctimeNs: view.getUint32(104, true),
        mtimeMs: number(112) * 1000 + Math.floor(view.getUint32(120, true) / 1e6),
      };
    },
    link: (from, to) => void check(calls.link(name(from), name(to)), to),
    rename: (from, to) => void check(calls.rename(name(from), name(to)), from),
    renameNew(from, to) {
      const [old, target, flags] = [name(from), name(to), RENAME_NOREPLACE];
      const result = calls.renameat2?.(AT_FDCWD, old, AT_FDCWD, target, flags);
      if (result === undefined) return "unknown";
      if (result >= 0) return "done";
      const code = errno();
      if (code === EINVAL || code === ENOSYS) return "unknown";
      throw failure(code, to);
    },
    unlink: (path) => void check(calls.unlink(name(path)), path),
    mkdir: (path) => void check(calls.mkdir(name(path), 0o777), path),
    rmdir: (path) => void check(calls.rmdir(name(path)), path),
    readLink(path) {
      const target = new Uint8Array(MAX_LINK);
      return target.slice(0, check(calls.readlink(name(path), target, BigInt(MAX_LINK)), path));
    },
    open: (path) => check(calls.open(name(path), O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW), path),
    close: (fd) => void calls.close(fd),
  };
}

function name(path: string): Uint8Array<ArrayBuffer> {
  if (path.includes("\0")) throw new Error("A path holds a NUL");
  return fromLatin1(`${path}\0`);
}

function failure(errno: number, path: string): Error {
  const known = KNOWN[errno];
  const shown = `${known?.code ?? "The file system fails"}: ${JSON.stringify(path)}`;
  const error = known === undefined ? new Error(shown) : new known.type(shown);
  return Object.assign(error, { code: known?.code ?? `E${errno}` });
}
