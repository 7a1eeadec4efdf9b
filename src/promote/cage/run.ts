import { join } from "node:path";
import { EXIT, UserError } from "../../errors.ts";
import { findNote, planNote, writeNote } from "../note.ts";
import type { LookOutcome } from "../look.ts";
import type { Side } from "../sides.ts";
import { pause } from "../../pause.ts";
import { endPromoter } from "./hold.ts";
import { lookAtPromoted, type PromoteLookOptions } from "./look.ts";
import { landSideBranches } from "./sides.ts";
import type { PromoteSite } from "./site.ts";

/** Files of promotion among those of a cage. */
export function promoteFiles(dir: string): { log: string; note: string } {
  return { log: join(dir, "promote.log"), note: join(dir, "promote.json") };
}

/**
 * Takes one look that lands, other branches included, and writes down what it led to. What fails is
 * an outcome.
 *
 * @param options.onSides Told of the other branches whenever something about them has changed.
 */
export async function lookAndNote(
  site: PromoteSite,
  options: Pick<PromoteLookOptions, "signal"> & { onSides?(sides: readonly Side[]): void } = {},
): Promise<LookOutcome> {
  const { signal, onSides } = options;
  const outcome = await tryLook(() => lookAtPromoted(site, { signal }));
  const { note } = promoteFiles(site.dir);
  const before = await findNote(note);
  const sides = outcome.kind === "failed" ? before?.sides ?? [] : await trySides(site, { signal });
  const now = planNote(before, outcome, { at: new Date().toISOString(), sides });
  const hasMoved = JSON.stringify(before?.sides ?? []) !== JSON.stringify(sides);
  if (hasMoved) onSides?.(sides);
  const isNews = before?.state !== now.state || before.pending !== now.pending ||
    outcome.kind === "landed" || hasMoved;
  if (isNews) await writeNote(note, now);
  return outcome;
}

async function trySides(
  site: PromoteSite,
  options: { signal: AbortSignal | undefined },
): Promise<Side[]> {
  try {
    return await landSideBranches(site, options);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [{ name: "other branches", problem: error.message }];
  }
}

/** A look whose failure is one of its outcomes; a bug is none. */
export async function tryLook(look: () => Promise<LookOutcome>): Promise<LookOutcome> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { message, hint = "It is tried again" } = error;
    const kind = error.exit === EXIT.engine ? "unreachable" : "failed";
    return { kind: "failed", failure: { kind, text: message, hint } };
  }
}

/** How often what is over in a moment is waited for, and how long, in milliseconds. */
const MOST_RETRIES = 6;
const RETRY_MS = 500;

function isPassing(outcome: LookOutcome): boolean {
  return outcome.kind === "failed"
    ? outcome.failure.kind === "failed" || outcome.failure.kind === "unreachable"
    : outcome.kind === "waiting" && outcome.wait.reason === "locked";
}

/** Looks in a row while commits keep landing. */
const MOST_LOOKS = 100;

/**
 * Brings out all that is committed by now: what looked by itself ends first.
 *
 * @returns How many commits landed, and what the last look led to.
 */
export async function drainPromoted(
  site: PromoteSite,
  options: Pick<PromoteLookOptions, "signal"> = {},
): Promise<{ commits: number; last: LookOutcome }> {
  await endPromoter(site.copy, site.host.stateDir);
  let [commits, retries] = [0, 0];
  for (let looks = 0;; looks++) {
    const last = await lookAndNote(site, options);
    // Another git at work, a container that just went: over in a moment.
    if (isPassing(last) && retries++ < MOST_RETRIES) {
      await pause(RETRY_MS, options.signal);
      continue;
    }
    if (last.kind !== "landed" || looks === MOST_LOOKS) return { commits, last };
    commits += last.commits;
  }
}
