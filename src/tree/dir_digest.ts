import { isExecutable, isProblem, type TreeItem } from "./entry.ts";
import { createSha256 } from "./sha256.ts";

/**
 * A directory whose own files, links and directories are as somebody said. Of those only the links
 * come: for them nobody keeps the times by which a change would be noticed later.
 */
export type SameDir = { path: string; same: true };

/** What looking at a tree that is known in part gives: a directory's mark comes before the rest of it. */
export type KnownItem = TreeItem | SameDir;

/** Digests of directories by path. */
export type DirDigests = ReadonlyMap<string, string>;

/** What of a path tells whether it was changed. */
export type DigestedItem = {
  path: string;
  kind: "file" | "dir" | "link";
  executable: boolean;
  size: number;
  target?: string | undefined;
  /** Of a file inside, in whole milliseconds. */
  inner?: { mtimeMs: number; ctimeMs: number } | undefined;
};

/** Collects what is directly in one directory. */
export type DirDigest = {
  /** Items in order. A file without times makes it a digest of nothing. */
  add(item: DigestedItem): void;
  /** Nothing equals this directory. */
  spoil(): void;
  /** `undefined` when nothing equals it. */
  end(): string | undefined;
};

/** Characters of a digest: 132 bits, so that none but who could lie anyway makes two that are equal. */
const DIGEST_CHARS = 22;

/** Whether an item is the mark of a directory. */
export function isSameDir(item: { path: string }): item is SameDir {
  return "same" in item;
}

/** Begins the digest of one directory. */
export function createDirDigest(): DirDigest {
  let text = "";
  let isSpoiled = false;
  return {
    add({ path, kind, executable, size, target, inner }) {
      // No name holds a NUL, and the kind says how many fields follow.
      const name = path.slice(path.lastIndexOf("/") + 1);
      if (kind === "dir") text += `${name}\0d\0`;
      else if (kind === "link") text += `${name}\0l\0${target ?? ""}\0`;
      else if (inner === undefined) isSpoiled = true;
      else {
        text += `${name}\0${executable ? "x" : "f"}\0${size} ${inner.mtimeMs} ${inner.ctimeMs}\0`;
      }
    },
    spoil() {
      isSpoiled = true;
    },
    end() {
      if (isSpoiled) return undefined;
      return createSha256().update(text).digest("base64").slice(0, DIGEST_CHARS);
    },
  };
}

/** Digest of what is directly in a directory, as a walk saw it. Pure. */
export function digestItems(items: Iterable<TreeItem>): string | undefined {
  const digest = createDirDigest();
  for (const item of items) {
    if (isProblem(item)) digest.spoil();
    else digest.add({ ...item, executable: isExecutable(item), inner: item });
  }
  return digest.end();
}

/** Collects the digests of all directories of a tree. */
export type TreeDigest = {
  /** Entries in `comparePaths` order. */
  add(entry: DigestedItem): void;
  /** By path; those of which nothing equal can be told are left out. */
  end(): [path: string, digest: string][];
};

/** Begins the digests of a tree. */
export function createTreeDigest(): TreeDigest {
  const done: [string, string][] = [];
  const open = [{ prefix: "", path: "", digest: createDirDigest() }];
  const close = () => {
    const { path, digest } = open.pop()!;
    const text = digest.end();
    if (text !== undefined) done.push([path, text]);
  };
  return {
    add(entry) {
      while (!entry.path.startsWith(open.at(-1)!.prefix)) close();
      const { prefix, digest } = open.at(-1)!;
      // What lies in a directory that is not among the entries is in nobody's digest.
      if (entry.path.includes("/", prefix.length)) return;
      digest.add(entry);
      if (entry.kind === "dir") {
        open.push({ prefix: `${entry.path}/`, path: entry.path, digest: createDirDigest() });
      }
    },
    end() {
      while (open.length > 0) close();
      return done;
    },
  };
}
