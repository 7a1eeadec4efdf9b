import type { TreeFs } from "./fs.ts";
import { STAGE, StageError } from "./journal.ts";
import { removeTree } from "./remove_tree.ts";

/** Removes all of a stage but what was kept for the user. */
export function clearStage(fs: TreeFs, stageDir: string): void {
  for (const name of [STAGE.old, STAGE.fresh, `${STAGE.journal}.tmp`]) {
    removeTree(fs, `${stageDir}/${name}`);
  }
  if (fs.lstat(stageDir)?.kind === "dir" && fs.list(stageDir).length === 0) fs.remove(stageDir);
}

/** A path that somebody changed while a commit was made or finished: it stays as it is. */
export type KeptPath = {
  path: string;
  /** Absolute path of what has no place now; absent when there is nothing to keep. */
  copy?: string;
};

/**
 * Makes a stage directory; answers whether it holds what can be used again.
 *
 * @throws {StageError} If something else is there, or a commit waits to be recovered.
 */
export function prepareStageDir(
  { fs, stageDir, resume }: { fs: TreeFs; stageDir: string; resume: boolean },
): boolean {
  const there = fs.lstat(stageDir);
  if (there === undefined) fs.mkdir(stageDir, 0o700);
  else if (there.kind !== "dir") throw new StageError(`${stageDir} is no directory`);
  if (fs.lstat(`${stageDir}/${STAGE.journal}`) !== undefined) {
    throw new StageError(`${stageDir} holds a commit that was not finished`);
  }
  for (const name of [STAGE.old, `${STAGE.journal}.tmp`]) removeTree(fs, `${stageDir}/${name}`);
  fs.mkdir(`${stageDir}/${STAGE.old}`, 0o700);
  const fresh = fs.lstat(`${stageDir}/${STAGE.fresh}`);
  if (resume && fresh?.kind === "dir") return true;
  if (fresh !== undefined) removeTree(fs, `${stageDir}/${STAGE.fresh}`);
  fs.mkdir(`${stageDir}/${STAGE.fresh}`, 0o700);
  return false;
}

/** Removes what is left of a stage; what cannot go now goes before the next one. */
export function clearQuietly(fs: TreeFs, stageDir: string): void {
  try {
    clearStage(fs, stageDir);
  } catch {
    // The change is made, or it is not: neither depends on what is left here.
  }
}

/** Moves something out of the stage to where it stays until the user has looked; answers where. */
export function moveToKept(
  fs: TreeFs,
  stageDir: string,
  options: { path: string },
): string {
  const { path } = options;
  const dir = `${stageDir}/${STAGE.kept}`;
  if (fs.lstat(dir) === undefined) fs.mkdir(dir, 0o700);
  let count = 1;
  while (fs.lstat(`${dir}/${count}`) !== undefined) count++;
  fs.mkdir(`${dir}/${count}`, 0o700);
  const copy = `${dir}/${count}/${path.slice(path.lastIndexOf("/") + 1)}`;
  fs.rename(path, copy);
  return copy;
}
