import { join } from "node:path";
import { findText, isFile, writeFileAtomic } from "../files.ts";
import { cageDir } from "./store.ts";

/**
 * What `sandcage stop` said last in a cage; empty when it never did. Whoever starts something that
 * nobody waits for reads it first, and again when the container runs: another mark means that the
 * start came too late for the stop to see, and not for the stop to mean.
 */
export async function readStopMark(stateDir: string, cageId: string): Promise<string> {
  return await findText(markPath(stateDir, cageId)) ?? "";
}

/** Says in cages that everything of now is to end. Call it before looking for what runs. */
export async function markStopped(stateDir: string, cageIds: readonly string[]): Promise<void> {
  for (const id of cageIds) {
    // A cage of another machine or of an older time has no directory here, and nothing that starts.
    if (!isFile(join(cageDir(stateDir, id), "cage.json"))) continue;
    await writeFileAtomic(markPath(stateDir, id), crypto.randomUUID());
  }
}

function markPath(stateDir: string, cageId: string): string {
  return join(cageDir(stateDir, cageId), "stopped");
}
