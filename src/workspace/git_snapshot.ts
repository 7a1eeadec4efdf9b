import { sha256Hex } from "../hash.ts";
import { join } from "node:path";
import { ensurePrivateDir, writeFileAtomic } from "../files.ts";
import { readGitPlace } from "../project/gitdir.ts";
import { findIdentity } from "./file_identity.ts";
import { listGitDirs } from "./git_facts.ts";
import type { FileIdentity } from "./types.ts";

/** What stood at one path. */
export type GitEntry =
  | { type: "file"; mode: number; sha256: string }
  | { type: "symlink"; target: string }
  | { type: "directory" }
  /** A device, a pipe, a socket, or a file too large to be what it should be. */
  | { type: "other" };

/** One working tree whose git state is kept. */
export type GitTree = {
  /** Canonical path of the working tree. */
  root: string;
  /** Of the `.git` directory, to find it again when it was renamed. */
  dotGit?: FileIdentity;
  /** Common git directory; absent where there was no repository. */
  commonDir?: string;
};

/** Host-executed git state of some working trees, by absolute path. */
export type GitSnapshot = {
  schema: 1;
  trees: GitTree[];
  entries: Record<string, GitEntry>;
};

/** Larger hooks and configs are not saved: a changed one is then quarantined, not restored. */
const MAX_BYTES = 8 << 20;

/** Reads the state of working trees, following no symlink. Saves file contents when asked. */
export async function readGitSnapshot(
  roots: readonly string[],
  options: { saveTo?: string } = {},
): Promise<GitSnapshot> {
  const trees: GitTree[] = [];
  for (const root of roots) {
    const [place, dotGit] = await Promise.all([
      readGitPlace(root),
      findIdentity(join(root, ".git")),
    ]);
    trees.push({
      root,
      ...(dotGit === undefined ? {} : { dotGit: dotGit.identity }),
      ...(place.git === "none" ? {} : { commonDir: place.commonDir }),
    });
  }
  return { schema: 1, trees, entries: await readGitEntries(trees, options) };
}

/** Reads what stands now in known working trees, whatever their `.git` has become. */
export async function readGitEntries(
  trees: readonly GitTree[],
  options: { saveTo?: string } = {},
): Promise<Record<string, GitEntry>> {
  const entries: Record<string, GitEntry> = {};
  for (const tree of trees) {
    const dotGit = join(tree.root, ".git");
    if ((await findIdentity(dotGit))?.directory !== true) await add(dotGit, entries, options);
    if (tree.commonDir === undefined) continue;
    for (const dir of await listGitDirs(tree.commonDir)) {
      for (const name of dir.names) await add(join(dir.path, name), entries, options);
    }
  }
  return entries;
}

async function add(
  path: string,
  entries: Record<string, GitEntry>,
  options: { saveTo?: string },
): Promise<void> {
  const entry = await readGitEntry(path, options);
  if (entry === undefined) return;
  entries[path] = entry;
  if (entry.type !== "directory") return;
  for await (const child of Deno.readDir(path)) {
    // git runs no sample, and its templates bring a dozen.
    if (!child.name.endsWith(".sample")) await add(join(path, child.name), entries, options);
  }
}

/** Reads one path; `undefined` when nothing is there. */
export async function readGitEntry(
  path: string,
  options: { saveTo?: string } = {},
): Promise<GitEntry | undefined> {
  const stat = await findIdentity(path);
  if (stat === undefined) return undefined;
  if (stat.symlink) return { type: "symlink", target: await Deno.readLink(path) };
  if (stat.directory) return { type: "directory" };
  const file = readRegular(path);
  if (file === undefined) return { type: "other" };
  const sha256 = sha256Hex(file.bytes);
  if (options.saveTo !== undefined) await save(join(options.saveTo, sha256), file.bytes);
  return { type: "file", mode: file.mode, sha256 };
}

/**
 * Reads a regular file that the agent may be swapping for a symlink meanwhile: what was opened must
 * be what stands there, before and after, or it counts as no file. Deno has no `O_NOFOLLOW`, and
 * `node:fs` costs 30 ms of every start.
 */
function readRegular(path: string): { mode: number; bytes: Uint8Array } | undefined {
  try {
    // Before: opening a pipe would wait for its other end.
    if (!Deno.lstatSync(path).isFile) return undefined;
    using file = Deno.openSync(path);
    const opened = file.statSync();
    const now = Deno.lstatSync(path);
    const isSame = now.isFile && now.ino === opened.ino && now.dev === opened.dev;
    if (!isSame || opened.size > MAX_BYTES) return undefined;
    return { mode: (opened.mode ?? 0) & 0o777, bytes: readAll(file, opened.size) };
  } catch {
    // A socket, gone, or made unreadable: not what git left there.
    return undefined;
  }
}

/** Reads at most `size` bytes. */
function readAll(file: Deno.FsFile, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const count = file.readSync(bytes.subarray(length));
    if (count === null) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

async function save(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await Deno.writeFile(path, bytes, { createNew: true, mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

/** Where a cage keeps the state its sessions are compared with. */
export function baselineDir(cageDir: string): string {
  return join(cageDir, "git-baseline");
}

/** Takes the state of working trees as the one to compare with. The record is written last. */
export async function writeBaseline(cageDir: string, roots: readonly string[]): Promise<void> {
  const dir = baselineDir(cageDir);
  await removeBaseline(cageDir);
  await ensurePrivateDir(dir);
  const snapshot = await readGitSnapshot(roots, { saveTo: dir });
  await writeFileAtomic(join(dir, "baseline.json"), JSON.stringify(snapshot));
}

/** Reads the state taken earlier; `undefined` when none is kept. */
export async function findBaseline(cageDir: string): Promise<GitSnapshot | undefined> {
  try {
    const text = await Deno.readTextFile(join(baselineDir(cageDir), "baseline.json"));
    return JSON.parse(text) as GitSnapshot;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Forgets the state; absent is fine. The record goes first: contents alone mean nothing. */
export async function removeBaseline(cageDir: string): Promise<void> {
  for (const path of [join(baselineDir(cageDir), "baseline.json"), baselineDir(cageDir)]) {
    try {
      await Deno.remove(path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
