import { join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import { type FileLock, lockFile, tryLockFile, writeFileAtomic } from "../files.ts";
import { type CopyRecord, findCopyRecord, writeCopyRecord } from "./record.ts";
import { cageDir, type CageRecord, findCage, listCageIds } from "../cage/store.ts";

/** How names are given out. */
export type ClaimOptions = {
  stateDir: string;
  /** Removes all of a cage that nobody finished. */
  sweep(copy: CopyRecord): Promise<void>;
};

/**
 * Puts a new cage on record, unless its name is taken. What an interrupted `create` of the same name
 * left is removed first.
 *
 * @returns The lock that says that somebody is making it: held until the record says `ready`, and
 * dropped by the kernel when this process dies.
 * @throws {UserError} Of code `conflict`, when another cage has the name.
 */
export async function claimCopyCage(copy: CopyRecord, options: ClaimOptions): Promise<FileLock> {
  const { stateDir } = options;
  using _names = await lockNames(stateDir);
  await removeScraps(stateDir);
  const holder = await findHolder(copy.name, stateDir);
  if (holder !== undefined) {
    if (!await isAbandoned(holder, stateDir)) throw takenName(holder);
    await options.sweep(holder);
  }
  if (await findCage(cageDir(stateDir, copy.name)) !== undefined) throw mountedName(copy.name);
  const lock = await lockFile(makingPath(stateDir, copy.id));
  // In this order: a record without the other belongs to nobody and is found by its name.
  await writeCopyRecord(stateDir, copy);
  const cage: CageRecord = {
    schema: 1,
    id: copy.id,
    projectPath: copy.roots[0]!.hostPath,
    createdAt: copy.createdAt,
  };
  const path = join(cageDir(stateDir, copy.id), "cage.json");
  await writeFileAtomic(path, JSON.stringify(cage, null, 2) + "\n");
  return lock;
}

/**
 * Gives a cage another name.
 *
 * @throws {UserError} Of code `conflict`, when another cage has it.
 */
export function renameCopyCage(
  copy: Pick<CopyRecord, "id">,
  name: string,
  options: { stateDir: string },
): Promise<CopyRecord> {
  const { stateDir } = options;
  return changeCopyRecord(copy.id, async (now) => {
    const holder = await findHolder(name, stateDir);
    if (holder !== undefined && holder.id !== now.id) throw takenName(holder);
    if (await findCage(cageDir(stateDir, name)) !== undefined) throw mountedName(name);
    return { ...now, name };
  }, options);
}

/**
 * Changes a record as it is by now: nobody else's change is lost.
 *
 * @throws {UserError} Of code `conflict`, when the cage is gone.
 */
export async function changeCopyRecord(
  id: string,
  change: (now: CopyRecord) => CopyRecord | Promise<CopyRecord>,
  options: { stateDir: string },
): Promise<CopyRecord> {
  const { stateDir } = options;
  using _names = await lockNames(stateDir);
  const now = await findCopyRecord(cageDir(stateDir, id));
  if (now === undefined) {
    throw new UserError(`The cage ${id} was removed meanwhile`, {
      hint: "See what there is: sandcage list",
      exit: EXIT.conflict,
      code: "conflict",
    });
  }
  const changed = await change(now);
  await writeCopyRecord(stateDir, changed);
  return changed;
}

/** Whether a cage was begun by somebody who is gone: nothing in it is anybody's work. */
export async function isAbandoned(
  copy: Pick<CopyRecord, "id" | "state">,
  stateDir: string,
): Promise<boolean> {
  if (copy.state !== "filling") return false;
  // Not by `using`: the bundler drops one that is read once, and the lock would stay.
  const lock = await tryLockFile(makingPath(stateDir, copy.id));
  lock?.[Symbol.dispose]();
  return lock !== undefined;
}

/** Names are given out one after the other. */
function lockNames(stateDir: string): Promise<FileLock> {
  return lockFile(join(stateDir, "locks", "names.lock"));
}

function makingPath(stateDir: string, id: string): string {
  return join(cageDir(stateDir, id), "making.lock");
}

/** All that there can be of a cage before it has anything on an engine, and after it had. */
const SCRAPS = ["copy.json", "making.lock"];

/** Removes what was cut while a cage came or went: half a record. The caller holds the names. */
async function removeScraps(stateDir: string): Promise<void> {
  for (const id of await listCageIds(stateDir)) {
    const dir = cageDir(stateDir, id);
    const names = (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
    const isScrap = names.some((name) => SCRAPS.includes(name)) &&
      names.every((name) => SCRAPS.includes(name) || name.endsWith(".tmp"));
    if (!isScrap) continue;
    const lock = await tryLockFile(makingPath(stateDir, id));
    if (lock === undefined) continue;
    using _held = lock;
    await Deno.remove(dir, { recursive: true });
  }
}

async function findHolder(name: string, stateDir: string): Promise<CopyRecord | undefined> {
  for (const id of await listCageIds(stateDir)) {
    const copy = await findCopyRecord(cageDir(stateDir, id));
    if (copy !== undefined && (copy.name === name || copy.id === name)) return copy;
  }
  return undefined;
}

function takenName(holder: CopyRecord): UserError {
  const isMaking = holder.state === "filling";
  return new UserError(
    `There is a cage named "${holder.name}" already${
      isMaking ? ", which is being made right now" : ""
    }`,
    {
      hint: (isMaking ? "" : `Open it: sandcage attach ${holder.name}\n` +
        `Or make room: sandcage destroy ${holder.name}\n`) +
        "Or choose another name: --name NAME",
      exit: EXIT.conflict,
      code: "conflict",
    },
  );
}

function mountedName(name: string): UserError {
  return new UserError(`There is a cage named "${name}" already; it mounts its project`, {
    hint: "Choose another name: --name NAME",
    exit: EXIT.conflict,
    code: "conflict",
  });
}
