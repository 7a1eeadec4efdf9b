import { EXIT, UserError } from "../errors.ts";
import { formatPath } from "../project/root.ts";
import { comparePaths, type TreeEntry } from "../tree/entry.ts";
import type { TreeFs } from "../tree/fs.ts";
import { foldsNames } from "../tree/folds.ts";
import { createTwinCheck, type Platform } from "../tree/paths.ts";
import { type CommitResult, openStage, type Stage } from "../tree/stage.ts";
import { explainHostFailure } from "./host_failure.ts";
import type { TransferState } from "./progress.ts";
import { receiveEntries } from "./receive.ts";
import type { CopyCage, Courier } from "./types.ts";

/** What comes new to a directory of the host, in which nothing is replaced. */
export type BringWork = {
  cage: Pick<CopyCage, "name">;
  courier: Pick<Courier, "read">;
  /** Below `/work`; `""` for all of it. */
  root: string;
  entries: readonly TreeEntry[];
  /** Absolute, symlinks resolved; held by the caller. */
  target: string;
  stageDir: string;
  fs: TreeFs;
  platform: Platform;
  onProgress?(state: TransferState): void;
};

/** What came. */
export type Brought = {
  /** Files, directories and symlinks. */
  paths: number;
  bytes: number;
  /** Paths that changed while they came. */
  missed: readonly string[];
  /** Symlinks that would lead outside through others. */
  refusedLinks: readonly string[];
  /** Paths that this file system takes for others that came. */
  twins: readonly string[];
};

/**
 * Brings entries to places where nothing is, all of them or none.
 *
 * @throws {UserError} If something is there by now, the host cannot take them, or the cage sends what
 * was not asked for.
 */
export async function bringEntries(work: BringWork): Promise<Brought> {
  const { courier, root, target, stageDir, fs, platform } = work;
  /** What to give up when it goes wrong; a commit cleans up after itself. */
  let open: Stage | undefined;
  let result: CommitResult;
  try {
    const stage = open = openStage({ fs, root: target, stageDir, resume: false });
    const folds = platform !== "linux" || foldsNames(fs, stageDir);
    const { entries, twins } = splitTwins(work.entries, { folds });
    const totalBytes = entries.reduce((sum, { size }) => sum + size, 0);
    const { arrived, missed } = await receiveEntries(
      (paths, options) => courier.read(root, paths, options),
      {
        fs,
        stage,
        wanted: entries.map((entry) => ({ path: entry.path, entry }))
          .sort((a, b) => comparePaths(a.path, b.path)),
        pinned: new Map(),
        platform,
        onProgress: (bytes, files) =>
          work.onProgress?.({ bytes, totalBytes, files, totalFiles: entries.length }),
      },
    );
    open = undefined;
    result = stage.commit({ removes: [], modes: [], expected: [] });
    if (result.changed.length === 0) {
      for (const path of result.refusedLinks) arrived.delete(arrived.find(path));
      const bytes = entries.reduce(
        (sum, { path, size }) => arrived.has(arrived.find(path)) ? sum + size : sum,
        0,
      );
      return { paths: arrived.size, bytes, missed, refusedLinks: result.refusedLinks, twins };
    }
  } catch (error) {
    open?.discard();
    throw explainHostFailure(error, work);
  }
  const shown = result.changed.slice(0, 5).map((path) => formatPath(path)).join(", ");
  throw new UserError(`Nothing was written: ${formatPath(target)} has these already: ${shown}`, {
    hint: "Choose another directory with --output-dir",
    exit: EXIT.conflict,
    code: "conflict",
  });
}

/** Of names that are one here the first comes: the others would write into it. */
function splitTwins(
  all: readonly TreeEntry[],
  options: { folds: boolean },
): { entries: readonly TreeEntry[]; twins: string[] } {
  const findTwin = createTwinCheck(options);
  const entries: TreeEntry[] = [];
  const twins: string[] = [];
  for (const entry of all) {
    // What is in a directory that has a twin has one, too.
    if (findTwin(entry.path) === undefined) entries.push(entry);
    else twins.push(entry.path);
  }
  return { entries, twins };
}
