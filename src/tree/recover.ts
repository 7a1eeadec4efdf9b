import { undoSteps } from "./commit.ts";
import type { TreeFs } from "./fs.ts";
import { findJournal, STAGE, type Step } from "./journal.ts";
import { clearQuietly, type KeptPath, moveToKept } from "./stage_dir.ts";
import { type Site, takeStep } from "./step.ts";

/** How a stage that somebody left was dealt with. */
export type Recovery =
  /** There was none, or nothing was committed: the tree is as it was. */
  | { kind: "none" }
  /** The commit was brought to its end. */
  | { kind: "finished"; kept: readonly KeptPath[] }
  /** The commit could not be brought to its end and was taken back. */
  | { kind: "undone"; cause: unknown; copy?: string };

/**
 * Brings a commit that was cut to its end. A path that is neither as it was nor as it should be is
 * somebody's own work: it stays, and what would have come in its place is kept beside.
 *
 * @param options.resume Whether a stage that was never committed stays, to be used again.
 * @throws {StageError} If there is a journal that cannot be read.
 */
export function recoverStage(
  options: { fs: TreeFs; root: string; stageDir: string; resume: boolean },
): Recovery {
  const { fs, stageDir, resume } = options;
  if (fs.lstat(stageDir)?.kind !== "dir") return { kind: "none" };
  const steps = findJournal(fs, stageDir);
  if (steps === undefined) {
    if (!resume) clearQuietly(fs, stageDir);
    return { kind: "none" };
  }
  const site: Site = { ...options, recovering: true, parents: new Map() };
  const kept = new Map<string, KeptPath>();
  try {
    for (const [index, step] of steps.entries()) {
      if (takeStep(site, step, { index }) === "done") continue;
      const copy = keepStaged(site, step);
      kept.set(step.path, { path: step.path, ...(copy === undefined ? {} : { copy }) });
    }
  } catch (cause) {
    undoSteps(site, steps);
    // Somebody may have worked in a directory that was there already.
    const copy = steps.some((step) => step.do === "place" && step.kind === "dir")
      ? moveToKept(fs, stageDir, { path: `${stageDir}/${STAGE.fresh}` })
      : undefined;
    clearQuietly(fs, stageDir);
    return { kind: "undone", cause, ...(copy === undefined ? {} : { copy }) };
  }
  fs.remove(`${stageDir}/${STAGE.journal}`);
  clearQuietly(fs, stageDir);
  return { kind: "finished", kept: [...kept.values()] };
}

function keepStaged({ fs, stageDir }: Site, step: Step): string | undefined {
  const staged = `${stageDir}/${STAGE.fresh}/${step.path}`;
  if (step.do !== "place" || fs.lstat(staged) === undefined) return undefined;
  return moveToKept(fs, stageDir, { path: staged });
}
