import { findCopyRecord } from "../../copy/record.ts";
import { cageDir, listCageIds } from "../../cage/store.ts";
import type { CommandContext } from "../context.ts";
import { findServiceNames } from "../services.ts";

/** `sandcage __words service|cage`: the words completions ask for; says nothing where it cannot. */
export async function runWords(
  options: { kind: string; builtIn: readonly string[]; path?: string },
  context: CommandContext,
): Promise<void> {
  const words = options.kind === "cage"
    ? await listCageNames(context.host.stateDir)
    : [...options.builtIn, ...await findConfigured(options.path, context)];
  if (words.length > 0) context.io.out([...new Set(words)].join("\n"));
}

/** Copy cages are called by their names, all others by their ids. */
async function listCageNames(stateDir: string): Promise<string[]> {
  const ids = await listCageIds(stateDir);
  return await Promise.all(ids.map(async (id) => {
    return (await findCopyRecord(cageDir(stateDir, id)))?.name ?? id;
  }));
}

// Somebody who presses Tab wants no error in the middle of the line.
async function findConfigured(
  path: string | undefined,
  context: CommandContext,
): Promise<string[]> {
  try {
    return await findServiceNames(context.host, path);
  } catch {
    return [];
  }
}
