import type { TreeFs } from "./fs.ts";

/**
 * Removes a path with all that is below it, never through a symlink. What has a name that is no
 * UTF-8 cannot be named: it stays, and so do the directories above it.
 */
export function removeTree(fs: TreeFs, path: string): void {
  const stat = fs.lstat(path);
  if (stat === undefined) return;
  if (stat.kind === "dir") {
    for (const name of fs.list(path)) {
      if (typeof name === "string") removeTree(fs, `${path}/${name}`);
    }
    if (fs.list(path).length > 0) return;
  }
  fs.remove(path);
}
