import type { TreeEntry } from "../tree/entry.ts";
import type { TreeFs, WriteHandle } from "../tree/fs.ts";
import { checkEntryPath } from "../tree/paths.ts";
import { removeTree } from "../tree/remove_tree.ts";
import { createTarReader } from "../tree/tar_read.ts";
import { TAR_LIMITS } from "./limits.ts";
import { Refusal } from "./refusal.ts";

/**
 * Writes the entries of a tar stream below a root as they come, in place of what is there. Where a
 * symlink points is nobody's business here: nothing is ever written through one.
 */
export function fillTree(
  root: string,
  options: { fs: TreeFs; tar: Iterable<Uint8Array> },
): void {
  const { fs, tar } = options;
  const dirs = createDirs(fs, root);
  /** What is below gets in without its owner's leave; modes come when all is written. */
  const modes: [string, number][] = [];
  let open: { handle: WriteHandle; path: string; mtimeMs: number } | undefined;
  const reader = createTarReader({
    entry(entry) {
      const path = `${root}/${entry.path}`;
      switch (entry.kind) {
        case "file": {
          const handle = openFile(fs, entry, { path, dirs });
          open = { handle, path, mtimeMs: entry.mtimeMs };
          return;
        }
        case "dir":
          dirs.ensure(entry.path);
          if ((entry.mode & 0o777) !== 0o755) modes.push([path, entry.mode]);
          return;
        case "link":
          dirs.ensureParent(entry.path);
          make(fs, path, () => fs.symlink(entry.target ?? "", path));
          return;
        default:
          entry.kind satisfies never;
      }
    },
    data: (bytes) => open?.handle.write(bytes),
    entryEnd() {
      if (open === undefined) return;
      open.handle.close();
      fs.setMtime(open.path, open.mtimeMs);
      open = undefined;
    },
  }, {
    limits: TAR_LIMITS,
    check: (path) => checkEntryPath(path, { platform: "linux" }),
    checkLink: () => undefined,
  });
  try {
    for (const bytes of tar) reader.push(bytes);
    reader.end();
  } finally {
    open?.handle.close();
  }
  for (const [path, mode] of modes.reverse()) fs.chmod(path, mode & 0o777);
}

function openFile(
  fs: TreeFs,
  entry: TreeEntry,
  options: { path: string; dirs: Dirs },
): WriteHandle {
  const { path, dirs } = options;
  dirs.ensureParent(entry.path);
  return make(fs, path, () => fs.openNew(path, entry.mode & 0o777));
}

/** Makes something new at a path; what is there goes first. */
function make<Made>(fs: TreeFs, path: string, act: () => Made): Made {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    removeTree(fs, path);
    return act();
  }
}

type Dirs = { ensure(path: string): void; ensureParent(path: string): void };

/** Directories that are known to be ones, and no symlinks. */
function createDirs(fs: TreeFs, root: string): Dirs {
  const known = new Set<string>([""]);
  const ensure = (path: string) => {
    if (known.has(path)) return;
    ensureParent(path);
    const place = `${root}/${path}`;
    const there = fs.lstat(place)?.kind;
    if (there !== undefined && there !== "dir") fs.remove(place);
    if (there !== "dir") fs.mkdir(place, 0o755);
    known.add(path);
  };
  const ensureParent = (path: string) => ensure(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
  if (fs.lstat(root)?.kind !== "dir") throw new Refusal(`${root} is no directory`);
  return { ensure, ensureParent };
}
