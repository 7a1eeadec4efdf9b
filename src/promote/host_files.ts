import { fromLatin1, latin1 } from "./bytes.ts";
import { openRawCalls, type RawCalls } from "./raw_calls.ts";

/** What stands at a path. Of two that are equal in all of it, the bytes are taken for equal. */
export type FileFacts = {
  kind: "file" | "directory" | "symlink" | "other";
  size: number;
  mtimeMs: number;
  /** Whole seconds, and nanoseconds beside them where the system tells. */
  ctimeS: number;
  ctimeNs?: number;
  ino: number;
  isExecutable: boolean;
};

/**
 * The user's files by paths of bytes, one in each character, absolute. Nothing here follows a link at
 * the end of a path.
 */
export type HostFiles = {
  /** Absent also where a parent is no directory. */
  lstat(path: string): FileFacts | undefined;
  /** Names in a directory; none if it is gone. */
  list(path: string): string[];
  /** The bytes of a file, or of where a link leads; `undefined` if it is gone. */
  read(path: string): Uint8Array | undefined;
  /** Whatever stands at `to` is replaced. */
  move(from: string, to: string): void;
  /**
   * Moves a file or link to where nothing is.
   *
   * @throws {Deno.errors.AlreadyExists} If something is there, whenever it came.
   */
  moveNew(from: string, to: string): void;
  /** Moves a directory to where nothing is; says whether it did. */
  moveNewDir(from: string, to: string): boolean;
  mkdir(path: string): void;
  /** Removes an empty directory; says whether it did. */
  rmdir(path: string): boolean;
  /** Whether it can be opened by its name at all. */
  isNameable(path: string): boolean;
};

/** The path of a file of the host as bytes, one in each character. */
export function rawPath(path: string): string {
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\x7f]*$/.test(path)) return path;
  return latin1(new TextEncoder().encode(path));
}

/** The library is opened once: it is never closed. */
let known: HostFiles | undefined;

/** The files of this machine: by calls of Linux where they are known, which take any name. */
export function hostFiles(): HostFiles {
  if (known !== undefined) return known;
  const raw = openRawCalls();
  known = raw === undefined ? denoFiles() : linuxFiles(raw);
  return known;
}

function linuxFiles(raw: RawCalls): HostFiles {
  const lstat = (path: string): FileFacts | undefined => {
    const stat = raw.lstat(path);
    if (stat === undefined) return undefined;
    const { mode, ...rest } = stat;
    return { kind: kindOfMode(mode), isExecutable: (mode & 0o100) !== 0, ...rest };
  };
  return {
    lstat,
    list,
    read: (path) => unlessGone(() => readRaw(raw, path)),
    move: (from, to) => raw.rename(from, to),
    moveNew(from, to) {
      if (raw.renameNew(from, to) === "done") return;
      try {
        raw.link(from, to);
      } catch (error) {
        if (error instanceof Deno.errors.AlreadyExists || isGone(error)) throw error;
        if (lstat(to) !== undefined) throw new Deno.errors.AlreadyExists(to);
        return raw.rename(from, to);
      }
      raw.unlink(from);
    },
    moveNewDir(from, to) {
      try {
        return raw.renameNew(from, to) === "done";
      } catch {
        return false;
      }
    },
    mkdir: (path) => raw.mkdir(path),
    rmdir(path) {
      try {
        raw.rmdir(path);
        return true;
      } catch {
        return false;
      }
    },
    isNameable: () => true,
  };
}

function readRaw(raw: RawCalls, path: string): Uint8Array | undefined {
  const stat = raw.lstat(path);
  if (stat === undefined) return undefined;
  if (kindOfMode(stat.mode) === "symlink") return raw.readLink(path);
  const fd = raw.open(path);
  try {
    return Deno.readFileSync(`/proc/self/fd/${fd}`);
  } finally {
    raw.close(fd);
  }
}

/** The files of any machine. Deno opens names of valid UTF-8 alone. */
export function denoFiles(): HostFiles {
  return {
    lstat: (path) => lstat(hostPath(path)),
    list,
    read: (path) => unlessGone(() => read(hostPath(path))),
    move: (from, to) => Deno.renameSync(hostPath(from), hostPath(to)),
    moveNew: (from, to) => moveNew(hostPath(from), hostPath(to)),
    // Without a call that takes nothing's place only, it would take that of an empty directory.
    moveNewDir: () => false,
    mkdir: (path) => Deno.mkdirSync(hostPath(path)),
    rmdir(path) {
      try {
        // A directory that is not empty is refused; a file must not be.
        if (!Deno.lstatSync(hostPath(path)).isDirectory) return false;
        Deno.removeSync(hostPath(path));
        return true;
      } catch {
        return false;
      }
    },
    isNameable: (path) => decode(path) !== undefined,
  };
}

/** A name of other bytes than UTF-8 comes as one that is not there. */
function list(path: string): string[] {
  const names = unlessGone(() => Array.from(Deno.readDirSync(hostPath(path)), ({ name }) => name));
  return (names ?? []).map(rawPath);
}

function lstat(path: string): FileFacts | undefined {
  const stat = unlessGone(() => Deno.lstatSync(path));
  if (stat === undefined) return undefined;
  return {
    kind: kindOf(stat),
    size: stat.size,
    mtimeMs: stat.mtime?.getTime() ?? 0,
    ctimeS: Math.floor((stat.ctime?.getTime() ?? 0) / 1000),
    ino: stat.ino ?? 0,
    isExecutable: ((stat.mode ?? 0) & 0o100) !== 0,
  };
}

function kindOfMode(mode: number): FileFacts["kind"] {
  const kind = mode & 0o170000;
  if (kind === 0o100000) return "file";
  if (kind === 0o040000) return "directory";
  return kind === 0o120000 ? "symlink" : "other";
}

function kindOf(stat: Deno.FileInfo): FileFacts["kind"] {
  if (stat.isFile) return "file";
  if (stat.isDirectory) return "directory";
  return stat.isSymlink ? "symlink" : "other";
}

function read(path: string): Uint8Array {
  if (!Deno.lstatSync(path).isSymlink) return Deno.readFileSync(path);
  return new TextEncoder().encode(Deno.readLinkSync(path));
}

/** The user may remove anything at any time; then it is not there. */
function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Whether something is not there, or not below a directory any more. */
export function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** A second name and the end of the first one: unlike a rename, never over something. */
function moveNew(from: string, to: string): void {
  try {
    Deno.linkSync(from, to);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotFound) {
      throw error;
    }
    // A file system without second names.
    if (lstat(to) !== undefined) throw new Deno.errors.AlreadyExists(to);
    Deno.renameSync(from, to);
    return;
  }
  Deno.removeSync(from);
}

function hostPath(path: string): string {
  const text = decode(path);
  if (text === undefined) throw new Error(`Deno has no name for ${JSON.stringify(path)}`);
  return text;
}

function decode(path: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(fromLatin1(path));
  } catch {
    return undefined;
  }
}
