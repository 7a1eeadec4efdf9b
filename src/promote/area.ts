import { dirname, join, sep as SEPARATOR } from "node:path";
import { type HostFiles, rawPath } from "./host_files.ts";
import type { Pin } from "./types.ts";

/** A directory of ours beside the user's files, from which and into which files can be renamed. */
export type Area = {
  path: string;
  /** A copy of the index, brought to the new commit. */
  index: string;
  /** New files, at their paths in the project. */
  new: string;
  /** Files as git would write them for the user's index. */
  was: string;
  /** Another copy of the index, as it is. */
  wasIndex: string;
};

/** Where in a git directory areas are. */
const HOME = "sandcage";
/** In the working tree, where the git directory is on another file system. */
const OUTER_HOME = ".sandcage-landing";

/** For new files, for files as the index has them, for older files that are kept. */
const DIRS = ["new", "was", "old"] as const;

/** Says where things are in an area. */
export function areaAt(path: string): Area {
  return {
    path,
    index: join(path, "index"),
    new: join(path, "new"),
    was: join(path, "was"),
    wasIndex: join(path, "was-index"),
  };
}

/** The place of an older file in an area, as bytes. */
export function oldAt(area: string, slot: number): string {
  return `${rawPath(area)}${SEPARATOR}old${SEPARATOR}${slot}`;
}

/** The place of a new file in an area, as bytes. */
export function newAt(area: string, path: string): string {
  return `${rawPath(area)}${SEPARATOR}new/${path}`;
}

/** Makes an area of its own name: a git that a killed process left writes into another. */
export async function openArea(pin: Pin): Promise<Area> {
  const home = isOneDisk(pin) ? join(pin.gitDir, HOME) : join(pin.worktree, OUTER_HOME);
  const area = areaAt(join(home, pin.cage, crypto.randomUUID()));
  await Deno.mkdir(area.path, { recursive: true, mode: 0o700 });
  // Not to be seen by `git status` while it is there.
  if (home.endsWith(OUTER_HOME)) await Deno.writeTextFile(join(home, ".gitignore"), "*\n");
  for (const name of DIRS) await Deno.mkdir(join(area.path, name));
  return area;
}

/**
 * Begins to remove files of an area: those that came and those that were compared, once that is done;
 * older ones, once they are of no use. What stays goes with the area.
 */
export async function clearArea(area: Area, part: "new" | "old"): Promise<void> {
  const dirs = part === "new" ? [area.new, area.was] : [join(area.path, part)];
  await Promise.all(dirs.map((dir) => removeTree(dir).catch(() => {})));
}

/** Removes an area; those of other landings and previews stay. */
export async function removeArea(area: Area): Promise<void> {
  await removeTree(area.path);
  const cage = dirname(area.path);
  await removeIfEmpty(cage);
  await removeHome(dirname(cage));
}

/** Removes the areas of a cage, whoever left them. */
export async function removeAreas(pin: Pin): Promise<void> {
  for (const home of [join(pin.gitDir, HOME), join(pin.worktree, OUTER_HOME)]) {
    await removeTree(join(home, pin.cage));
    await removeHome(home);
  }
}

/** Whether something of a path is ours: not the user's to be asked about. */
export function isAreaPath(path: string): boolean {
  return path === OUTER_HOME || path.startsWith(`${OUTER_HOME}/`);
}

/** Removes directories in which there is nothing but directories; says whether all went. */
export function removeEmptyDirs(path: string, files: HostFiles): boolean {
  for (const name of files.list(path)) {
    const at = `${path}/${name}`;
    if (files.lstat(at)?.kind === "directory") removeEmptyDirs(at, files);
  }
  return files.rmdir(path);
}

/** Other cages may have areas there. */
async function removeHome(home: string): Promise<void> {
  try {
    const names = Array.from(Deno.readDirSync(home), ({ name }) => name);
    if (names.some((name) => name !== ".gitignore")) return;
    await Deno.remove(home, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function removeIfEmpty(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) && !isNotEmpty(error)) throw error;
  }
}

async function removeTree(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    // A git that was left alone may still be writing there; the next landing removes it.
    if (!(error instanceof Deno.errors.NotFound) && !isNotEmpty(error)) throw error;
  }
}

function isNotEmpty(error: unknown): boolean {
  return error instanceof Error && (error as { code?: string }).code === "ENOTEMPTY";
}

function isOneDisk(pin: Pin): boolean {
  return Deno.statSync(pin.gitDir).dev === Deno.statSync(pin.worktree).dev;
}
