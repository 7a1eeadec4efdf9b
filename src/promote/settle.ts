import { pause } from "../pause.ts";
import { areaAt } from "./area.ts";
import { concat, fromLatin1 } from "./bytes.ts";
import type { Change } from "./changes.ts";
import { formatGitFailure, type Git } from "./git.ts";
import { type FileFacts, type HostFiles, rawPath } from "./host_files.ts";
import { parseIndex, patchIndexTimes } from "./index_file.ts";
import { indexPath, isOwnLock, observeIndex } from "./index_lock.ts";
import { isSameFile, type Journal, keepJournal, removeJournal } from "./journal.ts";
import { type MoveOptions, readPlaced, undoSteps } from "./moves.ts";
import { findHead, isAncestor } from "./place.ts";
import { isEntry } from "./preconditions.ts";
import { readRefs } from "./refs.ts";
import type { ObjectId, Pin } from "./types.ts";

/** The branch or one of our refs is not where the landing began. */
export class RefsMovedError extends Error {
  /** With what git said. */
  constructor(said: string) {
    super(said);
    this.name = "RefsMovedError";
  }
}

/** What ends a landing. The caller holds the lock of the index. */
export type SettleOptions = {
  git: Git;
  pin: Pin;
  stateDir: string;
  files: HostFiles;
  at?: ((moment: string) => void) | undefined;
};

/** The old value of a ref that must not be there. */
const NONE = "0".repeat(40);
/** How often and how long in milliseconds a git is waited for that a killed process left. */
const FENCE = { times: 10, waitMs: 100 };
/** A clock of a file system that is this far on tells two writes apart. Milliseconds. */
const TICK_MS = 2;

/** Keeps the commits from being cleared up, and says that they may land. */
export async function holdPending(journal: Journal, { git }: { git: Git }): Promise<void> {
  await git.read(["update-ref", "--no-deref", journal.pending, journal.branch.to], {
    what: "Cannot keep the commits",
  });
}

/**
 * The moment in which the commits have landed: the branch and our own refs move at once, if all are
 * where they were.
 *
 * @throws {RefsMovedError} If one is not.
 */
export async function moveRefs(git: Git, journal: Journal): Promise<void> {
  const { branch, refs, pending } = journal;
  const moved = await git.run([
    "update-ref",
    "--no-deref",
    "-m",
    "sandcage: commits of the cage",
    "--stdin",
  ], {
    stdin: formatLines([
      "start",
      `update ${branch.name} ${branch.to} ${branch.from}`,
      ...refs.map(({ name, to, from }) => `update ${name} ${to} ${from ?? NONE}`),
      `delete ${pending} ${branch.to}`,
      "prepare",
      "commit",
    ]),
  });
  if (moved.code !== 0) throw new RefsMovedError(formatGitFailure(moved));
}

/** Gives the copied index what git sees of the files that came; it replaces the user's later. */
export async function writeNewIndex(journal: Journal, moving: MoveOptions): Promise<void> {
  const { index } = areaAt(journal.area);
  await writeIndex(index, await Deno.readFile(index), readPlaced(journal, moving));
}

/**
 * Takes a landing back, unless its refs have moved: then it is to be finished. Once this begins, no
 * git that a killed process left can move them any more; `blocked` if one still holds them.
 */
export async function undoLanding(
  journal: Journal,
  options: SettleOptions,
): Promise<"undone" | "committed" | "blocked"> {
  const { git } = options;
  if (!await withdrawPending(journal, git)) return "blocked";
  if (await isCommitted(journal, git)) return "committed";
  await takeBack(journal, options);
  return "undone";
}

/** Takes back what was done to files, and forgets the journal. */
export async function takeBack(journal: Journal, options: SettleOptions): Promise<void> {
  const { pin, files, at } = options;
  const back = undoSteps(journal, { files, worktree: pin.worktree, at });
  at?.("undone");
  const now = observeIndex(pin);
  if (now !== undefined && isSameFile(now, journal.index) && await isOwnLock(pin, journal.lock)) {
    const { index } = areaAt(journal.area);
    await Deno.copyFile(indexPath(pin), index);
    await writeIndex(index, await Deno.readFile(index), back);
    await Deno.rename(index, indexPath(pin));
  }
  at?.("index back");
  await removeJournal(options.stateDir);
}

/**
 * Brings a landing to its end whose refs have moved. A second time changes nothing.
 *
 * @param options.refs `moved` if it is known that all have. By default those are moved that have not.
 */
