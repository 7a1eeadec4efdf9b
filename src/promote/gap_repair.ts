import { type Area } from "./area.ts";
import { listChanges } from "./changes.ts";
import { findFiltered, readSettings } from "./filters.ts";
import { decideGap, type GapVerdict, isPastGap } from "./gap.ts";
import { applyRepair, type Repair } from "./gap_apply.ts";
import { findGapFiles } from "./gap_files.ts";
import { isSameSide, listLandings, listSpans, listWanted } from "./gap_span.ts";
import { hostFiles } from "./host_files.ts";
import { parseIndex } from "./index_file.ts";
import { indexPath, observeIndex } from "./index_lock.ts";
import {
  findLanded,
  type Identity,
  type LastLanding,
  type PastLanding,
  removeLanded,
} from "./journal.ts";
import { type LandOptions, withArea } from "./land.ts";
import { filterWait } from "./land_waits.ts";
import { findHead, isAncestor, isWait, LOCK_MS, observePlace } from "./place.ts";
import { isEntry } from "./preconditions.ts";
import { updateIndex } from "./settle.ts";
import { placedPaths, stageFiles } from "./stage.ts";
import type { ObjectId, Wait } from "./types.ts";

/** What a look after the last landing works with. */
export type RepairOptions = LandOptions & { nowMs: number };

/** Someone who is on another branch for longer comes back to files that git wrote anew. */
const AWAY_MS = 3_600_000;

/**
 * Looks whether another git took the last landing back without anybody's will, and brings it into the
 * index and the files again, under the lock of the index. A file that is neither side is the user's
 * and stays as it is. Once the index has had it for long enough, the landing is forgotten; when there
 * is none to look after, this costs a look for one file.
 *
 * @returns Why it cannot be repaired now.
 * @throws {UserError} If git or the file system fails; the next look tries again.
 */
export async function repairGap(options: RepairOptions): Promise<Wait | undefined> {
  const { git, pin, stateDir, nowMs } = options;
  const landed = await findLanded(stateDir);
  if (landed === undefined) return undefined;
  const index = await observeIndexOf(landed, options);
  if (index === undefined || index.gaps.length === 0) {
    if (isPastGap(landed.atMs, nowMs)) await forget(landed, options);
    return undefined;
  }
  const place = await observePlace({ git, pin, nowMs, lockMs: LOCK_MS });
  if (isWait(place)) {
    // The look itself tells of it.
    if (nowMs - landed.atMs > AWAY_MS) await removeLanded(stateDir);
    return undefined;
  }
  const gap = await findKept(index.gaps, { ...options, landed, tip: place.tip });
  if (gap === undefined) {
    if (isPastGap(landed.atMs, nowMs)) await removeLanded(stateDir);
    return undefined;
  }
  return await withArea(options, async (area) => {
    const repair = await prepare(gap, { ...options, index, area });
    if (isWait(repair)) return repair;
    return await applyRepair(repair, { ...options, tip: place.tip });
  });
}

/** Whether the last landing is to be repaired before anything else lands. */
export async function hasGap(options: LandOptions): Promise<boolean> {
  const landed = await findLanded(options.stateDir);
  if (landed === undefined) return false;
  const index = await observeIndexOf(landed, options);
  return index !== undefined && index.gaps.length > 0;
}

/** Changes that another git took back. */
type Gap = PastLanding & Extract<GapVerdict, { kind: "gap" }>;

/** The index at one moment, and what it may have lost; the most first. */
type IndexNow = { gaps: readonly Gap[]; bytes: Uint8Array; identity: Identity };

async function observeIndexOf(
  landed: LastLanding,
  { pin }: LandOptions,
): Promise<IndexNow | undefined> {
  const identity = observeIndex(pin);
  if (identity === undefined) return undefined;
  const bytes = await Deno.readFile(indexPath(pin));
  const landings = listLandings(landed);
  const wanted = listWanted(landings);
  const { entries, isPartial } = parseIndex(bytes, new Set(wanted.keys()));
  if (isPartial) return undefined;
  const isCurrent = [...wanted].every(([path, side]) => isEntry(entries.get(path), side));
  const spans = isCurrent ? [] : listSpans(landings);
  const gaps = spans.flatMap((span) => {
    const verdict = decideGap(span, { entries, mtimeMs: identity.mtimeMs });
    return verdict.kind === "gap" ? [{ ...span, ...verdict }] : [];
  });
  return { gaps, bytes, identity };
}

/** The index of another branch tells nothing. */
async function forget(
  { journal, atMs }: LastLanding,
  { pin, git, stateDir, nowMs }: RepairOptions,
): Promise<void> {
  const isHere = await findHead(pin.gitDir, git) === journal.branch.name;
  if (isHere || nowMs - atMs > AWAY_MS) await removeLanded(stateDir);
}

/** The most of which the branch has all: the user may have committed something else since. */
async function findKept(
  gaps: readonly Gap[],
  { git, pin, landed, tip }: RepairOptions & { landed: LastLanding; tip: ObjectId },
): Promise<Gap | undefined> {
  const { branch } = landed.journal;
  // The cage may be bound to another one by now.
  if (branch.name !== pin.branch) return undefined;
  if (!await isAncestor(git, { is: branch.to, of: tip })) return undefined;
  for (const gap of gaps) {
    const since = await listChanges(git, { from: gap.from, to: tip });
    const found = new Map(since.map((change) => [change.path, change]));
    const isKept = gap.changes.every(({ path, new: side }) => {
      const change = found.get(path);
      return change !== undefined && isSameSide(change.new, side);
    });
    if (isKept) return gap;
  }
}

type PrepareOptions = RepairOptions & {
  index: IndexNow;
  area: Area;
};

async function prepare(
  { changes, rewritten }: Gap,
  options: PrepareOptions,
): Promise<Repair | Wait> {
  const { git, pin, platform, area, index, files = hostFiles() } = options;
  const settings = await readSettings(git);
  await Deno.writeFile(area.index, index.bytes);
  await updateIndex(git, { index: area.index, changes });
  const { steps, olds } = await findGapFiles(changes.filter(({ path }) => rewritten.has(path)), {
    ...{ git, files, settings, platform, area, index },
    worktree: pin.worktree,
  });
  const env = { GIT_INDEX_FILE: area.index };
  const filtered = await findFiltered(git, placedPaths(steps), { settings, env });
  if (filtered.length > 0) return filterWait(filtered);
  const plan = { area, changes, steps, settings, index: index.identity, olds, seen: [] };
  const staged = await stageFiles(plan, { ...options, files });
  if (staged.kind !== "staged") return staged;
  return { prepared: { kind: "ready", ...plan }, news: staged.news };
}
