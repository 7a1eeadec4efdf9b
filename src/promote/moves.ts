import { newAt, oldAt, removeEmptyDirs } from "./area.ts";
import { type FileFacts, type HostFiles, isGone, rawPath } from "./host_files.ts";
import { type Identity, isSameFile, type Journal, type Step } from "./journal.ts";

/** The user changed something in the moment of the landing. The path is bytes. */
export class ChangedMeanwhileError extends Error {
  /** Which path: its bytes, one in each character. */
  readonly path: string;

  /** Names the path. */
  constructor(path: string) {
    super(`Something changed at ${JSON.stringify(path)}`);
    this.name = "ChangedMeanwhileError";
    this.path = path;
  }
}

/** What moves files, and where. */
export type MoveOptions = {
  files: HostFiles;
  worktree: string;
  /** Called between any two effects. For tests that fail there. */
  at?: ((moment: string) => void) | undefined;
};

/**
 * Carries out the steps of a journal. Files of the user are moved aside and never written to; new
 * ones come whole, and only where nothing is.
 *
 * @throws {ChangedMeanwhileError} If a path is not as it was when the journal was written.
 */
export function applySteps(journal: Journal, options: MoveOptions): void {
  const at = { area: journal.area, ...options };
  const isPlaced = createDirMove(journal, at);
  for (const [index, step] of journal.steps.entries()) {
    options.at?.(`step ${index}`);
    try {
      if (!isPlaced(step)) applyStep(step, at);
    } catch (error) {
      // A directory came or went in between.
      if (!isGone(error) && !(error instanceof Deno.errors.AlreadyExists)) throw error;
      throw new ChangedMeanwhileError(step.path);
    }
  }
}

/**
 * Looks whether anybody wrote to files after they were moved aside, as an editor may that had them
 * open.
 *
 * @throws {ChangedMeanwhileError} If so.
 */
export function checkMovedAside(journal: Journal, options: MoveOptions): void {
  for (const step of journal.steps) {
    if (!("slot" in step) || step.old === undefined) continue;
    const facts = options.files.lstat(oldAt(journal.area, step.slot));
    if (!isSameFile(facts, step.old)) throw new ChangedMeanwhileError(step.path);
  }
}

/** What stands now where files came, for those that are still the ones that came. */
export function readPlaced(journal: Journal, options: MoveOptions): Map<string, FileFacts> {
  return readBack(journal, options, (step) => step.kind === "place" ? step.new : undefined);
}

/**
 * Takes back what a landing did, whole or in part, whatever it was interrupted by; a second time
 * changes nothing. What the user did since stays: only files that are the very ones that came are
 * taken away, and older ones come back only to where nothing is.
 *
 * @returns The files that are back.
 */
export function undoSteps(journal: Journal, options: MoveOptions): Map<string, FileFacts> {
  const at = { area: journal.area, ...options };
  const steps = [...journal.steps.entries()].reverse();
  for (const [index, step] of steps) {
    options.at?.(`undo ${index}`);
    takeAway(step, at);
  }
  const root = rawPath(options.worktree);
  for (const dir of [...journal.newDirs].reverse()) options.files.rmdir(`${root}/${dir}`);
  for (const [index, step] of steps) {
    options.at?.(`back ${index}`);
    bringBack(step, at);
  }
  return readBack(journal, options, (step) => "slot" in step ? step.old : undefined);
}

type At = MoveOptions & { area: string };

/**
 * Moves directories that come with all that is in them, in one call each; says whether a step's file
 * has come so. What is taken back later are files and directories all the same.
 */
function createDirMove(journal: Journal, at: At): (step: Step) => boolean {
  const left = new Set(journal.newDirs);
  const moved = new Set<string>();
  return (step) => {
    // A file that was there when it was decided is no longer: its own step says so.
    if (step.kind !== "place" || step.old !== undefined) return false;
    const dir = parentsOf(step.path).find((parent) => left.has(parent) || moved.has(parent));
    if (dir === undefined) return false;
    if (left.delete(dir)) {
      checkParents(dir, at);
      const target = `${rawPath(at.worktree)}/${dir}`;
      if (at.files.moveNewDir(newAt(at.area, dir), target)) moved.add(dir);
    }
    return moved.has(dir);
  };
}

