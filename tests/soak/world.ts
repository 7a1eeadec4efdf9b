import { join } from "node:path";
import { RUN_ROOT, type World } from "../e2e/support/world.ts";

/** Where programs of this run put what is temporary: whatever stays there was forgotten by one. */
export const TEMPORARY = join(RUN_ROOT, "tmp");

/** Has everything that runs in a world put its temporary files where they are counted. */
export async function countTemporary<W extends World>(world: W): Promise<W> {
  await Deno.mkdir(TEMPORARY, { recursive: true });
  await Deno.chmod(TEMPORARY, 0o1777);
  world.env.TMPDIR = TEMPORARY;
  return world;
}
