import { UserError } from "../../errors.ts";
import { changeCopyRecord } from "../../copy/claim.ts";
import type { CopyRecord } from "../../copy/record.ts";
import { observeHeld } from "../../hold/held.ts";
import { endHold, startHold } from "../../hold/start.ts";
import type { CageContext, PlannedSite } from "../../cage/prepare.ts";
import { PROMOTE } from "./names.ts";
import { openUserGit, readPromoteSettings } from "./fill.ts";

/**
 * Sees to it that a process of its own brings the commits of a cage out while something runs in it.
 * One that was killed is started again; where one is, nothing happens.
 */
export async function ensurePromoter(copy: CopyRecord, context: CageContext): Promise<void> {
  const { host, engineContext, signal } = context;
  const key = { cageId: copy.id, name: PROMOTE };
  const { kind } = await observeHeld(host.stateDir, key);
  if (kind === "ready" || kind === "starting") return;
  await startHold(key, {
    title: `What promotes the commits of "${copy.name}"`,
    args: [
      ...(engineContext === undefined ? [] : ["--context", engineContext]),
      ...["promote-daemon", copy.id],
    ],
    host,
    onSaid() {},
    signal,
  });
}

/** Asks that process to bring out what there is and to end; `false` when it does not. */
export function endPromoter(copy: Pick<CopyRecord, "id">, stateDir: string): Promise<boolean> {
  return endHold(stateDir, { cageId: copy.id, name: PROMOTE });
}

/**
 * Takes over what the configuration says by now: it was trusted a moment ago, and what a commit of
 * the cage makes of it later has no effect until the next start.
 *
 * @throws {UserError} If nobody's name is known.
 */
export async function refreshPromotion(
  site: Pick<PlannedSite, "copy" | "config" | "images">,
  context: CageContext,
): Promise<CopyRecord | undefined> {
  const { copy, config, images } = site;
  if (copy?.promote === undefined) return undefined;
  const { git } = await openUserGit(copy.roots[0]!.hostPath, context);
  const settings = await readPromoteSettings(config, { git, image: images.final.ref });
  return await changeCopyRecord(copy.id, (now) => {
    if (now.promote === undefined) throw new UserError(`The cage "${now.name}" was made anew`);
    return { ...now, promote: { ...now.promote, ...settings } };
  }, context.host);
}
