import { EXIT, UserError } from "../errors.ts";
import type { Platform } from "../tree/paths.ts";
import { type Area, newAt, openArea, removeArea } from "./area.ts";
import { type Change, isModule, listChanges } from "./changes.ts";
import { findFiltered, type HostSettings, planNoFilters, readSettings } from "./filters.ts";
import { formatGitFailure, type Git } from "./git.ts";
import { type FileFacts, type HostFiles, hostFiles, rawPath } from "./host_files.ts";
import { dropLock, indexPath, observeIndex, planLockText, takeLock } from "./index_lock.ts";
import {
  findUnsettled,
  type Identity,
  identityOf,
  isSameFile,
  type Journal,
  type RefMove,
  type Step,
  writeJournal,
} from "./journal.ts";
import { planLanding, type PlannedStep } from "./landing_plan.ts";
import { applySteps, ChangedMeanwhileError, checkMovedAside } from "./moves.ts";
import { atWork, findHead } from "./place.ts";
import { checkoutFiles, observeChanges } from "./preconditions.ts";
import {
  filterWait,
  indexWait,
  noIndexWait,
  partialWait,
  sparseWait,
  unwritableWait,
} from "./land_waits.ts";
import { readRefs } from "./refs.ts";
import { formatRawPath } from "./raw_path.ts";
import {
  finishLanding,
  holdPending,
  moveRefs,
  RefsMovedError,
  undoLanding,
  writeNewIndex,
} from "./settle.ts";
import { type ObjectId, type Pin, promoteRefs, type Wait } from "./types.ts";
import { paused } from "./waits.ts";

/** Commits that are ready for the branch. */
export type Landing = {
  /** What the branch is at. */
  from: ObjectId;
  /** What it shall be at: a descendant. */
  to: ObjectId;
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
  /** Called between any two effects. For tests that fail there. */
  at?: ((moment: string) => void) | undefined;
};

/** How a landing ended; `landed` tells the paths that changed, as bytes. */
export type Landed = { kind: "landed"; changed: readonly string[] } | Wait;

type Prepared = {
  area: Area;
  changes: readonly Change[];
  steps: readonly PlannedStep[];
  settings: HostSettings;
  index: Identity;
  /** What was at the paths of steps when it was decided. */
  olds: ReadonlyMap<string, FileFacts>;
};

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
    const prepared = await prepareLanding(landing, { ...options, area });
    if (prepared.kind !== "ready") return prepared;
    const staged = await stageFiles(prepared, options);
    if (staged.kind !== "staged") return staged;
    return await moveUnderLock(landing, { ...prepared, ...staged, options });
  });
}

/**
 * Decides whether commits could land now, without changing anything of the user's.
 *
 * @param options.env For calls that read the commits: where their objects are.
 * @throws {UserError} If git or the file system fails.
 */
export async function previewLanding(
  landing: Pick<Landing, "from" | "to">,
  options: LandOptions & { env?: Readonly<Record<string, string>> },
): Promise<Landed> {
  return await withArea(options, async (area) => {
    const prepared = await prepareLanding(landing, { ...options, area });
    if (prepared.kind !== "ready") return prepared;
    return { kind: "landed", changed: prepared.changes.map(({ path }) => path) };
  });
}

