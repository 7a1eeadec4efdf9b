import { join } from "node:path";
import { findText } from "../files.ts";
import { isLocked } from "../hold/held.ts";
import type { RunRecord } from "./event.ts";
import { isRunId, runDir, runFiles, type RunKey, runsDir } from "./run_files.ts";
import { isLiveState, parseRunRecord } from "./run_record.ts";

/** Runs of a cage that are kept; older ones go when another starts. */
export const KEPT_RUNS = 20;

/** Every run of a cage on record, the oldest first; none is fine. */
export async function listRuns(stateDir: string, cageId: string): Promise<RunRecord[]> {
  const ids = await listRunIds(stateDir, cageId);
  const records = await Promise.all(ids.map((runId) => readRun(stateDir, { cageId, runId })));
  return records.filter((record) => record !== undefined);
}

/** Ids of the runs a cage has directories of, the oldest first. */
export async function listRunIds(stateDir: string, cageId: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(runsDir(stateDir, cageId)));
    return entries.filter(({ isDirectory, name }) => isDirectory && isRunId(name))
      .map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** The run that was launched last; `undefined` before the first. */
export async function findLastRun(
  stateDir: string,
  cageId: string,
): Promise<RunRecord | undefined> {
  for (const runId of (await listRunIds(stateDir, cageId)).reverse()) {
    const record = await readRun(stateDir, { cageId, runId });
    if (record !== undefined) return record;
  }
  return undefined;
}

/**
 * How a run stands; `undefined` for one that is not, or is just being made. A run whose holder was
 * killed is `cut-off`, whatever it wrote last.
 */
export async function readRun(stateDir: string, key: RunKey): Promise<RunRecord | undefined> {
  const files = runFiles(runDir(stateDir, key));
  const record = parseRunRecord(await findText(files.record));
  if (record === undefined || !isLiveState(record.state)) return record;
  if (await isLocked(files.lock)) return record;
  // Its holder may have ended it since.
  const now = parseRunRecord(await findText(files.record));
  if (now === undefined || !isLiveState(now.state)) return now;
  return { ...now, state: "cut-off", reason: now.reason ?? "what held the run was killed" };
}

/** Removes the oldest runs but {@link KEPT_RUNS}; one that lives stays. */
export async function pruneRuns(
  stateDir: string,
  options: { cageId: string; keep?: number },
): Promise<void> {
  const { cageId, keep = KEPT_RUNS } = options;
  const ids = await listRunIds(stateDir, cageId);
  for (const runId of ids.slice(0, Math.max(0, ids.length - keep))) {
    const dir = join(runsDir(stateDir, cageId), runId);
    if (await isLocked(runFiles(dir).lock)) continue;
    await Deno.remove(dir, { recursive: true });
  }
}
