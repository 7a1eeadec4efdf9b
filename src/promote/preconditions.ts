import type { Platform } from "../tree/paths.ts";
import { type Area, isAreaPath } from "./area.ts";
import { concat, fromLatin1 } from "./bytes.ts";
import { type Change, MODE, type Side } from "./changes.ts";
import { type HostSettings, planNoFilters } from "./filters.ts";
import type { Git } from "./git.ts";
import { type FileFacts, type HostFiles, rawPath } from "./host_files.ts";
import { type IndexEntry, type IndexStat, low32, parseIndex } from "./index_file.ts";

/** What the user has at a path that commits change. */
export type Observed = {
  facts?: FileFacts;
  /** The first of its parents that is there and no directory. */
  parent?: { path: string; kind: FileFacts["kind"] };
  entry?: IndexEntry;
  /** Of a directory: files in it that no commit takes away; the first few. */
  inside?: readonly string[];
  /** The file is not what git would write for the index. Looked at where it could be so. */
  isDirty?: boolean;
  /** Its name can be opened on this host. */
  isNameable: boolean;
};

/** So many files of a directory in the way are told. */
const MOST_INSIDE = 20;

/** Where to look and with what. */
export type ObserveOptions = {
  git: Git;
  files: HostFiles;
  settings: HostSettings;
  platform: Platform;
  worktree: string;
  area: Area;
  /** The user's index, and when it was written. */
  index: { bytes: Uint8Array; mtimeMs: number };
};

/**
 * Looks at all paths that commits change, in the working tree and in the index. Changes nothing of
 * the user's.
 *
 * @throws {UserError} If git fails.
 */
export async function observeChanges(
  changes: readonly Change[],
  options: ObserveOptions,
): Promise<{ observed: Map<string, Observed>; isPartial: boolean }> {
  const wanted = new Set(changes.map(({ path }) => path));
  const index = parseIndex(options.index.bytes, wanted);
  const gone = new Set(changes.filter((change) => !change.new).map(({ path }) => path));
  const look = createLook(options, gone);
  const observed = new Map<string, Observed>();
  const suspects: Change[] = [];
  for (const change of changes) {
    const found = look(change.path);
    const entry = index.entries.get(change.path);
    if (entry !== undefined) found.entry = entry;
    observed.set(change.path, found);
    if (isSuspect(change, found, options)) suspects.push(change);
  }
  for (const path of await findDirty(suspects, observed, options)) {
    observed.get(path)!.isDirty = true;
  }
  return { observed, isPartial: index.isPartial };
}

/** Whether an index has what a tree has. */
export function isEntry(entry: IndexEntry | undefined, side: Side | undefined): boolean {
  if (side === undefined || entry === undefined) return side === entry;
  return entry.stage === 0 && !entry.isIntent && entry.mode === side.mode && entry.oid === side.oid;
}

/**
 * Whether a file is, by all git noted of it, the one git saw. What was written in the moment the
 * index was written, or later, could be another of the same size.
 */
export function isUnchanged(
  stat: IndexStat,
  facts: FileFacts,
  options: { indexMtimeMs: number; platform: Platform },
): boolean {
  const unit = stat.hasFraction ? 1 : 1000;
  const at = (ms: number) => Math.floor(ms / unit);
  if (at(stat.mtimeMs) !== at(facts.mtimeMs)) return false;
  if (at(facts.mtimeMs) >= at(options.indexMtimeMs)) return false;
  if (stat.size !== low32(facts.size)) return false;
  // git notes neither on Windows as this system tells them.
  if (options.platform === "windows") return true;
  return stat.ino === low32(facts.ino) && stat.ctimeS === facts.ctimeS;
}

