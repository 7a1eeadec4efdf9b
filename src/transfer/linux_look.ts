import type { DirStats, ReadHandle, TreeStat } from "../tree/fs.ts";

/**
 * Looking at files by the C library of Linux: Deno's own calls take four times as long, and tell of
 * change times only the second.
 */
export type LinuxLook = {
  /** `undefined` for whatever is not as usual: then somebody else has to look. */
  lstat(path: string): TreeStat | undefined;
  /** As {@link LinuxLook.lstat} of names of one directory, in a third of the time. */
  lstatIn(dir: string, names: readonly string[]): DirStats | undefined;
  /**
   * Names in a directory; what is no UTF-8 as its bytes. `undefined` as for {@link LinuxLook.lstat}.
   */
  list(path: string): (string | Uint8Array)[] | undefined;
  /** Opens a file for reading, no symlink. `undefined` as for {@link LinuxLook.lstat}. */
  openRead(path: string): ReadHandle | undefined;
};

const SYMBOLS = {
  open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  // A count below 2³¹ here too.
  read: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  // A count below 2³¹, of which the lower half says all.
  getdents64: { parameters: ["i32", "buffer", "usize"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

// The same on x86_64 and arm64: asm-generic of Linux, and statx(2).
const O_RDONLY = 0;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
/** Not the same: arm64 has its own. */
const O_NOFOLLOW = Deno.build.arch === "aarch64" ? 0o100000 : 0o400000;
const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const AT_SYMLINK_NOFOLLOW = 0x100;
const BASIC_STATS = 0x7ff;
const STATX_BYTES = 256;
const AT = { mode: 28, ino: 32, size: 40, ctime: 96, mtime: 112, device: 136 } as const;

/** Of getdents64(2): where an entry has its length and its name. */
const ENTRY_LENGTH = 16;
const ENTRY_NAME = 19;
const LIST_BYTES = 65_536;

/** Longest name, in characters, that is worth a loop. */
const SHORT_NAME = 64;

/** Longest path that is asked for, in UTF-16 units; three bytes each at most. */
const MOST_PATH = 4096;

const KIND_BITS = 0o170000;
const KINDS: Readonly<Record<number, TreeStat["kind"]>> = {
  0o100000: "file",
  0o040000: "dir",
  0o120000: "link",
};

/** Opens the library; `undefined` where there is none that is known. */
export function openLinuxLook(): LinuxLook | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return planCalls(Deno.dlopen("libc.so.6", SYMBOLS).symbols);
  } catch {
    return undefined;
  }
}

function planCalls(calls: Deno.StaticForeignLibraryInterface<typeof SYMBOLS>): LinuxLook {
  const encoder = new TextEncoder();
  const place = new Uint8Array(3 * MOST_PATH + 1);
  const found = new Uint8Array(STATX_BYTES);
  const view = new DataView(found.buffer);
  const listed = new Uint8Array(LIST_BYTES);
  const put = (path: string): boolean => {
    if (path.length > MOST_PATH || path.includes("\0")) return false;
    place[encoder.encodeInto(path, place).written] = 0;
    return true;
  };
  // Nearly all names are short and ASCII: they are written here in the time that a call takes.
  const putName = (name: string): boolean => {
    if (name.length > SHORT_NAME) return put(name);
    let at = 0;
    for (; at < name.length; at++) {
      const code = name.charCodeAt(at);
      if (code === 0 || code > 0x7f) return put(name);
      place[at] = code;
    }
    place[at] = 0;
    return true;
  };
  return {
    lstat(path) {
      if (!put(path)) return undefined;
      const result = calls.statx(AT_FDCWD, place, AT_SYMLINK_NOFOLLOW, BASIC_STATS, found);
      return result === 0 ? readStat(view) : undefined;
    },
    lstatIn(dir, names) {
      const fd = put(dir) ? calls.open(place, O_PATH | O_CLOEXEC, 0) : -1;
      if (fd < 0) return undefined;
      const stats = createStats(names.length);
      for (let at = 0; at < names.length; at++) {
        if (!putName(names[at]!)) continue;
        const result = calls.statx(fd, place, AT_SYMLINK_NOFOLLOW, BASIC_STATS, found);
        if (result === 0) stats.set(at, view);
      }
      calls.close(fd);
      return stats;
    },
    openRead(path) {
      const flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW;
      const fd = put(path) ? calls.open(place, flags, 0) : -1;
      if (fd < 0) return undefined;
      return {
        stat() {
          place[0] = 0;
          const result = calls.statx(fd, place, AT_EMPTY_PATH, BASIC_STATS, found);
          if (result !== 0) throw new Error(`Cannot look at ${JSON.stringify(path)}`);
          return readStat(view);
        },
        read(buffer) {
          const count = calls.read(fd, buffer as Uint8Array<ArrayBuffer>, BigInt(buffer.length));
          // Whoever reads goes by the code; which one it was, only a second call could tell.
          if (count < 0) {
            throw Object.assign(new Error(`Cannot read ${JSON.stringify(path)}`), { code: "EIO" });
          }
          return count;
        },
        close: () => void calls.close(fd),
      };
    },
    list(path) {
      // What is no directory has no names either.
      const fd = put(path) ? calls.open(place, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0) : -1;
      if (fd < 0) return undefined;
      try {
        const names: (string | Uint8Array)[] = [];
        for (;;) {
          const count = calls.getdents64(fd, listed, BigInt(LIST_BYTES));
          if (count < 0) return undefined;
          if (count === 0) return names;
          readNames(listed.subarray(0, count), names);
        }
      } finally {
        calls.close(fd);
      }
    },
  };
}

/** Room for what is told of names: in numbers, which a large directory has many of. */
function createStats(length: number): DirStats & { set(at: number, view: DataView): void } {
  const modes = new Uint16Array(length);
  const numbers = new Float64Array(length * 3);
  return {
    set(at, view) {
      modes[at] = view.getUint16(AT.mode, true);
      numbers[at * 3] = readLong(view, AT.size);
      numbers[at * 3 + 1] = readTime(view, AT.mtime);
      numbers[at * 3 + 2] = readTime(view, AT.ctime);
    },
    get(at) {
      const mode = modes[at]!;
      // Whatever is there has a kind.
      if (mode === 0) return undefined;
      return {
        kind: KINDS[mode & KIND_BITS] ?? "other",
        mode: mode & 0o7777,
        size: numbers[at * 3]!,
        mtimeMs: numbers[at * 3 + 1]!,
        ctimeMs: numbers[at * 3 + 2]!,
      };
    },
  };
}

function readStat(view: DataView): TreeStat {
  const mode = view.getUint16(AT.mode, true);
  return {
    kind: KINDS[mode & KIND_BITS] ?? "other",
    mode: mode & 0o7777,
    size: readLong(view, AT.size),
    mtimeMs: readTime(view, AT.mtime),
    ctimeMs: readTime(view, AT.ctime),
    identity: `${readDevice(view)}:${readLong(view, AT.ino)}`,
  };
}

/** Exact below 2⁵³, as everywhere in this language. */
function readLong(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
}

/** Seconds with a sign, then nanoseconds that are added to them. */
function readTime(view: DataView, at: number): number {
  const seconds = view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
  return seconds * 1000 + Math.floor(view.getUint32(at + 8, true) / 1e6);
}

/** One number as makedev(3) makes it, which is what `fstat` tells. */
function readDevice(view: DataView): number {
  const [major, minor] = [view.getUint32(AT.device, true), view.getUint32(AT.device + 4, true)];
  return (minor & 0xff) + (major & 0xfff) * 2 ** 8 + (minor >>> 8) * 2 ** 20 +
    (major >>> 12) * 2 ** 44;
}

function readNames(bytes: Uint8Array, names: (string | Uint8Array)[]): void {
  // Nearly all names are ASCII, where this is as good as any encoding.
  const text = LATIN1.decode(bytes);
  for (let at = 0; at < bytes.length;) {
    const start = at + ENTRY_NAME;
    const end = bytes.indexOf(0, start);
    at += bytes[at + ENTRY_LENGTH]! + bytes[at + ENTRY_LENGTH + 1]! * 256;
    const name = text.slice(start, end);
    if (name === "." || name === "..") continue;
    names.push(IS_ASCII.test(name) ? name : decodeName(bytes.slice(start, end)));
  }
}

function decodeName(bytes: Uint8Array): string | Uint8Array {
  try {
    return UTF8.decode(bytes);
  } catch {
    return bytes;
  }
}

const LATIN1 = new TextDecoder("latin1");
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
// deno-lint-ignore no-control-regex -- names may hold any byte
const IS_ASCII = /^[\x00-\x7f]*$/;
