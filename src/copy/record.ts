import { join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import { writeFileAtomic } from "../files.ts";
import type { PromoteRecord } from "../promote/record.ts";
import { cageDir, type CageRecord, findCage, listCages } from "../cage/store.ts";

/** What is remembered of a cage whose files are in a volume, in `<stateDir>/cages/<id>/copy.json`. */
export type CopyRecord = {
  schema: 1;
  /** Id of the cage, for ever; its containers and volumes carry it. */
  id: string;
  /** What people call it; `rename` changes it. No two cages have the same. */
  name: string;
  /** `filling` until the files are in: then nothing in the volume is anybody's work yet. */
  state: "filling" | "ready";
  /** The service that `attach` and `launch` open. */
  service: string;
  /** Who the agent is inside: a user that the host does not have. */
  user: { uid: number; gid: number };
  volumes: { work: string; checkpoints: string };
  /** Title of the engine that has the volumes, as it was called then. */
  engine: string;
  /** What that engine calls itself; absent where it says nothing. */
  engineId?: string;
  /** Where the files came from; an address is without credentials. */
  source: { kind: "dir" } | { kind: "url"; url: string };
  /** The project first, as `project`. */
  roots: { name: string; hostPath: string }[];
  /** How the agent's login comes in. */
  authMode: "api_key" | "subscription";
  /** Absolute host path of a Dockerfile in place of the configuration's. */
  dockerfile?: string;
  /** The commit the project's repository inside began with; absent without one. */
  baseCommit?: string;
  /** Commits inside up to which the history is on the host by now, as patches or promoted. */
  takenCommits?: string[];
  /** A directory that is being copied in beside the others; nothing in it is anybody's work yet. */
  adding?: string;
  /** Its commits come back by themselves. */
  promote?: PromoteRecord;
  /** Start of the names of its homes, where those of other cages would say too much inside. */
  plainHome?: string;
  /** When work came back last, ISO 8601. */
  exportedAt?: string;
  /** ISO 8601. */
  createdAt: string;
};

/** Reads the record of a copy cage; `undefined` for a cage that mounts, or none. */
export async function findCopyRecord(dir: string): Promise<CopyRecord | undefined> {
  try {
    const record: unknown = JSON.parse(await Deno.readTextFile(join(dir, "copy.json")));
    return isCopyRecord(record) ? record : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Writes the record of a copy cage whole. */
export async function writeCopyRecord(stateDir: string, record: CopyRecord): Promise<void> {
  const path = join(cageDir(stateDir, record.id), "copy.json");
  await writeFileAtomic(path, JSON.stringify(record, null, 2) + "\n");
}

/** Every copy cage on record, with what every cage has, by id. */
export async function listCopyCages(
  stateDir: string,
): Promise<{ cage: CageRecord; copy: CopyRecord }[]> {
  const found = await Promise.all((await listCages(stateDir)).map(async (cage) => {
    const copy = await findCopyRecord(cageDir(stateDir, cage.id));
    return copy === undefined ? [] : [{ cage, copy }];
  }));
  return found.flat();
}

/**
 * The copy cage that a word means, by name, id or the start of one; without a word that of a
 * project.
 *
 * @throws {UserError} Of code `usage` if it means none or several.
 */
export async function requireCopyCage(
  stateDir: string,
  wanted: { word?: string | undefined; projectPath?: string | undefined },
): Promise<CopyRecord> {
  const { word, projectPath } = wanted;
  const known = await listCopyCages(stateDir);
  const chosen = word === undefined
    ? known.filter(({ cage }) => cage.projectPath === projectPath)
    : findByWord(known, word);
  if (chosen.length === 1) return chosen[0]!.copy;
  const names = (chosen.length > 1 ? chosen : known).map(({ copy }) => copy.name).join(", ");
  if (word === undefined && chosen.length > 1) {
    throw usage("This project has several cages", `Say which one: ${names}`);
  }
  const mounted = word === undefined ? undefined : await findCage(cageDir(stateDir, word));
  if (mounted !== undefined) {
    throw usage(
      `The cage "${word}" mounts its project: its files are on this machine at once`,
      "Only a cage with files of its own has something to carry: sandcage create, or\n" +
        "workspace: { mode: copy } in the configuration",
    );
  }
  throw usage(
    word === undefined
      ? "This project has no cage with files of its own"
      : `Cannot find cage ${JSON.stringify(word)}${
        chosen.length > 1 ? ": the name is not whole" : ""
      }`,
    known.length === 0 ? "Make one: sandcage create" : `There are: ${names}`,
  );
}

function findByWord<Known extends { copy: CopyRecord }>(known: readonly Known[], word: string) {
  const exact = known.filter(({ copy }) => copy.name === word || copy.id === word);
  if (exact.length > 0) return exact;
  return known.filter(({ copy }) => copy.name.startsWith(word) || copy.id.startsWith(word));
}

function usage(message: string, hint: string): UserError {
  return new UserError(message, { hint, exit: EXIT.usage, code: "usage" });
}

function isCopyRecord(value: unknown): value is CopyRecord {
  return typeof value === "object" && value !== null && "schema" in value && value.schema === 1 &&
    "volumes" in value && "roots" in value && Array.isArray(value.roots) && "name" in value &&
    typeof value.name === "string";
}
