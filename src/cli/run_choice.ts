import { findCopyRecord, listCopyCages } from "../copy/record.ts";
import { cageDir, listCageIds } from "../cage/store.ts";
import { listRunIds } from "../headless/runs.ts";
import type { Host } from "../host.ts";
import { findCageId, findCopyId } from "./cage_word.ts";
import { findCagesHere } from "./copy_choice.ts";

/** A cage whose runs are meant: its id, and what people call it. */
export type RunCage = { id: string; name: string };

/**
 * The cage whose runs a command line is about: the named one, else of the cages of the directory
 * stood in the one that was launched last, or its own where none was.
 *
 * @throws {UserError} Of code `usage`, if there is none of the name.
 */
export async function chooseRunCage(
  choice: { cage?: string | undefined; path?: string | undefined },
  host: Host,
): Promise<RunCage> {
  const id = choice.cage === undefined
    ? await findLaunchedLast(await findCagesHere(choice, host), host.stateDir)
    : await findNamed(choice.cage, host.stateDir);
  const copy = await findCopyRecord(cageDir(host.stateDir, id));
  return { id, name: copy?.name ?? id };
}

async function findNamed(word: string, stateDir: string): Promise<string> {
  const copies = (await listCopyCages(stateDir)).map(({ copy }) => copy);
  return findCopyId(word, copies) ?? findCageId(word, await listCageIds(stateDir));
}

async function findLaunchedLast(ids: readonly string[], stateDir: string): Promise<string> {
  const last = await Promise.all(ids.map(async (id) => {
    return { id, runId: (await listRunIds(stateDir, id)).at(-1) ?? "" };
  }));
  return last.sort((a, b) => (a.runId < b.runId ? 1 : a.runId > b.runId ? -1 : 0))[0]!.id;
}
