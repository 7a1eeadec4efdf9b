import { join } from "node:path";
import { type FileLock, lockFile } from "../../files.ts";

/** What brings commits out of a cage, as it stands on record. */
export const PROMOTE = "promote";

/**
 * Waits until no other process looks into a cage.
 *
 * @param dir Where the cage keeps its files on the host.
 */
export function lockLooks(dir: string): Promise<FileLock> {
  return lockFile(join(dir, "held", "look.lock"));
}