export async function finishLanding(
  journal: Journal,
  options: SettleOptions & { refs?: "moved" | "unknown" },
): Promise<void> {
  const { git, pin, files, at } = options;
  if (options.refs !== "moved") await moveRest(journal, git);
  const { index } = areaAt(journal.area);
  const now = observeIndex(pin);
  const isNew = files.lstat(rawPath(index)) !== undefined;
  if (isNew && now !== undefined && isSameFile(now, journal.index)) {
    await Deno.rename(index, indexPath(pin));
  } else if (now !== undefined) await repairIndex(journal, options);
  at?.("index");
  await keepJournal(options.stateDir);
}

/** From here on the transaction of the landing fails, if it has not begun. */
async function withdrawPending({ pending }: Journal, git: Git): Promise<boolean> {
  for (let time = 0; time < FENCE.times; time++) {
    const found = (await readRefs(git, [pending])).get(pending);
    if (found === undefined) return true;
    const gone = await git.run(["update-ref", "--no-deref", "-d", pending, found]);
    if (gone.code === 0) return true;
    await pause(FENCE.waitMs);
  }
  return false;
}

/** Whether the moment of {@link moveRefs} has been, though a killed git may have done half of it. */
async function isCommitted({ branch, refs }: Journal, git: Git): Promise<boolean> {
  const tips = await readRefs(git, [branch.name, ...refs.map(({ name }) => name)]);
  if (refs.some(({ name, to, from }) => to !== from && tips.get(name) === to)) return true;
  const tip = tips.get(branch.name);
  return tip !== undefined && await isAncestor(git, { is: branch.to, of: tip });
}

/** What a git that was killed in the middle has not moved. */
async function moveRest({ refs, pending }: Journal, git: Git): Promise<void> {
  const tips = await readRefs(git, [pending, ...refs.map(({ name }) => name)]);
  const rest = refs.filter(({ name, to }) => tips.get(name) !== to);
  const lines = rest.map(({ name, to }) => `update ${name} ${to}`);
  if (tips.has(pending)) lines.push(`delete ${pending}`);
  if (lines.length === 0) return;
  await git.read(["update-ref", "--no-deref", "--stdin"], {
    what: "Cannot note what has landed",
    stdin: formatLines(lines),
  });
}

/**
 * The user has written the index since: removed our lock, most likely, after we were killed. Paths
 * that are in it as before the landing get what the branch has, so that it is not taken back by the
 * user's next commit.
 */
async function repairIndex(journal: Journal, { git, pin }: SettleOptions): Promise<void> {
  const { branch, changes } = journal;
  const tip = (await readRefs(git, [branch.name])).get(branch.name);
  if (tip !== branch.to || await findHead(pin.gitDir, git) !== branch.name) return;
  const { index } = areaAt(journal.area);
  await Deno.copyFile(indexPath(pin), index);
  const wanted = new Set(changes.map(({ path }) => path));
  const { entries } = parseIndex(await Deno.readFile(index), wanted);
  const stale = changes.filter(({ path, old }) => isEntry(entries.get(path), old));
  if (stale.length === 0) return;
  await updateIndex(git, { index, changes: stale });
  await Deno.rename(index, indexPath(pin));
}

/** Gives a copy of an index what changes bring. */
export async function updateIndex(
  git: Git,
  { index, changes }: { index: string; changes: readonly Change[] },
): Promise<void> {
  await git.read(["update-index", "-z", "--index-info"], {
    what: "Cannot bring the index up to date",
    env: { GIT_INDEX_FILE: index },
    config: ["core.splitIndex=false"],
    stdin: concat(changes.map(formatIndexInfo)),
  });
}

function formatIndexInfo({ path, new: side }: Change): Uint8Array {
  const what = side === undefined ? `0 ${NONE}` : `${side.mode.toString(8)} ${side.oid}`;
  return fromLatin1(`${what}\t${path}\0`);
}

/** Writes an index so that no file in it could have changed unseen in the moment it was written. */
async function writeIndex(
  path: string,
  bytes: Uint8Array,
  moved: ReadonlyMap<string, FileFacts>,
): Promise<void> {
  patchIndexTimes(bytes, moved);
  const newest = [...moved.values()].reduce((ms, facts) => Math.max(ms, facts.mtimeMs), 0);
  using file = await Deno.open(path, { write: true, truncate: true });
  await writeAll(file, bytes);
  while (((await file.stat()).mtime?.getTime() ?? Infinity) <= newest && newest <= Date.now()) {
    await pause(TICK_MS);
    await file.utime(new Date(), new Date());
  }
  await file.sync();
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

function formatLines(lines: readonly ObjectId[]): Uint8Array {
  return new TextEncoder().encode(lines.join("\n") + "\n");
}
