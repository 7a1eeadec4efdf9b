import * as fs from "node:fs";
import { readArchive } from "./archive_read.ts";
import { writeArchive } from "./archive_write.ts";
import type { Lease } from "./lease.ts";
import { OWN_PREFIX, type Places } from "./place.ts";
import { findErrorCode, Refusal } from "./refusal.ts";
import { recoverRestores, swapTrees } from "./restore_swap.ts";
import { removeRaw } from "./raw_fs.ts";

/** One checkpoint, as the host is told of it. */
export type CheckpointRecord = {
  name: string;
  takenAt: string;
  bytes: number;
  entries: number;
  /** Its record is not whole, and it cannot come back. */
  isDamaged?: true;
};

/** What checkpoints are made with. */
export type CheckpointSite = { places: Places; lease: Lease; isLive(token: string): boolean };

/** Names people can type, and that are files as they are. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const UNFINISHED = ".new-";

/**
 * Writes all of `/work` into one file. It is there whole, or not at all: its record comes last.
 *
 * @throws {Refusal} For a name that is none, or taken.
 */
export function takeCheckpoint(name: string, site: CheckpointSite): CheckpointRecord {
  const { places, lease } = site;
  const paths = pathsOf(name, places);
  if (fs.existsSync(paths.record)) {
    throw new Refusal(`There is a checkpoint "${name}" already`, {
      hint: "Give another name, or remove the old one first",
    });
  }
  const temporary = `${places.checkpoints}/${UNFINISHED}${lease.token}`;
  const fd = fs.openSync(temporary, "wx", 0o600);
  try {
    const { bytes, entries, sha256 } = writeArchive(places.work, { fd, skip: isOwn });
    fs.renameSync(temporary, paths.archive);
    const record = { name, takenAt: new Date().toISOString(), bytes, entries };
    fs.writeFileSync(temporary, JSON.stringify({ ...record, sha256 }), { flag: "wx", mode: 0o600 });
    fs.linkSync(temporary, paths.record);
    return record;
  } finally {
    fs.closeSync(fd);
    fs.rmSync(temporary, { force: true });
  }
}

/** The checkpoints there are, the oldest first. */
export function listCheckpoints({ checkpoints }: Places): CheckpointRecord[] {
  return fs.readdirSync(checkpoints)
    .filter((name) => name.endsWith(".json") && !name.startsWith("."))
    .map((file) => {
      const known = findRecord(`${checkpoints}/${file}`);
      if (known === undefined) return describeDamaged(file.slice(0, -".json".length), checkpoints);
      const { sha256: _, ...record } = known;
      return record;
    })
    .sort((a, b) => a.takenAt < b.takenAt ? -1 : 1);
}

/**
 * Brings `/work` back to what it was. Directories that are in both stay the same ones, so that whoever
 * stands in one still does.
 *
 * @throws {Refusal} If there is no such checkpoint, it is damaged, or another comes back right now:
 * then `/work` is as it was.
 */
export function restoreCheckpoint(name: string, site: CheckpointSite): CheckpointRecord {
  const { places, lease } = site;
  const paths = pathsOf(name, places);
  if (!fs.existsSync(paths.record)) throw missing(name);
  const known = findRecord(paths.record);
  if (known === undefined) {
    throw damaged(name, "The checkpoint is damaged: its record is not whole");
  }
  const { sha256, ...record } = known;
  const stage = `${places.work}/${RESTORE_PREFIX}${lease.token}`;
  if (listStages(places).length > 0) {
    throw new Refusal("Another checkpoint comes back right now", { hint: "Wait until it is done" });
  }
  fs.mkdirSync(stage, 0o700);
  fs.mkdirSync(`${stage}/new`);
  fs.mkdirSync(`${stage}/old`);
  try {
    unpack(paths.archive, { to: `${stage}/new`, sha256 });
  } catch (error) {
    removeRaw(stage);
    throw error instanceof Refusal ? damaged(name, error.message) : error;
  }
  // Where this fails, old and new stay in the stage: the next program goes on by the journal.
  swapTrees(stage, { places, token: lease.token, isOwn });
  removeRaw(stage);
  return record;
}

