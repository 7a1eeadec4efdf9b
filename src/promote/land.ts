import { EXIT, UserError } from "../errors.ts";
import type { Platform } from "../tree/paths.ts";
import { type Area, clearArea, openArea, removeArea } from "./area.ts";
import { planEarlier } from "./gap_span.ts";
import type { Git } from "./git.ts";
import { type HostFiles, hostFiles } from "./host_files.ts";
import { dropLock, observeIndex, planLockText, takeLock } from "./index_lock.ts";
import { findLanded, findUnsettled, isSameFile, type Journal, writeJournal } from "./journal.ts";
import { planJournal } from "./journal_plan.ts";
import { applySteps, ChangedMeanwhileError, checkMovedAside } from "./moves.ts";
import { atWork, findHead } from "./place.ts";
import { changedWait } from "./land_waits.ts";
import { readRefs } from "./refs.ts";
import {
  finishLanding,
  holdPending,
  moveRefs,
  RefsMovedError,
  undoLanding,
  writeNewIndex,
} from "./settle.ts";
import {
  type NewFiles,
  type Prepared,
  prepareLanding,
  stageFiles,
  type TreeRange,
} from "./stage.ts";
import { type ObjectId, type Pin, promoteRefs, type Wait } from "./types.ts";

/** Commits that are ready for the branch. */
export type Landing = {
  /** What the branch is at. */
  from: ObjectId;
  /** What it shall be at: a descendant. Commits may still be on their way into the repository. */
  to: ObjectId | Promise<ObjectId>;
  /** Its tree, which is there: files are staged while commits are on their way. */
  tree?: ObjectId | undefined;
  /** The last commit inside that is part of it. */
  inner: ObjectId;
};

/** What a landing works with. */
export type LandOptions = {
  /** The user's repository with its working tree. */
  git: Git;
  pin: Pin;
  /** The cage's directory in sandcage's state. The caller holds the cage. */
  stateDir: string;
  platform: Platform;
  files?: HostFiles;
  /** Whether the index is to be repaired first. Looked at after what the landing is decided by. */
  isBehind?: (() => Promise<boolean>) | undefined;
  /** Called between any two effects. For tests that fail there. */
  at?: ((moment: string) => void) | undefined;
};

/** How a landing ended; `landed` tells the paths that changed, as bytes. */
export type Landed = { kind: "landed"; changed: readonly string[] } | Wait;

/**
 * Brings commits onto the branch, into the working tree and into the index: all of it or nothing.
 * What stands in the way is found before anything moves; what comes in the way while files move has
 * all of them moved back. A process that is killed leaves a journal, and the next recovery goes on
 * from it. No hook of the user's runs, and no filter.
 *
 * @throws {UserError} If git or the file system fails; working tree, index and branch are as they
 * were.
 */
export async function landCommits(landing: Landing, options: LandOptions): Promise<Landed> {
  return await withArea(options, async (area) => {
    const { from, inner } = landing;
    const staging = { ...options, area };
    const prepared = await prepareLanding({ from, to: landing.tree ?? await landing.to }, staging);
    if (prepared.kind !== "ready") return prepared;
    // Another git was faster: what it took back comes first, with the next look.
    if (await options.isBehind?.()) return atWork(options.pin);
    const staged = await stageFiles(prepared, staging);
    if (staged.kind !== "staged") return staged;
    const ready = { prepared, news: staged.news, options };
    return await moveUnderLock({ from, to: await landing.to, inner }, ready);
  });
}

/**
 * Decides whether commits could land now, without changing anything of the user's.
 *
 * @param options.env For calls that read the commits: where their objects are.
 * @throws {UserError} If git or the file system fails.
 */
export async function previewLanding(
  landing: TreeRange,
  options: LandOptions & { env?: Readonly<Record<string, string>> },
): Promise<Landed> {
  return await withArea(options, async (area) => {
    const prepared = await prepareLanding(landing, { ...options, area });
    if (prepared.kind !== "ready") return prepared;
    return { kind: "landed", changed: prepared.changes.map(({ path }) => path) };
  });
}

/**
 * Opens an area for one landing, and removes it unless what a recovery needs is in there.
 *
 * @throws {UserError} If the file system fails.
 */
