import { join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import { lockFile, writeFileAtomic } from "../files.ts";

/** What is remembered of a cage, in `<stateDir>/cages/<id>/cage.json`. */
export type CageRecord = {
  schema: 1;
  id: string;
  /** Canonical host path of the project. */
  projectPath: string;
  /** ISO 8601. */
  createdAt: string;
};

/** Where a cage keeps its files on the host. */
export function cageDir(stateDir: string, id: string): string {
  return join(stateDir, "cages", id);
}

/** Reads the record of a cage; `undefined` when there is none or it is of no known schema. */
export async function findCage(dir: string): Promise<CageRecord | undefined> {
  try {
    const record: unknown = JSON.parse(await Deno.readTextFile(join(dir, "cage.json")));
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

/**
 * Takes a cage id for a project, once.
 *
 * @throws {UserError} Exit 5, when the name belongs to another project.
 */
export async function claimCage(
  dir: string,
  cage: Pick<CageRecord, "id" | "projectPath">,
): Promise<void> {
  if (isOwn(await findCage(dir), cage)) return;
  using _lock = await lockFile(join(dir, "cage.lock"));
  if (isOwn(await findCage(dir), cage)) return;
  const record: CageRecord = { schema: 1, ...cage, createdAt: new Date().toISOString() };
  await writeFileAtomic(join(dir, "cage.json"), JSON.stringify(record, null, 2) + "\n");
}

function isOwn(
  record: CageRecord | undefined,
  cage: Pick<CageRecord, "id" | "projectPath">,
): boolean {
  if (record === undefined) return false;
  if (record.projectPath === cage.projectPath) return true;
  throw new UserError(
    `The cage name "${cage.id}" belongs to another project: ${JSON.stringify(record.projectPath)}`,
    { hint: "Choose another name with --name", exit: EXIT.conflict, code: "conflict" },
  );
}

function isCageRecord(value: unknown): value is CageRecord {
  return typeof value === "object" && value !== null && "schema" in value && value.schema === 1 &&
    "id" in value && typeof value.id === "string" && "projectPath" in value &&
    typeof value.projectPath === "string";
}
