import { areaAt } from "./area.ts";
import { type HostFiles, hostFiles, rawPath } from "./host_files.ts";
import { dropLock, indexPath, observeIndex, planLockText, takeLock } from "./index_lock.ts";
import { findUnsettled, isSameFile, type Journal, removeJournal, writeJournal } from "./journal.ts";
import { planJournal } from "./journal_plan.ts";
import type { LandOptions } from "./land.ts";
import { changedWait } from "./land_waits.ts";
import { applySteps, ChangedMeanwhileError, checkMovedAside } from "./moves.ts";
import { atWork, findHead } from "./place.ts";
import { readRefs } from "./refs.ts";
import { type SettleOptions, takeBack, writeNewIndex } from "./settle.ts";
import type { NewFiles, Prepared } from "./stage.ts";
import type { ObjectId, Wait } from "./types.ts";

/** What is to come again: files in an area, and a copy of the index that has it. */
export type Repair = { prepared: Prepared; news: NewFiles };

/**
 * Brings files and index to what the branch has, under the lock of the index: all of it or nothing.
 * A process that is killed leaves a journal for {@link settleRepair}.
 *
 * @param options.tip What the branch was at when it was decided.
 * @returns Why not: somebody was at work in between.
 */
export async function applyRepair(
  { prepared, news }: Repair,
  options: LandOptions & { tip: ObjectId },
): Promise<Wait | undefined> {
  const { git, pin, tip, files = hostFiles() } = options;
  const lock = planLockText(pin);
  if (!await takeLock(pin, lock)) return atWork(pin);
  try {
    options.at?.("gap locked");
    const now = observeIndex(pin);
    const isHere = await findHead(pin.gitDir, git) === pin.branch &&
      (await readRefs(git, [pin.branch])).get(pin.branch) === tip;
    if (!isHere || now === undefined || !isSameFile(now, prepared.index)) return atWork(pin);
    const landing = { from: tip, to: tip, inner: tip };
    const journal = planJournal(landing, { pin, files, prepared, news, lock, tips: new Map() });
    return await carryOut({ ...journal, refs: [], isRepair: true }, { ...options, files });
  } finally {
    // A repair that is not settled keeps its lock, for the next look to settle it.
    if ((await findUnsettled(options.stateDir))?.lock !== lock) await dropLock(pin, lock);
  }
}

/** Takes a repair back that a killed process left, unless it was at its end. */
export async function settleRepair(journal: Journal, options: SettleOptions): Promise<void> {
  // The copy of the index takes the place of the user's last of all.
  const isOpen = options.files.lstat(rawPath(areaAt(journal.area).index)) !== undefined;
  if (isOpen) await takeBack(journal, options);
  else await removeJournal(options.stateDir);
}

async function carryOut(
  journal: Journal,
  options: LandOptions & { files: HostFiles },
): Promise<Wait | undefined> {
  const { pin, files, at } = options;
  const moving = { files, worktree: pin.worktree, at };
  await writeJournal(options.stateDir, journal);
  try {
    at?.("gap journal");
    applySteps(journal, moving);
    at?.("gap moved");
    await writeNewIndex(journal, moving);
    checkMovedAside(journal, moving);
    at?.("gap indexed");
    await Deno.rename(areaAt(journal.area).index, indexPath(pin));
  } catch (error) {
    await takeBack(journal, options);
    if (error instanceof ChangedMeanwhileError) return changedWait(error.path);
    throw error;
  }
  at?.("gap index");
  await removeJournal(options.stateDir);
}
