import { removeAreas } from "./area.ts";
import type { Git } from "./git.ts";
import { settleRepair } from "./gap_apply.ts";
import { type HostFiles, hostFiles } from "./host_files.ts";
import { dropLock, isOwnLock, takeLock } from "./index_lock.ts";
import { findUnsettled, type Journal } from "./journal.ts";
import { atWork } from "./place.ts";
import { finishLanding, undoLanding } from "./settle.ts";
import type { Pin, Wait } from "./types.ts";
import { held } from "./waits.ts";

/** What a recovery works with. */
export type RecoverOptions = {
  git: Git;
  pin: Pin;
  /** The cage's directory in sandcage's state. The caller holds the cage. */
  stateDir: string;
  files?: HostFiles;
  at?: ((moment: string) => void) | undefined;
};

/**
 * Settles what a killed process left: a landing whose refs have moved is brought to its end, any
 * other is taken back and lands anew with the next look. What the user did in between stays. Nothing
 * to settle costs a look at two files.
 *
 * @returns Why it cannot be settled yet: another git holds the index.
 * @throws {UserError} If git fails; the journal stays, and the next look tries again.
 */
export async function recoverLanding(options: RecoverOptions): Promise<Wait | undefined> {
  const { pin, stateDir } = options;
  const journal = await findUnsettled(stateDir);
  if (journal === undefined) {
    // Killed before the journal was written, or after it was removed.
    await dropLock(pin);
    await removeAreas(pin);
    return undefined;
  }
  // The user may have removed the lock, as git advises, and gone on.
  const isHeld = await isOwnLock(pin, journal.lock) || await takeLock(pin, journal.lock);
  if (!isHeld) return atWork(pin);
  const settling = { ...options, files: options.files ?? hostFiles() };
  if (journal.isRepair) await settleRepair(journal, settling);
  else {
    const settled = await undoLanding(journal, settling);
    if (settled === "blocked") return blockedWait(pin, journal);
    if (settled === "committed") await finishLanding(journal, settling);
  }
  options.at?.("settled");
  await dropLock(pin, journal.lock);
  await removeAreas(pin);
  return undefined;
}

/** A git that was killed in the middle leaves locks of refs as well. */
function blockedWait(pin: Pin, { pending }: Journal): Wait {
  return held("locked", {
    text: `Commits wait: a git that was killed left locks in ${pin.commonDir}`,
    hint: `If no git is at work there, remove ${pin.commonDir}/${pending}.lock`,
  });
}
