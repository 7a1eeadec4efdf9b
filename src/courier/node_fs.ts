import * as fs from "node:fs";
import { Buffer } from "node:buffer";
import { findErrorCode } from "./refusal.ts";
import type { DirStats, ReadHandle, TreeFs, TreeStat, WriteHandle } from "../tree/fs.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = fs.constants;

/** Without it, opening a pipe that somebody put in a file's place would wait for its other end. */
const READ = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
const WRITE_NEW = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;

/** The files below `/work`, by Node. */
export function nodeFs(): TreeFs {
  return {
    list: (path) => fs.readdirSync(path, { encoding: "latin1" }).map(parseName),
    lstat,
    lstatIn,
    readLink: (path) => fs.readlinkSync(path),
    openRead: (path) => openRead(fs.openSync(path, READ)),
    openNew: (path, mode) => openNew(fs.openSync(path, WRITE_NEW, mode)),
    mkdir: (path, mode) => fs.mkdirSync(path, mode),
    symlink: (target, path) => fs.symlinkSync(target, path),
    link: (from, to) => fs.linkSync(from, to),
    chmod: (path, mode) => fs.chmodSync(path, mode),
    setMtime: (path, mtimeMs) => fs.lutimesSync(path, toSeconds(mtimeMs), toSeconds(mtimeMs)),
    rename: (from, to) => fs.renameSync(from, to),
    remove(path) {
      if (fs.lstatSync(path).isDirectory()) fs.rmdirSync(path);
      else fs.unlinkSync(path);
    },
    syncDir(path) {
      const fd = fs.openSync(path, O_RDONLY);
      try {
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
    },
  };
}

function lstat(path: string): TreeStat | undefined {
  try {
    const stat = fs.lstatSync(path, { throwIfNoEntry: false });
    return stat === undefined ? undefined : formatStat(stat);
  } catch (error) {
    if (findErrorCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Looks at each name once, when it is asked for, and leaves out what only few ask for. */
function lstatIn(dir: string, names: readonly string[]): DirStats {
  const seen: (ReturnType<typeof formatTimes> | undefined)[] = [];
  return {
    get(at) {
      if (seen[at] !== undefined) return seen[at];
      try {
        const stat = fs.lstatSync(`${dir}/${names[at]}`, { throwIfNoEntry: false });
        return seen[at] = stat === undefined ? undefined : formatTimes(stat);
      } catch {
        // Whoever looks at it alone is told why.
        return undefined;
      }
    },
  };
}

/**
 * A time as Node sets it. It cuts off below a microsecond, and a fraction that is a little less than
 * its millisecond would become the one before.
 */
export function toSeconds(mtimeMs: number): number {
  return (Math.floor(mtimeMs) + 0.0005) / 1000;
}

/** One byte is one character here; nearly all names are ASCII, and need no second look. */
function parseName(latin1: string): string | Uint8Array {
  if (IS_ASCII.test(latin1)) return latin1;
  const bytes = Buffer.from(latin1, "latin1");
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : new Uint8Array(bytes);
}

// deno-lint-ignore no-control-regex -- names may hold any byte
const IS_ASCII = /^[\x00-\x7f]*$/;

function formatStat(stat: fs.Stats): TreeStat {
  return { ...formatTimes(stat), identity: `${stat.dev}:${stat.ino}` };
}

function formatTimes(stat: fs.Stats): Omit<TreeStat, "identity"> {
  return {
    kind: kindOf(stat.mode),
    mode: stat.mode & 0o7777,
    size: stat.size,
    mtimeMs: Math.floor(stat.mtimeMs),
    ctimeMs: Math.floor(stat.ctimeMs),
  };
}

/** By the bits themselves: the methods of `Stats` are asked 20,000 times. */
function kindOf(mode: number): TreeStat["kind"] {
  switch (mode & fs.constants.S_IFMT) {
    case fs.constants.S_IFREG:
      return "file";
    case fs.constants.S_IFDIR:
      return "dir";
    case fs.constants.S_IFLNK:
      return "link";
    default:
      return "other";
  }
}

function openRead(fd: number): ReadHandle {
  return {
    stat: () => formatStat(fs.fstatSync(fd)),
    read: (buffer) => fs.readSync(fd, buffer),
    close: () => fs.closeSync(fd),
  };
}

function openNew(fd: number): WriteHandle {
  return {
    write(bytes) {
      for (let at = 0; at < bytes.length;) at += fs.writeSync(fd, bytes, at);
    },
    sync: () => fs.fsyncSync(fd),
    close: () => fs.closeSync(fd),
  };
}
