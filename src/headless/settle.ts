import { join } from "node:path";
import { removeIfPresent } from "../files.ts";
import { isLocked } from "../hold/held.ts";
import { runFiles, runsDir } from "./run_files.ts";
import { listRunIds } from "./runs.ts";

/** How long a launch may take until its holder has written its run down, in milliseconds. */
const LAUNCH_MS = 60_000;

/**
 * Clears up after runs whose holders were killed: what the agent was asked does not stay, nor does
 * what never became a run. What they said until then does.
 */
export async function settleRuns(
  stateDir: string,
  options: { cageId: string; nowMs: number },
): Promise<void> {
  const { cageId, nowMs } = options;
  for (const runId of await listRunIds(stateDir, cageId)) {
    const files = runFiles(join(runsDir(stateDir, cageId), runId));
    const prompt = await findStat(files.prompt);
    if (prompt === undefined || await isLocked(files.lock)) continue;
    if (await findStat(files.record) !== undefined) {
      for (const path of [files.prompt, files.spare]) await removeIfPresent(path);
    } else if (nowMs - (prompt.mtime?.getTime() ?? 0) > LAUNCH_MS) {
      await Deno.remove(files.dir, { recursive: true });
    }
  }
}

async function findStat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
