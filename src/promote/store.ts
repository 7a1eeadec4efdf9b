import { type NewObject, writePack } from "./pack.ts";
import type { Git } from "./git.ts";
import { openQuarantine } from "./quarantine.ts";
import type { Pin } from "./types.ts";

/** From so many objects on a pack is kept as one; fewer become loose objects, as git does it. */
export const UNPACK_LIMIT = 100;

/** Upper bound in milliseconds: a hundred thousand objects, not a hung disk. */
const STORE_MS = 10 * 60_000;

/**
 * Puts objects into the user's repository: checked by git as if they came from outside, there whole
 * or not at all. They are reachable from nothing yet.
 *
 * @throws {UserError} If git refuses one, with what it said.
 */
export async function storeObjects(
  objects: readonly NewObject[],
  at: { git: Git; pin: Pick<Pin, "cage" | "commonDir"> },
): Promise<void> {
  if (objects.length === 0) return;
  await using quarantine = await openQuarantine(at.git, at);
  const args = objects.length < UNPACK_LIMIT
    ? ["unpack-objects", "-q", "--strict"]
    : ["index-pack", "--stdin", "--strict"];
  const what = "Cannot keep the commits to promote";
  await quarantine.git.read(args, { what, stdin: writePack(objects), timeoutMs: STORE_MS });
  await quarantine.admit();
}
