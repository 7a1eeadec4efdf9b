import { releaseStartPages } from "../engine/start_pages.ts";
import type { TreeFs } from "../tree/fs.ts";
import type { Platform } from "../tree/paths.ts";
import { readSmallFile } from "../tree/small_file.ts";
import { type CommitResult, openStage, type Stage, type StageChange } from "../tree/stage.ts";
import { TarRefused } from "../tree/tar_refused.ts";
import type { Arrived } from "./arrived.ts";
import { updateBase } from "./base_update.ts";
import { explainHostFailure, isDiskFull } from "./host_failure.ts";
import type { BaseChange } from "./base_entry.ts";
import { learnModes, learnRemoves, mergeLearned, toLearned } from "./learned.ts";
import type { Look } from "./look.ts";
import type { ExportPlan } from "./plan_export.ts";
import type { TransferState } from "./progress.ts";
import { MANY } from "./read_ahead.ts";
import { type Received, receiveEntries } from "./receive.ts";
import { findStageDir } from "./target.ts";
import type { CageRoot, CopyCage, Courier } from "./types.ts";

/** What an export is made of; its target is held by the caller. */
export type ExportWork = {
  cage: Pick<CopyCage, "dir" | "id" | "name">;
  courier: Pick<Courier, "read">;
  root: CageRoot;
  /** Absolute, symlinks resolved. */
  target: string;
  look: Look;
  plan: ExportPlan;
  /** SHA-256 of files whose bytes were looked at before the user agreed, by path. */
  reviewed: ReadonlyMap<string, string>;
  fs: TreeFs;
  platform: Platform;
  onProgress?(state: TransferState): void;
};

/** How an export ended. */
export type Exported = {
  written: number;
  removed: number;
  modes: number;
  bytes: number;
  /** Paths that changed inside while they came; they are as they were on the host. */
  missed: readonly string[];
  /** Paths that changed on the host meanwhile: when there is one, nothing was done. */
  changed: readonly string[];
  /** Symlinks that lead outside through others of the host; they were not made. */
  refusedLinks: readonly string[];
  backups: readonly string[];
  kept: CommitResult["kept"];
};

/** `.gitignore` files that are larger are not backed up: they are none. */
const MOST_BACKUP_BYTES = 4 << 20;

/** An export that had nothing to do, or did nothing. */
const NOTHING: Exported = {
  written: 0,
  removed: 0,
  modes: 0,
  bytes: 0,
  missed: [],
  changed: [],
  refusedLinks: [],
  backups: [],
  kept: [],
};

/**
 * Brings planned changes of a cage to the host, all of them or none.
 *
 * @throws {UserError} If the host cannot take them, or the cage sends what was not asked for.
 */
export async function applyExport(work: ExportWork): Promise<Exported> {
  const { plan, look } = work;
  const { learned } = look;
  if (plan.writes.length + plan.removes.length + plan.modes.length === 0) {
    await updateBase(look.baseFile, learned);
    return NOTHING;
  }
  const { stage, received, backups } = await stageExport(work);
  const change = narrowPlan(plan, received);
  let result: CommitResult;
  try {
    result = stage.commit({ ...change, expected: [...change.expected, ...backups] });
  } catch (error) {
    throw explainHostFailure(error, work);
  }
  const { changed, refusedLinks, kept } = result;
  if (changed.length > 0) return { ...NOTHING, changed, kept, missed: received.missed };
  const { arrived, missed } = received;
  // What was needed to carry so much is not needed to remember it.
  if (plan.writes.length > MANY) releaseStartPages();
  for (const path of refusedLinks) arrived.delete(arrived.find(path));
  await updateBase(look.baseFile, {
    ignoreFiles: learned.ignoreFiles,
    changes: mergeLearned(learned.changes, learn(work, { change, arrived })),
  });
  let bytes = 0;
  for (const [at, { entry }] of plan.writes.entries()) if (arrived.has(at)) bytes += entry.size;
  return {
    written: arrived.size,
    removed: change.removes.length,
    modes: change.modes.length,
    bytes,
    missed,
    changed,
    refusedLinks,
    backups: backups.map(({ path }) => path),
    kept,
  };
}

