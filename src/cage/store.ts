import { join } from "node:path";
import { writeFileAtomic } from "../files.ts";

/** What is remembered of a cage, in `<stateDir>/cages/<id>/cage.json`. */
export type CageRecord = {
  schema: 1;
  id: string;
  /** Canonical host path of the project. */
  projectPath: string;
  /** ISO 8601. */
  createdAt: string;
  /** SHA-256 of the compose document last written; an equal plan writes nothing. */
  planHash: string;
};

/** Where a cage keeps its files on the host. */
export function cageDir(stateDir: string, id: string): string {
  return join(stateDir, "cages", id);
}

/** The compose file of a cage. */
export function composePath(dir: string): string {
  return join(dir, "compose.yml");
}

/** Reads the record of a cage; `undefined` when there is none or it is of no known schema. */
export async function findCage(dir: string): Promise<CageRecord | undefined> {
  try {
    const record = JSON.parse(await Deno.readTextFile(join(dir, "cage.json")));
    return isCageRecord(record) ? record : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    // A record cut by a full disk is made anew by the next session.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Every cage with a record, by id. */
export async function listCages(stateDir: string): Promise<CageRecord[]> {
  const records: CageRecord[] = [];
  for (const id of await listCageIds(stateDir)) {
    const record = await findCage(cageDir(stateDir, id));
    if (record !== undefined) records.push(record);
  }
  return records;
}

/** Ids of all cage directories, sorted, whether or not their record can be read. */
export async function listCageIds(stateDir: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(join(stateDir, "cages")));
    return entries.filter((entry) => entry.isDirectory).map((entry) => entry.name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Writes the record and the compose file it belongs to. The record last: it names the hash. */
export async function writeCage(
  dir: string,
  record: CageRecord,
  composeText: string,
): Promise<void> {
  await writeFileAtomic(composePath(dir), composeText);
  await writeFileAtomic(join(dir, "cage.json"), JSON.stringify(record, null, 2) + "\n");
}

function isCageRecord(value: unknown): value is CageRecord {
  return typeof value === "object" && value !== null && "schema" in value && value.schema === 1 &&
    "id" in value && typeof value.id === "string" && "projectPath" in value &&
    typeof value.projectPath === "string" && "planHash" in value;
}
