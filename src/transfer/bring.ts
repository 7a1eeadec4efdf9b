import { EXIT, UserError } from "../errors.ts";
import { formatPath } from "../project/root.ts";
import type { TreeEntry } from "../tree/entry.ts";
import type { TreeFs } from "../tree/fs.ts";
import type { Platform } from "../tree/paths.ts";
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
};

/**
 * Brings entries to places where nothing is, all of them or none.
 *
 * @throws {UserError} If something is there by now, the host cannot take them, or the cage sends what
 * was not asked for.
 */
export async function bringEntries(work: BringWork): Promise<Brought> {
  const { courier, root, entries, target, stageDir, fs } = work;
  const totalBytes = entries.reduce((sum, { size }) => sum + size, 0);
  /** What to give up when it goes wrong; a commit cleans up after itself. */
  let open: Stage | undefined;
  let result: CommitResult;
  try {
    const stage = open = openStage({ fs, root: target, stageDir, resume: false });
    const { arrived, missed } = await receiveEntries(
      (paths, options) => courier.read(root, paths, options),
      {
        fs,
        stage,
        wanted: new Map(entries.map((entry) => [entry.path, { entry }])),
        pinned: new Map(),
        platform: work.platform,
        onProgress: (bytes, files) =>
          work.onProgress?.({ bytes, totalBytes, files, totalFiles: entries.length }),
      },
    );
    open = undefined;
    result = stage.commit({ removes: [], modes: [], expected: [] });
    if (result.changed.length === 0) {
      for (const path of result.refusedLinks) arrived.delete(path);
      const bytes = entries.reduce(
        (sum, { path, size }) => arrived.has(path) ? sum + size : sum,
        0,
      );
      return { paths: arrived.size, bytes, missed, refusedLinks: result.refusedLinks };
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
