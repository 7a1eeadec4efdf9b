import * as fs from "node:fs";
import { readArchive } from "./archive_read.ts";
import { writeArchive } from "./archive_write.ts";
import type { Lease } from "./lease.ts";
import { OWN_PREFIX, type Places } from "./place.ts";
import { findErrorCode, Refusal } from "./refusal.ts";
import { recoverRestores, swapTrees } from "./restore_swap.ts";
import { removeRaw } from "./raw_fs.ts";

/** One checkpoint, as the host is told of it. */
export type CheckpointRecord = { name: string; takenAt: string; bytes: number; entries: number };

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
    const { bytes, entries } = writeArchive(places.work, { fd, skip: isOwn });
    fs.renameSync(temporary, paths.archive);
    const record = { name, takenAt: new Date().toISOString(), bytes, entries };
    fs.writeFileSync(temporary, JSON.stringify(record), { flag: "wx", mode: 0o600 });
    fs.linkSync(temporary, paths.record);
    return record;
  } finally {
    fs.closeSync(fd);
    fs.rmSync(temporary, { force: true });
  }
}

/** The checkpoints there are, the oldest first. */
export function listCheckpoints({ checkpoints }: Places): CheckpointRecord[] {
  return fs.readdirSync(checkpoints).filter((name) => name.endsWith(".json"))
    .flatMap((name) => findRecord(`${checkpoints}/${name}`))
    .sort((a, b) => a.takenAt < b.takenAt ? -1 : 1);
}

/**
 * Brings `/work` back to what it was. Directories that are in both stay the same ones, so that whoever
 * stands in one still does.
 *
 * @throws {Refusal} If there is no such checkpoint, it is damaged, or another comes back right now.
 */
export function restoreCheckpoint(name: string, site: CheckpointSite): CheckpointRecord {
  const { places, lease } = site;
  const paths = pathsOf(name, places);
  const record = findRecord(paths.record)[0];
  if (record === undefined) throw missing(name);
  const stage = `${places.work}/${RESTORE_PREFIX}${lease.token}`;
  if (listStages(places).length > 0) {
    throw new Refusal("Another checkpoint comes back right now", { hint: "Wait until it is done" });
  }
  fs.mkdirSync(stage, 0o700);
  fs.mkdirSync(`${stage}/new`);
  fs.mkdirSync(`${stage}/old`);
  const fd = fs.openSync(paths.archive, "r");
  try {
    readArchive(`${stage}/new`, { fd });
  } catch (error) {
    removeRaw(stage);
    throw error;
  } finally {
    fs.closeSync(fd);
  }
  // Where this fails, old and new stay in the stage: the next program goes on by the journal.
  swapTrees(stage, { places, token: lease.token, isOwn });
  removeRaw(stage);
  return record;
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

function findRecord(path: string): CheckpointRecord[] {
  try {
    return [JSON.parse(fs.readFileSync(path, "utf8")) as CheckpointRecord];
  } catch (error) {
    if (findErrorCode(error) === "ENOENT" || error instanceof SyntaxError) return [];
    throw error;
  }
}

function missing(name: string): Refusal {
  return new Refusal(`There is no checkpoint "${name}"`, {
    hint: "See those there are: sandcage checkpoints",
  });
}
