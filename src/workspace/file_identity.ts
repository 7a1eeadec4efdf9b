import type { FileIdentity } from "./types.ts";

/** What one look at a path tells. */
export type Identified = {
  identity: FileIdentity;
  directory: boolean;
  symlink: boolean;
  /** Number of hard links. */
  links: number;
};

/** Looks at a path without following a last symlink; `undefined` when nothing is there. */
export async function findIdentity(path: string): Promise<Identified | undefined> {
  try {
    const stat = await Deno.lstat(path);
    return {
      identity: formatIdentity(stat),
      directory: stat.isDirectory,
      symlink: stat.isSymlink,
      links: stat.nlink ?? 1,
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

/**
 * Formats device, inode and time of birth. The inode alone is not enough: ext4 gives the inode of a
 * deleted file to the next one made.
 */
export function formatIdentity(
  stat: Pick<Deno.FileInfo, "dev" | "ino" | "birthtime">,
): FileIdentity {
  return [stat.dev, stat.ino ?? "", stat.birthtime?.getTime() ?? ""].join(":");
}
