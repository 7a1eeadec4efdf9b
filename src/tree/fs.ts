/**
 * The few calls a tree is read and written with. All are synchronous: bytes come in pieces from a
 * stream, and the next piece waits until this one is on the disk. `src/transfer/deno_fs.ts` is the
 * host's, `src/courier/node_fs.ts` the cage's. Paths are absolute.
 *
 * Calls throw errors that carry `code`, as in `ENOENT`.
 */
export type TreeFs = {
  /** Names in a directory, unsorted; what is no UTF-8 stands as its bytes. */
  list(path: string): (string | Uint8Array)[];
  /** Does not follow a symlink; `undefined` when nothing is there. */
  lstat(path: string): TreeStat | undefined;
  /**
   * Looks at names of one directory at once, where that is faster than one after the other;
   * `undefined` where it cannot.
   */
  lstatIn?(dir: string, names: readonly string[]): DirStats | undefined;
  readLink(path: string): string;
  /** Opens a file for reading; a symlink is an error. */
  openRead(path: string): ReadHandle;
  /** Makes a file that must not be there yet, neither as a symlink. */
  openNew(path: string, mode: number): WriteHandle;
  /** One directory; an error when it is there. */
  mkdir(path: string, mode: number): void;
  symlink(target: string, path: string): void;
  /** Gives a file a second name, which must not be there yet; some file systems cannot. */
  link(from: string, to: string): void;
  chmod(path: string, mode: number): void;
  /** Sets when a file was changed last, in milliseconds. */
  setMtime(path: string, mtimeMs: number): void;
  /** Replaces what is at `to`, never follows it. */
  rename(from: string, to: string): void;
  /** Removes a file, a symlink or an empty directory. */
  remove(path: string): void;
  /** Makes the names in a directory survive a crash of the machine. */
  syncDir(path: string): void;
  /**
   * Makes everything that was written to the file system of a directory survive a crash of the
   * machine, where there is one call for it; file by file it takes longer than writing them.
   */
  syncAll?(path: string): void;
};

/** What `lstat` tells. */
export type TreeStat = {
  kind: "file" | "dir" | "link" | "other";
  mode: number;
  size: number;
  mtimeMs: number;
  ctimeMs: number;
  /** Device and inode, to tell the same file from another at its place. */
  identity: string;
};

/** What `lstat` tells of names of one directory. */
export type DirStats = {
  /** By place among the names; `undefined` where `lstat` has to be asked. */
  get(at: number): Omit<TreeStat, "identity"> | undefined;
};

/** A file that is read from its start. */
export type ReadHandle = {
  stat(): TreeStat;
  /** Fills the buffer as far as it can; 0 at the end. */
  read(buffer: Uint8Array): number;
  close(): void;
};

/** A file that is written from its start. */
export type WriteHandle = {
  write(bytes: Uint8Array): void;
  sync(): void;
  close(): void;
};
