import { drainAndListLosses } from "../../promote/cage/losses.ts";
import { forgetPromoted } from "../../promote/cage/refs.ts";
import {
  openPromoteSite,
  type PromoteCopy,
  type PromoteSite,
  requirePromoted,
} from "../../promote/cage/site.ts";
import { removeCopyCage } from "../../copy/remove.ts";
import { EXIT, UserError } from "../../errors.ts";
import { count } from "../../promote/status_words.ts";
import type { CommandContext } from "../context.ts";
import { chooseCopyCage, hasCopyCage } from "../copy_choice.ts";
import { branchOf } from "../promote_drain.ts";

/** Which cage, and whether what waits in it may go. */
export type ClearOptions = { cage?: string | undefined; path?: string; discardPending: boolean };

/**
 * `sandcage clear`: brings the commits of a cage out, then removes its work and lets go of the
 * branch. The next start takes a new snapshot.
 */
export async function runClear(options: ClearOptions, context: CommandContext): Promise<number> {
  const { host, io } = context;
  if (options.cage === undefined && !await hasCopyCage(options, host)) {
    io.talk("There is nothing to clear: this project has no cage");
    return EXIT.ok;
  }
  const copy = requirePromoted(await chooseCopyCage(options, host));
  const site = await openPromoteSite(copy, context);
  // Nothing may be committed between the last look and the end.
  const { path } = options;
  const { runStop } = await import("./stop.ts");
  await runStop({
    cages: [copy.id],
    all: false,
    ...(path === undefined ? {} : { path }),
    drains: false,
  }, context);
  const lost = await bringOut(site, context);
  if (lost.length > 0 && !options.discardPending) throw lossError(copy, lost);
  using step = io.progress(`Clearing ${copy.name}`);
  await removeCopyCage(copy, {
    stateDir: host.stateDir,
    engine: site.engine,
    onRemoved: (title) => step.update(title),
    onEmptied: () => forgetPromoted(copy, { host }),
  });
  step.done();
  if (lost.length > 0) io.warn(`Gone for good: ${lost.join("; ")}`);
  io.talk(`Nothing is bound to "${branchOf(site)}" any more; sandcage start takes a new snapshot`);
  return EXIT.ok;
}

/** Lands what can land; tells what cannot, and what is in no commit. */
async function bringOut(site: PromoteSite, context: CommandContext): Promise<string[]> {
  using step = context.io.progress(`Bringing out the commits of ${site.copy.name}`);
  const { commits, lost } = await drainAndListLosses(site, { signal: context.signals?.signal });
  step.done(commits === 0 ? "nothing new" : count(commits, "commit"));
  return lost;
}

function lossError(copy: PromoteCopy, lost: readonly string[]): UserError {
  return new UserError(
    `Cannot clear "${copy.name}": this would be lost\n${
      lost.map((line) => `  ${line}`).join("\n")
    }`,
    {
      hint: `Take the commits on a branch: sandcage promote ${copy.name} --to NAME\n` +
        `Or let all of it go: sandcage clear ${copy.name} --discard-pending`,
      exit: EXIT.conflict,
      code: "conflict",
    },
  );
}
