import { EXIT, UserError } from "../errors.ts";
import { formatPath } from "../project/root.ts";
import { comparePaths, type TreeEntry, type TreeProblem } from "../tree/entry.ts";
import type { TreeFs } from "../tree/fs.ts";
import { packEntries } from "../tree/tar_pack.ts";
import { createSha256 } from "../tree/sha256.ts";
import { updateBase } from "./base_update.ts";
import { learnRemoves, mergeLearned, toLearned } from "./learned.ts";
import type { Look } from "./look.ts";
import type { TransferPlan } from "./plan_transfer.ts";
import type { TransferState } from "./progress.ts";
import type { CageRoot, Courier } from "./types.ts";

/** What a sync is made of; the directory on the host is held by the caller. */
export type SyncWork = {
  courier: Pick<Courier, "change">;
  root: CageRoot;
  look: Look;
  plan: TransferPlan;
  fs: TreeFs;
  onProgress?(state: TransferState): void;
};

/** How a sync ended. */
export type Synced = {
  written: number;
  removed: number;
  bytes: number;
  /** Paths that changed inside meanwhile: when there is one, nothing was done. */
  changed: readonly string[];
  /** Symlinks that lead outside through others inside; they were not made. */
  refusedLinks: readonly string[];
};

/** A sync that had nothing to do, or did nothing. */
const NOTHING: Synced = { written: 0, removed: 0, bytes: 0, changed: [], refusedLinks: [] };

/**
 * Brings planned changes of the host into a cage, all of them or none.
 *
 * @throws {UserError} If a file of the host changes while it is read, or the cage cannot take it.
 */
export async function applySync(work: SyncWork): Promise<Synced> {
  const { courier, root, look, plan, fs } = work;
  const { learned } = look;
  // A mode travels with its file: there is no change of a mode alone.
  const paths = [...plan.writes, ...plan.modes].map(({ path }) => path).sort(comparePaths);
  if (paths.length + plan.removes.length === 0) {
    await updateBase(look.baseFile, learned);
    return NOTHING;
  }
  const written: TreeEntry[] = [];
  const totalBytes = plan.writes.reduce((sum, { entry }) => sum + entry.size, 0);
  const tar = packEntries(root.hostPath, paths, {
    fs,
    hash: createSha256,
    onEntry: (entry) => written.push(entry),
    onProblem: (problem) => {
      throw changedError(problem);
    },
  });
  const { changed, refusedLinks } = await courier.change(root.name, {
    tar: count(
      tar,
      (bytes) =>
        work.onProgress?.({ bytes, totalBytes, files: written.length, totalFiles: paths.length }),
    ),
    bytes: totalBytes,
    entries: paths.length,
    removes: plan.removes,
    expected: plan.expected,
  });
  if (changed.length > 0) return { ...NOTHING, changed };
  const refused = new Set(refusedLinks);
  const made = written.filter(({ path }) => !refused.has(path));
  const carried = made.map((entry) => toLearned(entry, { from: "host", clocks: look.clocks }));
  await updateBase(look.baseFile, {
    ignoreFiles: learned.ignoreFiles,
    changes: mergeLearned(learned.changes, mergeLearned(learnRemoves(plan.removes), carried)),
  });
  const bytes = made.reduce((sum, { size }) => sum + size, 0);
  return { written: made.length, removed: plan.removes.length, bytes, changed, refusedLinks };
}

/** Passes pieces on, and says how many bytes went by. */
export async function* count(
  pieces: Iterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for (const piece of pieces) {
    yield piece;
    bytes += piece.length;
    onBytes(bytes);
  }
}

function changedError({ path, problem }: TreeProblem): UserError {
  return new UserError(`Cannot read ${formatPath(path)} for the cage: it is ${problem}`, {
    hint: "Nothing was changed inside. Run this again",
    exit: EXIT.conflict,
    code: "conflict",
  });
}
