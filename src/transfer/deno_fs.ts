import process from "node:process";
import { type LinuxLook, openLinuxLook } from "./linux_look.ts";
import { syncFileSystem } from "./sync_fs.ts";
import type { ReadHandle, TreeFs, TreeStat, WriteHandle } from "../tree/fs.ts";

/**
 * Windows has neither. Without the second, opening a pipe that somebody put in a file's place would
 * wait for its other end.
 */
function readFlags({ constants }: NodeFs): number {
  return constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
}

type NodeFs = ReturnType<typeof process.getBuiltinModule<"node:fs">>;

/** Loaded by the first file that is read: a comparison mostly reads none. */
let node: { fs: NodeFs; read: number } | undefined;

/** What stands in a name for bytes that are no UTF-8, and may be in a name itself. */
const REPLACEMENT = "\ufffd";
const NO_UTF8 = 0xff;

/** The files of this machine. Where Deno alone can look, `ctimeMs` is whole seconds. */
export function denoFs(): TreeFs {
  look ??= { by: openLinuxLook() };
  const { by } = look;
  return {
    list: by === undefined ? list : (path) => by.list(path) ?? list(path),
    lstat: by === undefined ? lstat : (path) => by.lstat(path) ?? lstat(path),
    ...(by === undefined ? {} : { lstatIn: by.lstatIn }),
    readLink: (path) => Deno.readLinkSync(path),
    openRead(path) {
      const handle = by?.openRead(path);
      if (handle !== undefined) return handle;
      if (node === undefined) {
        const fs = process.getBuiltinModule("node:fs");
        node = { fs, read: readFlags(fs) };
      }
      return openRead(node.fs, node.fs.openSync(path, node.read));
    },
    openNew: (path, mode) =>
      openNew(Deno.openSync(path, { write: true, createNew: true, mode: mode & 0o777 })),
    mkdir: (path, mode) => Deno.mkdirSync(path, { mode }),
    symlink: (target, path) => Deno.symlinkSync(target, path),
    link: (from, to) => Deno.linkSync(from, to),
    chmod: (path, mode) => Deno.chmodSync(path, mode),
    setMtime: (path, mtimeMs) => Deno.utimeSync(path, mtimeMs / 1000, mtimeMs / 1000),
    rename: (from, to) => Deno.renameSync(from, to),
    remove: (path) => Deno.removeSync(path),
    syncDir(path) {
      // Windows opens no directories, and writes their names through.
      if (Deno.build.os === "windows") return;
      using dir = Deno.openSync(path);
      dir.syncSync();
    },
    syncAll: syncFileSystem,
  };
}

/** Opened once: the library stays as long as the program. */
let look: { by: LinuxLook | undefined } | undefined;

function list(path: string): (string | Uint8Array)[] {
  const names = Array.from(Deno.readDirSync(path), ({ name }) => name);
  if (!names.some((name) => name.includes(REPLACEMENT))) return names;
  const known = new Set<string>();
  return names.map((name) => {
    if (!name.includes(REPLACEMENT)) return name;
    // Deno does not tell the bytes of a name, but finds no file by a name that it made up.
    const isReal = !known.has(name) && lstat(`${path}/${name}`) !== undefined;
    known.add(name);
    return isReal ? name : formatBytes(name);
  });
}

function formatBytes(name: string): Uint8Array {
  const parts = name.split(REPLACEMENT).map((part) => [...new TextEncoder().encode(part)]);
  return new Uint8Array(parts.flatMap((part, index) => index === 0 ? part : [NO_UTF8, ...part]));
}

function lstat(path: string): TreeStat | undefined {
  try {
    return formatStat(Deno.lstatSync(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

function formatStat(stat: Deno.FileInfo): TreeStat {
  return {
    kind: stat.isFile ? "file" : stat.isDirectory ? "dir" : stat.isSymlink ? "link" : "other",
    // Windows has no modes.
    mode: (stat.mode ?? (stat.isDirectory ? 0o755 : 0o644)) & 0o7777,
    size: stat.size,
    mtimeMs: stat.mtime?.getTime() ?? 0,
    ctimeMs: stat.ctime?.getTime() ?? 0,
    identity: `${stat.dev}:${stat.ino}`,
  };
}

function openRead({ fstatSync, readSync, closeSync }: NodeFs, fd: number): ReadHandle {
  return {
    stat() {
      const stat = fstatSync(fd);
      return {
        kind: stat.isFile() ? "file" : stat.isDirectory() ? "dir" : "other",
        mode: stat.mode & 0o7777,
        size: stat.size,
        mtimeMs: Math.floor(stat.mtimeMs),
        ctimeMs: Math.floor(stat.ctimeMs),
        identity: `${stat.dev}:${stat.ino}`,
      };
    },
    read: (buffer) => readSync(fd, buffer),
    close: () => closeSync(fd),
  };
}

function openNew(file: Deno.FsFile): WriteHandle {
  return {
    write(bytes) {
      for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    },
    sync: () => file.syncSync(),
    close: () => file.close(),
  };
}
