import { fromLatin1 } from "./bytes.ts";

/** What stands at a path. Of two that are equal in all of it, the bytes are taken for equal. */
export type FileFacts = {
  kind: "file" | "directory" | "symlink" | "other";
  size: number;
  mtimeMs: number;
  /** Whole seconds: Deno tells no more. */
  ctimeS: number;
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
  mkdir(path: string): void;
  /** Removes an empty directory; says whether it did. */
  rmdir(path: string): boolean;
  /** Whether it can be opened by its name at all. */
  isNameable(path: string): boolean;
};

/** The path of a file of the host as bytes, one in each character. */
export function rawPath(path: string): string {
  return String.fromCharCode(...new TextEncoder().encode(path));
}

/** The files of this machine. Deno opens names of valid UTF-8 alone. */
export function hostFiles(): HostFiles {
  return {
    lstat: (path) => lstat(hostPath(path)),
    list: (path) =>
      unlessGone(() => Array.from(Deno.readDirSync(hostPath(path)), ({ name }) => rawPath(name))) ??
        [],
    read: (path) => unlessGone(() => read(hostPath(path))),
    move: (from, to) => Deno.renameSync(hostPath(from), hostPath(to)),
    moveNew: (from, to) => moveNew(hostPath(from), hostPath(to)),
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