function applyStep(step: Step, at: At): void {
  const target = `${rawPath(at.worktree)}/${step.path}`;
  switch (step.kind) {
    case "remove":
      moveAside(step.path, { ...at, slot: step.slot, old: step.old });
      removeParents(step.path, at);
      return;
    case "place":
      // Parents are looked at once: right before the first thing that is done below them.
      if (step.old === undefined) makeParents(step.path, at);
      else moveAside(step.path, { ...at, slot: step.slot, old: step.old });
      at.at?.("aside");
      return placeNew(newAt(at.area, step.path), { ...at, target });
    case "add-module":
      makeParents(step.path, at);
      if (at.files.lstat(target) === undefined) at.files.mkdir(target);
      return;
    case "drop-module":
      // Its files are the user's: git leaves them too.
      if (at.files.rmdir(target)) removeParents(step.path, at);
      return;
  }
}

/** Directories in which nothing is left give way. */
function placeNew(from: string, { files, target }: At & { target: string }): void {
  try {
    files.moveNew(from, target);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    if (files.lstat(target)?.kind !== "directory") throw error;
    removeEmptyDirs(target, files);
    files.moveNew(from, target);
  }
}

function moveAside(path: string, at: At & { slot: number; old: Identity }): void {
  const target = `${rawPath(at.worktree)}/${path}`;
  checkParents(path, at);
  if (!isSameFile(at.files.lstat(target), at.old)) throw new ChangedMeanwhileError(path);
  const aside = oldAt(at.area, at.slot);
  at.files.move(target, aside);
  if (isSameFile(at.files.lstat(aside), at.old)) return;
  at.files.moveNew(aside, target);
  throw new ChangedMeanwhileError(path);
}

function takeAway(step: Step, at: At): void {
  const target = `${rawPath(at.worktree)}/${step.path}`;
  if (!isSafeParent(step.path, at)) return;
  if (step.kind === "place") takeBack(step, { ...at, target });
  if (step.kind === "add-module") at.files.rmdir(target);
}

/** Where something of the user's is by now, that stays: the older content is in the history. */
function bringBack(step: Step, at: At): void {
  const { files } = at;
  if (step.kind === "add-module") return;
  const target = `${rawPath(at.worktree)}/${step.path}`;
  const aside = step.kind === "drop-module" ? undefined : oldAt(at.area, step.slot);
  if (aside !== undefined && files.lstat(aside) === undefined) return;
  try {
    makeParents(step.path, at);
    if (aside === undefined) files.mkdir(target);
    else files.moveNew(aside, target);
  } catch (error) {
    const isUsers = error instanceof Deno.errors.AlreadyExists ||
      error instanceof ChangedMeanwhileError;
    if (!isUsers) throw error;
  }
}

/** Takes away the file that came, if it still is that file. */
function takeBack(step: Step & { kind: "place" }, at: At & { target: string }): void {
  if (!isSameFile(at.files.lstat(at.target), step.new)) return;
  // Not over the older file, which is in the slot.
  const away = `${oldAt(at.area, step.slot)}-new`;
  at.files.move(at.target, away);
  if (!isSameFile(at.files.lstat(away), step.new)) at.files.moveNew(away, at.target);
}

function readBack(
  journal: Journal,
  { files, worktree }: MoveOptions,
  pick: (step: Step) => Identity | undefined,
): Map<string, FileFacts> {
  const back = new Map<string, FileFacts>();
  for (const step of journal.steps) {
    const identity = pick(step);
    if (identity === undefined) continue;
    const facts = files.lstat(`${rawPath(worktree)}/${step.path}`);
    if (facts !== undefined && isSameFile(facts, identity)) back.set(step.path, facts);
  }
  return back;
}

function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
    parents.push(path.slice(0, at));
  }
  return parents;
}

function makeParents(path: string, at: At): void {
  for (const dir of parentsOf(path)) {
    const target = `${rawPath(at.worktree)}/${dir}`;
    const facts = at.files.lstat(target);
    if (facts === undefined) at.files.mkdir(target);
    else if (facts.kind !== "directory") throw new ChangedMeanwhileError(dir);
  }
}

function checkParents(path: string, at: At): void {
  if (!isSafeParent(path, at)) throw new ChangedMeanwhileError(path);
}

/** Whether the way to a path leads through directories alone. */
function isSafeParent(path: string, at: At): boolean {
  const root = rawPath(at.worktree);
  return parentsOf(path).every((dir) => at.files.lstat(`${root}/${dir}`)?.kind === "directory");
}

/** As git does it: directories go that nothing is left in. */
function removeParents(path: string, at: At): void {
  for (const dir of parentsOf(path).reverse()) {
    if (!at.files.rmdir(`${rawPath(at.worktree)}/${dir}`)) return;
  }
}
