import { listCopyCages } from "../copy/record.ts";
import { drainPromoted } from "../promote/cage/run.ts";
import { isPromoted, openPromoteSite, type PromoteSite } from "../promote/cage/site.ts";
import { UserError } from "../errors.ts";
import type { LookOutcome } from "../promote/look.ts";
import { count, describeLook, formatWords } from "../promote/status_words.ts";
import { shortBranch } from "../promote/waits.ts";
import type { CommandContext } from "./context.ts";

/**
 * Brings out what stopped cages have committed, and says what waits: nothing runs in them any more,
 * so it is all there is.
 */
export async function drainStopped(
  cageIds: readonly string[],
  context: CommandContext,
): Promise<void> {
  const { host, io, signals } = context;
  for (const { copy } of await listCopyCages(host.stateDir)) {
    if (!cageIds.includes(copy.id) || !isPromoted(copy) || copy.state !== "ready") continue;
    using step = io.progress(`Bringing out the commits of ${copy.name}`);
    try {
      const site = await openPromoteSite(copy, context);
      const { commits, last } = await drainPromoted(site, { signal: signals?.signal });
      step.done(commits === 0 ? "nothing new" : count(commits, "commit"));
      sayWaiting(site, last, context);
    } catch (error) {
      // The cage is stopped all the same; its commits stay in it.
      if (!(error instanceof UserError)) throw error;
      io.warn(`The commits of "${copy.name}" stay inside: ${error.message}`);
    }
  }
}

/** Says why something waits, if something does. */
export function sayWaiting(
  site: Pick<PromoteSite, "copy">,
  last: LookOutcome,
  { io }: Pick<CommandContext, "io">,
): void {
  if (last.kind !== "waiting" && last.kind !== "failed") return;
  const { branch } = site.copy.promote.pin;
  io.warn(formatWords(describeLook(last, { branch })));
}

/** The name of the branch that commits of a cage land on. */
export function branchOf({ copy }: Pick<PromoteSite, "copy">): string {
  return shortBranch(copy.promote.pin.branch);
}