function createLook(
  { files, worktree }: ObserveOptions,
  gone: ReadonlySet<string>,
): (path: string) => Observed {
  const root = rawPath(worktree);
  const dirs = new Map<string, Observed["parent"] | "directory" | "absent">();
  const lookAtDir = (path: string): Observed["parent"] | "directory" | "absent" => {
    const known = dirs.get(path);
    if (known !== undefined) return known;
    const slash = path.lastIndexOf("/");
    const above = slash < 0 ? "directory" : lookAtDir(path.slice(0, slash));
    let found = above;
    if (above === "directory") {
      const facts = files.lstat(`${root}/${path}`);
      if (facts === undefined) found = "absent";
      else if (facts.kind !== "directory") found = { path, kind: facts.kind };
    }
    dirs.set(path, found);
    return found;
  };
  return (path) => {
    if (!files.isNameable(path)) return { isNameable: false };
    const slash = path.lastIndexOf("/");
    const parent = slash < 0 ? "directory" : lookAtDir(path.slice(0, slash));
    if (parent === "absent") return { isNameable: true };
    if (parent !== "directory") return { isNameable: true, ...(parent && { parent }) };
    const facts = files.lstat(`${root}/${path}`);
    if (facts === undefined) return { isNameable: true };
    if (facts.kind !== "directory") return { isNameable: true, facts };
    const inside: string[] = [];
    listInside(path, { root, files, gone, inside });
    return { isNameable: true, facts, inside };
  };
}

function listInside(
  dir: string,
  at: { root: string; files: HostFiles; gone: ReadonlySet<string>; inside: string[] },
): void {
  for (const name of at.files.list(`${at.root}/${dir}`)) {
    if (at.inside.length >= MOST_INSIDE) return;
    const path = `${dir}/${name}`;
    if (at.files.lstat(`${at.root}/${path}`)?.kind === "directory") listInside(path, at);
    else if (!at.gone.has(path) && !isAreaPath(path)) at.inside.push(path);
  }
}

function isSuspect(change: Change, found: Observed, options: ObserveOptions): boolean {
  const { facts, entry } = found;
  if (change.old === undefined || facts === undefined || entry === undefined) return false;
  if (facts.kind !== kindOf(change.old, options.settings) || !isEntry(entry, change.old)) {
    return false;
  }
  const isOtherMode = options.settings.hasModes && facts.kind === "file" &&
    facts.isExecutable !== (entry.mode === MODE.executable);
  return isOtherMode || !isUnchanged(entry.stat, facts, {
    indexMtimeMs: options.index.mtimeMs,
    platform: options.platform,
  });
}

/** What a file of a tree is on a disk. */
export function kindOf(side: Side, host: Pick<HostSettings, "hasLinks">): FileFacts["kind"] {
  if (side.mode === MODE.symlink && host.hasLinks) return "symlink";
  return side.mode === MODE.module ? "directory" : "file";
}

/** Has git write what the index says, and compares: so a line end that git itself changes is none. */
async function findDirty(
  suspects: readonly Change[],
  observed: ReadonlyMap<string, Observed>,
  options: ObserveOptions,
): Promise<string[]> {
  if (suspects.length === 0) return [];
  const { git, area, files, settings } = options;
  await Deno.writeFile(area.wasIndex, options.index.bytes);
  await checkoutFiles(git.in({ gitDir: git.gitDir, worktree: area.was }), {
    paths: suspects.map(({ path }) => path),
    index: area.wasIndex,
    settings,
  });
  const [root, was] = [rawPath(options.worktree), rawPath(area.was)];
  return suspects.map(({ path }) => path).filter((path) => {
    const [expected, facts] = [files.lstat(`${was}/${path}`), observed.get(path)!.facts!];
    if (expected === undefined || expected.size !== facts.size) return true;
    if (expected.kind !== facts.kind) return true;
    if (settings.hasModes && expected.isExecutable !== facts.isExecutable) return true;
    return !isSame(files.read(`${was}/${path}`), files.read(`${root}/${path}`));
  });
}

/** Writes files of an index into a directory of ours, with no filter; tells what failed. */
export async function checkoutFiles(
  git: Git,
  options: { paths: readonly string[]; index: string; settings: HostSettings },
): Promise<{ failed?: string }> {
  const told = await git.run(["checkout-index", "-u", "-z", "--stdin"], {
    config: [...planNoFilters(options.settings), "core.splitIndex=false"],
    env: { GIT_INDEX_FILE: options.index },
    stdin: concat(options.paths.map((path) => fromLatin1(`${path}\0`))),
    timeoutMs: CHECKOUT_MS,
  });
  return told.code === 0 ? {} : { failed: told.stderr };
}

/** Upper bound in milliseconds: gigabytes of files, not a hung disk. */
const CHECKOUT_MS = 10 * 60_000;

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
