import type { TreeFs } from "../tree/fs.ts";
import { Refusal } from "./refusal.ts";

/** Where the volumes are in the courier's container. */
export type Places = { work: string; checkpoints: string };

/** Names at the top of `/work` that are the courier's own while it works. */
export const OWN_PREFIX = ".sandcage-";

/**
 * The absolute path of a root, `project` or `project/.git`; every directory on the way has to be one.
 *
 * @throws {Refusal} For a root that leads out of `/work`, or through a symlink.
 */
export function resolveRoot(
  fs: TreeFs,
  root: unknown,
  options: { places: Places },
): string {
  if (typeof root !== "string" || !isPathInside(root) || root.startsWith(OWN_PREFIX)) {
    throw new Refusal(`Cannot use ${JSON.stringify(root)} as a root: it is no place below /work`);
  }
  let path = options.places.work;
  for (const part of root.split("/")) {
    path += `/${part}`;
    const stat = fs.lstat(path);
    if (stat === undefined) continue;
    if (stat.kind !== "dir") {
      throw new Refusal(`Cannot use ${JSON.stringify(root)} as a root: there is no directory`);
    }
  }
  return path;
}

/** Makes the directories of a root that are not there yet. */
export function makeRoot(fs: TreeFs, path: string): void {
  if (fs.lstat(path) !== undefined) return;
  makeRoot(fs, path.slice(0, path.lastIndexOf("/")));
  fs.mkdir(path, 0o755);
}

/**
 * A path that is asked for below a root, as it came.
 *
 * @throws {Refusal} For one that leads out of it.
 */
export function parsePath(path: unknown): string {
  if (typeof path === "string" && isPathInside(path)) return path;
  throw new Refusal(`Cannot use the path ${JSON.stringify(path)}: it leads out of its root`);
}

/** Whether every directory above a path below a root is one, and no symlink. */
export function hasRealParents(
  fs: TreeFs,
  path: string,
  options: { root: string },
): boolean {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    if (fs.lstat(`${options.root}/${path.slice(0, end)}`)?.kind !== "dir") return false;
  }
  return true;
}

function isPathInside(path: string): boolean {
  return !path.includes("\0") && path.split("/").every((part) => !["", ".", ".."].includes(part));
}