function unpack(
  archive: string,
  { to, sha256 }: { to: string; sha256: string | undefined },
): void {
  let fd: number;
  try {
    fd = fs.openSync(archive, "r");
  } catch (error) {
    if (findErrorCode(error) !== "ENOENT") throw error;
    throw new Refusal("The checkpoint is damaged: its files are gone");
  }
  try {
    readArchive(to, { fd, ...(sha256 === undefined ? {} : { sha256 }) });
  } finally {
    fs.closeSync(fd);
  }
}

/** Removes a checkpoint. @throws {Refusal} If there is none. */
export function forgetCheckpoint(name: string, { places }: CheckpointSite): void {
  const paths = pathsOf(name, places);
  if (!fs.existsSync(paths.record)) throw missing(name);
  fs.rmSync(paths.record);
  fs.rmSync(paths.archive, { force: true });
}

/** Ends what programs that were killed had begun. */
export function recoverCheckpoints({ places, isLive }: Omit<CheckpointSite, "lease">): void {
  recoverRestores(places, { isLive });
  for (const stage of listStages(places)) {
    if (!isLive(stage.slice(RESTORE_PREFIX.length))) removeRaw(`${places.work}/${stage}`);
  }
  for (const name of fs.readdirSync(places.checkpoints)) {
    if (!name.startsWith(UNFINISHED) || isLive(name.slice(UNFINISHED.length))) continue;
    fs.rmSync(`${places.checkpoints}/${name}`, { force: true });
  }
}

const RESTORE_PREFIX = `${OWN_PREFIX}restore-`;

function listStages({ work }: Places): string[] {
  return fs.readdirSync(work).filter((name) => name.startsWith(RESTORE_PREFIX));
}

function isOwn(name: string): boolean {
  return name.startsWith(OWN_PREFIX);
}

function pathsOf(name: unknown, { checkpoints }: Places): { archive: string; record: string } {
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new Refusal(`A checkpoint cannot be named ${JSON.stringify(name)}`, {
      hint: "A name has letters, digits and . _ - and begins with a letter or a digit",
    });
  }
  return { archive: `${checkpoints}/${name}.tar`, record: `${checkpoints}/${name}.json` };
}

/** `undefined` for one that is not whole. Without a hash it is of an earlier version. */
function findRecord(path: string): CheckpointRecord & { sha256?: string } | undefined {
  try {
    const record: unknown = JSON.parse(fs.readFileSync(path, "utf8"));
    return isRecord(record) ? record : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isRecord(value: unknown): value is CheckpointRecord & { sha256?: string } {
  return typeof value === "object" && value !== null && "name" in value && "takenAt" in value &&
    typeof value.takenAt === "string" && "bytes" in value && "entries" in value &&
    (!("sha256" in value) || typeof value.sha256 === "string");
}

/** It is listed all the same: it takes room, and it can be removed. */
function describeDamaged(name: string, checkpoints: string): CheckpointRecord {
  const stat = fs.statSync(`${checkpoints}/${name}.json`);
  const archive = fs.statSync(`${checkpoints}/${name}.tar`, { throwIfNoEntry: false });
  const takenAt = stat.mtime.toISOString();
  return { name, takenAt, bytes: archive?.size ?? 0, entries: 0, isDamaged: true };
}

function damaged(name: string, problem: string): Refusal {
  return new Refusal(problem.replace("The checkpoint", `The checkpoint "${name}"`), {
    hint: `The files are as they were. Remove it: sandcage checkpoints --remove ${name}`,
  });
}

function missing(name: string): Refusal {
  return new Refusal(`There is no checkpoint "${name}"`, {
    hint: "See those there are: sandcage checkpoints",
  });
}