function learn(
  { plan, look }: ExportWork,
  { change, arrived }: { change: StageChange; arrived: Arrived },
): Iterable<BaseChange> {
  const options = { from: "inner", clocks: look.clocks } as const;
  const { differences } = look;
  const modes = learnModes(change.modes, { ...options, differences });
  const written = function* () {
    for (const [at, { entry }] of plan.writes.entries()) {
      if (!arrived.has(at)) continue;
      const sha256 = arrived.hash(at);
      yield toLearned(sha256 === undefined ? entry : { ...entry, sha256 }, options);
    }
  };
  return mergeLearned(mergeLearned(learnRemoves(change.removes), modes), written());
}

type Staged = {
  stage: Stage;
  received: Received;
  /** Copies of what is replaced, with what is at their places now. */
  backups: StageChange["expected"];
};

async function stageExport(work: ExportWork): Promise<Staged> {
  const { cage, target, fs } = work;
  let stage: Stage | undefined;
  try {
    const stageDir = await findStageDir(cage, target, { fs });
    stage = openStage({ fs, root: target, stageDir, resume: true });
    const received = await receive(work, stage);
    return { stage, received, backups: stageBackups(work, { stage, received }) };
  } catch (error) {
    // What came stays for the next try, unless it is what fills the disk or must not be used.
    if (isDiskFull(error) || error instanceof TarRefused) stage?.discard();
    throw explainHostFailure(error, work);
  }
}

function receive(work: ExportWork, stage: Stage): Promise<Received> {
  const { plan, courier, root, fs, platform, reviewed, onProgress } = work;
  const wanted = plan.writes;
  let totalBytes = 0;
  for (const { entry } of wanted) totalBytes += entry.size;
  return receiveEntries((paths, options) => courier.read(root.name, paths, options), {
    fs,
    stage,
    wanted,
    pinned: reviewed,
    platform,
    onProgress: (bytes, files) =>
      onProgress?.({ bytes, totalBytes, files, totalFiles: wanted.length }),
  });
}

function stageBackups(
  { plan, target, fs }: ExportWork,
  { stage, received }: { stage: Stage; received: Received },
): StageChange["expected"] {
  return plan.backups.flatMap(({ path, to }) => {
    const text = received.arrived.has(received.arrived.find(path))
      ? readSmallFile(`${target}/${path}`, { fs, mostBytes: MOST_BACKUP_BYTES })
      : undefined;
    const there = fs.lstat(`${target}/${to}`);
    // A directory of that name is the user's, and no backup.
    if (text === undefined || there?.kind === "dir" || there?.kind === "other") return [];
    const bytes = new TextEncoder().encode(text);
    const sink = stage.file({
      path: to,
      size: bytes.length,
      isExecutable: false,
      mtimeMs: Date.now(),
    });
    sink.write(bytes);
    sink.end();
    return [{ path: to, was: there === undefined ? null : { ...there, kind: there.kind } }];
  });
}

/** What of a plan is left when some of it did not come. Pure. */
function narrowPlan(plan: ExportPlan, { missed }: Received): StageChange {
  const gone = new Set(missed);
  // Where something else was to come, what is there stays.
  const isKept = (path: string) => {
    if (gone.has(path)) return true;
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
      if (gone.has(path.slice(0, end))) return true;
    }
    return false;
  };
  return {
    removes: gone.size === 0 ? plan.removes : plan.removes.filter((path) => !isKept(path)),
    modes: plan.modes.map(({ path, executable }) => ({ path, isExecutable: executable })),
    expected: gone.size === 0 ? plan.expected : plan.expected.filter(({ path }) => !isKept(path)),
  };
}