export async function withArea<T>(
  { pin, stateDir }: LandOptions,
  act: (area: Area) => Promise<T>,
): Promise<T> {
  let area: Area | undefined;
  try {
    area = await openArea(pin);
    return await act(area);
  } catch (error) {
    if (error instanceof UserError || !isSystemError(error)) throw error;
    throw new UserError(`Cannot land commits in ${pin.worktree}: ${error.message}`, {
      hint: "It is tried again with the next look; see that the disk is writable and has room",
      exit: EXIT.failed,
      cause: error,
    });
  } finally {
    // What an unsettled landing has moved aside is in there.
    const isOurs = area !== undefined && (await findUnsettled(stateDir))?.area === area.path;
    if (area !== undefined && !isOurs) await removeArea(area);
  }
}

/** Failures that the system told, not mistakes of ours. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && typeof (error as { code?: unknown }).code === "string";
}

type Ready = { prepared: Prepared; news: NewFiles; options: LandOptions };

async function moveUnderLock(
  landing: { from: ObjectId; to: ObjectId; inner: ObjectId },
  { prepared, news, options }: Ready,
): Promise<Landed> {
  const { git, pin, files = hostFiles() } = options;
  const lock = planLockText(pin);
  if (!await takeLock(pin, lock)) return atWork(pin);
  try {
    options.at?.("locked");
    const tips = await readRefs(git, [pin.branch, ...Object.values(promoteRefs(pin))]);
    const isHere = await findHead(pin.gitDir, git) === pin.branch &&
      tips.get(pin.branch) === landing.from;
    const now = observeIndex(pin);
    // Whatever moved since: the next look sees it.
    if (!isHere || now === undefined || !isSameFile(now, prepared.index)) {
      return atWork(pin);
    }
    const journal = {
      ...planJournal(landing, { pin, files, prepared, news, lock, tips }),
      earlier: planEarlier(await findLanded(options.stateDir), Date.now()),
    };
    return await carryOut(journal, { ...options, files, area: prepared.area });
  } finally {
    // A landing that is not settled keeps its lock, for the next look to settle it.
    if ((await findUnsettled(options.stateDir))?.lock !== lock) await dropLock(pin, lock);
  }
}

type Carrying = LandOptions & { files: HostFiles; area: Area };

async function carryOut(journal: Journal, options: Carrying): Promise<Landed> {
  const { files, pin, git, at } = options;
  const moving = { files, worktree: pin.worktree, at };
  await writeJournal(options.stateDir, journal);
  const clearing: Promise<void>[] = [];
  let areRefsMoved = false;
  try {
    at?.("journal");
    await moveFiles(journal, options);
    clearing.push(clearArea(options.area, "new"));
    await writeNewIndex(journal, moving);
    checkMovedAside(journal, moving);
    at?.("indexed");
    await moveRefs(git, journal);
    areRefsMoved = true;
  } catch (error) {
    const settled = await undoLanding(journal, options);
    if (settled === "undone") return explainUndone(error, options);
    // A git holds our refs: the next look goes on from the journal.
    if (settled === "blocked") return atWork(pin);
    // The refs had moved, whatever failed then.
  }
  at?.("committed");
  // Whatever happens now, older files are of no use any more.
  clearing.push(clearArea(options.area, "old"));
  await finishLanding(journal, { ...options, refs: areRefsMoved ? "moved" : "unknown" });
  await Promise.all(clearing);
  return { kind: "landed", changed: journal.changes.map(({ path }) => path) };
}

/** Moves the files while git keeps the commits: neither needs the other. */
async function moveFiles(journal: Journal, options: Carrying): Promise<void> {
  const { files, pin, at } = options;
  const holding = holdPending(journal, options);
  try {
    applySteps(journal, { files, worktree: pin.worktree, at });
    at?.("moved");
  } finally {
    // Whatever comes next must not meet it on its way.
    await holding.catch(() => {});
  }
  await holding;
  at?.("pending");
}

function explainUndone(error: unknown, { pin }: LandOptions): Wait {
  if (error instanceof RefsMovedError) return atWork(pin);
  if (!(error instanceof ChangedMeanwhileError)) throw error;
  return changedWait(error.path);
}