async function withArea(
  { pin, stateDir }: LandOptions,
  act: (area: Area) => Promise<Landed>,
): Promise<Landed> {
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

async function prepareLanding(
  { from, to }: Pick<Landing, "from" | "to">,
  options: LandOptions & { area: Area; env?: Readonly<Record<string, string>> },
): Promise<Prepared & { kind: "ready" } | Wait> {
  const { git, pin, area, files = hostFiles(), env = {} } = options;
  const settings = await readSettings(git);
  if (settings.isSparse) return sparseWait(pin);
  const index = observeIndex(pin);
  if (index === undefined) return noIndexWait(pin);
  const changes = await listChanges(git, { from, to, env });
  await Deno.copyFile(indexPath(pin), area.index);
  const { observed, isPartial } = await observeChanges(changes, {
    git,
    files,
    settings,
    platform: options.platform,
    worktree: pin.worktree,
    area,
    indexMtimeMs: index.mtimeMs,
  });
  if (isPartial) return partialWait(pin);
  const plan = planLanding(changes, observed, { platform: options.platform, ...settings });
  if (plan.kind === "wait") return plan.wait;
  options.at?.("planned");
  const indexEnv = { ...env, GIT_INDEX_FILE: area.index };
  const args = ["read-tree", "-i", "-m", from, to];
  const config = [...planNoFilters(settings), "core.splitIndex=false"];
  const read = await git.run(args, { env: indexEnv, config });
  if (read.code !== 0) return indexWait(formatGitFailure(read));
  const places = plan.steps.filter(({ kind }) => kind === "place").map(({ path }) => path);
  const filtered = await findFiltered(git, places, { settings, env: indexEnv });
  if (filtered.length > 0) return filterWait(filtered);
  const olds = new Map<string, FileFacts>();
  for (const { path, old } of changes) {
    const facts = observed.get(path)!.facts;
    if (old !== undefined && !isModule(old) && facts !== undefined) olds.set(path, facts);
  }
  return { kind: "ready", area, changes, steps: plan.steps, settings, index, olds };
}

/** Has git write the new files into a directory of ours, by the attributes that come with them. */
async function stageFiles(
  { area, steps, settings }: Prepared,
  { git, files = hostFiles(), at }: LandOptions,
): Promise<{ kind: "staged"; news: Map<string, Identity> } | Wait> {
  const paths = steps.filter(({ kind }) => kind === "place").map(({ path }) => path);
  const staging = git.in({ gitDir: git.gitDir, worktree: area.new });
  const { failed } = await checkoutFiles(staging, { paths, index: area.index, settings });
  at?.("staged");
  const news = new Map<string, Identity>();
  for (const path of paths) {
    const facts = files.lstat(newAt(area.path, path));
    if (facts === undefined || failed !== undefined) {
      return unwritableWait(path, failed ?? "");
    }
    news.set(path, identityOf(facts));
  }
  return { kind: "staged", news };
}

type Ready = Prepared & { news: ReadonlyMap<string, Identity>; options: LandOptions };

async function moveUnderLock(landing: Landing, ready: Ready): Promise<Landed> {
  const { options, index } = ready;
  const { git, pin } = options;
  const lock = planLockText(pin);
  if (!await takeLock(pin, lock)) return atWork(pin);
  try {
    options.at?.("locked");
    const tips = await readRefs(git, [pin.branch, ...Object.values(promoteRefs(pin))]);
    const isHere = await findHead(pin.gitDir, git) === pin.branch &&
      tips.get(pin.branch) === landing.from;
    const now = observeIndex(pin);
    // Whatever moved since: the next look sees it.
    if (!isHere || now === undefined || !isSameFile(now, index)) {
      return atWork(pin);
    }
    const journal = planJournal(landing, { ...ready, lock, tips });
    return await carryOut(journal, options);
  } finally {
    // A landing that is not settled keeps its lock, for the next look to settle it.
    if ((await findUnsettled(options.stateDir))?.lock !== lock) await dropLock(pin, lock);
  }
}

async function carryOut(journal: Journal, options: LandOptions): Promise<Landed> {
  const { files = hostFiles(), pin, git, at } = options;
  const moving = { files, worktree: pin.worktree, at };
  await writeJournal(options.stateDir, journal);
  try {
    at?.("journal");
    await holdPending(journal, options);
    at?.("pending");
    applySteps(journal, moving);
    at?.("moved");
    await writeNewIndex(journal, moving);
    checkMovedAside(journal, moving);
    at?.("indexed");
    await moveRefs(git, journal);
  } catch (error) {
    const settled = await undoLanding(journal, { ...options, files });
    if (settled === "undone") return explainUndone(error, options);
    // A git holds our refs: the next look goes on from the journal.
    if (settled === "blocked") return atWork(pin);
    // The refs had moved, whatever failed then.
  }
  at?.("committed");
  await finishLanding(journal, { ...options, files });
  return { kind: "landed", changed: journal.changes.map(({ path }) => path) };
}

function planJournal(
  { from, to, inner }: Landing,
  ready: Ready & { lock: string; tips: ReadonlyMap<string, ObjectId> },
): Journal {
  const { options: { pin, files = hostFiles() }, tips, news } = ready;
  const refs = promoteRefs(pin);
  const root = rawPath(pin.worktree);
  const move = (name: string, value: ObjectId): RefMove => {
    const now = tips.get(name);
    return { name, to: value, ...(now === undefined ? {} : { from: now }) };
  };
  const steps = ready.steps.map(({ kind, path }, slot): Step => {
    if (kind === "add-module" || kind === "drop-module") return { kind, path };
    const facts = ready.olds.get(path);
    const old = facts === undefined ? {} : { old: identityOf(facts) };
    if (kind === "place") return { kind, path, slot, ...old, new: news.get(path)! };
    if (old.old === undefined) throw new Error(`Nothing to remove at ${path}`);
    return { kind, path, slot, old: old.old };
  });
  return {
    version: 1,
    area: ready.area.path,
    lock: ready.lock,
    branch: { name: pin.branch, from, to },
    refs: [move(refs.done, inner), move(refs.out, to)],
    // Of its own name: a git that an earlier landing left must not find it.
    pending: `${refs.pending}/${crypto.randomUUID()}`,
    index: ready.index,
    changes: ready.changes,
    steps,
    newDirs: listNewDirs(steps, (path) => files.lstat(`${root}/${path}`)?.kind === "directory"),
  };
}

function listNewDirs(steps: readonly Step[], isDir: (path: string) => boolean): string[] {
  const dirs = new Set<string>();
  const known = new Set<string>();
  for (const { kind, path } of steps) {
    if (kind !== "place" && kind !== "add-module") continue;
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
      const dir = path.slice(0, at);
      if (known.has(dir)) continue;
      known.add(dir);
      if (!isDir(dir)) dirs.add(dir);
    }
  }
  return [...dirs];
}

function explainUndone(error: unknown, { pin }: LandOptions): Wait {
  if (error instanceof RefsMovedError) return atWork(pin);
  if (!(error instanceof ChangedMeanwhileError)) throw error;
  return paused("collision", {
    text: `Commits wait: ${JSON.stringify(formatRawPath(error.path))} changed in the moment ` +
      "they landed; everything is as it was",
    hint: "They land by themselves once nothing of yours is in the way",
    paths: [error.path],
  });
}
