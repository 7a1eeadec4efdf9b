import type { LookOutcome } from "../look.ts";
import { count, describeLook, formatWords } from "../status_words.ts";
import { observeInsideChanges } from "./inside.ts";
import { drainPromoted } from "./run.ts";
import type { PromoteSite } from "./site.ts";

/**
 * Lands what a cage has committed, and tells what would go with it all the same: commits that wait,
 * other branches, files in no commit.
 *
 * @returns How many commits landed, and the losses, one for each line or few lines.
 */
export async function drainAndListLosses(
  site: PromoteSite,
  options: { signal?: AbortSignal | undefined },
): Promise<{ commits: number; lost: string[] }> {
  const { commits, last } = await drainPromoted(site, options);
  options.signal?.throwIfAborted();
  return { commits, lost: [...listWaiting(site, last), ...await listUncommitted(site)] };
}

function listWaiting(site: PromoteSite, last: LookOutcome): string[] {
  if (last.kind === "idle" || last.kind === "landed") return [];
  const { branch } = site.copy.promote.pin;
  const pending = last.kind === "waiting" ? `${count(last.pending, "commit")}: ` : "";
  return [pending + formatWords(describeLook(last, { branch }))];
}

async function listUncommitted(site: PromoteSite): Promise<string[]> {
  const { changed, elsewhere, problem } = await observeInsideChanges(site);
  return [
    ...(changed > 0
      ? [`${count(changed, "path")} inside that ${changed === 1 ? "is" : "are"} in no commit`]
      : []),
    ...(elsewhere > 0 ? [`${count(elsewhere, "commit")} inside on other branches`] : []),
    ...(problem === undefined ? [] : [`files inside: ${problem}`]),
  ];
}
