import { join } from "node:path";
import { type FileLock, removeIfPresent, tryLockFile } from "../files.ts";
import type { MailSite } from "./site.ts";

/** Whose channel it is. */
type Key = Pick<MailSite, "dir" | "service">;

/** One process at a time carries the messages of a service: they arrive in their order. */
export async function takeChannel(
  site: Key,
  options: { isHeld: boolean },
): Promise<FileLock | undefined> {
  const lock = await tryLockFile(join(site.dir, `channel.${site.service}.lock`));
  if (lock === undefined) return undefined;
  const mark = heldMark(site);
  if (options.isHeld) await Deno.writeTextFile(mark, "", { mode: 0o600 });
  // Left by a holder that was killed.
  else await removeIfPresent(mark);
  return {
    [Symbol.dispose]() {
      if (options.isHeld) removeQuietly(mark);
      lock[Symbol.dispose]();
    },
  };
}

/** Whether a run has it, which keeps it open: what is sent comes by itself. */
export async function isHeld(site: Key): Promise<boolean> {
  return await Deno.stat(heldMark(site)).then(() => true, () => false);
}

function heldMark(site: Key): string {
  return join(site.dir, `channel.${site.service}.held`);
}

function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Whoever takes the lock next removes it.
  }
}
