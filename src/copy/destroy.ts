import { join } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { inspectAll } from "../engine/inspect.ts";
import { run } from "../engine/process.ts";
import { EXIT, UserError } from "../errors.ts";
import { LABEL } from "../names.ts";
import { isAbandoned } from "./claim.ts";
import { observePending } from "./changes.ts";
import { observeInsideGit } from "./inside.ts";
import { type Losses, observeClone } from "./losses.ts";
import type { CopyRecord } from "./record.ts";
import { connectCopyEngine } from "./sweep.ts";
import type { CageContext } from "../cage/prepare.ts";
import { drainAndListLosses } from "../promote/cage/losses.ts";
import { isPromoted, openPromoteSite } from "../promote/cage/site.ts";
import { cageDir } from "../cage/store.ts";

/** How much of a cage is to go. */
export type DestroyScope = { keepVolumes: boolean; keepClone: boolean };

/** A cage as it is before it goes. */
export type Doomed = {
  /** Where its volumes are, or why that engine cannot be asked; absent while it never had any. */
  engine?: Engine | { away: UserError };
  losses: Losses;
};

/**
 * Looks at what would go with a cage and is nowhere else. What cannot be looked at counts as a loss.
 *
 * @throws {UserError} Of code `conflict` while somebody makes it.
 */
export async function observeDoomed(
  copy: CopyRecord,
  scope: DestroyScope,
  options: { context: CageContext },
): Promise<Doomed> {
  const { context } = options;
  const isWhole = copy.state === "ready";
  if (!isWhole && !await isAbandoned(copy, context.host.stateDir)) {
    throw new UserError(`The cage "${copy.name}" is being made right now`, {
      hint: "End that first, or wait for it",
      exit: EXIT.conflict,
      code: "conflict",
    });
  }
  const place = copy.engine === "" ? undefined : await connect(copy, context);
  const unknown: string[] = [];
  let dirs: Losses["dirs"] = [];
  let git: Losses["git"];
  const promoted: string[] = [];
  const hasWork = place !== undefined && "engine" in place && place.hasWork;
  if (isPromoted(copy) && isWhole && hasWork) {
    const site = await openPromoteSite(copy, context);
    promoted.push(...(await drainAndListLosses(site, { signal: context.signal })).lost);
  } else if (isWhole && !scope.keepVolumes && hasWork) {
    const [pending, inside] = await Promise.allSettled([
      observePending(copy, context),
      observeInsideGit(copy, context),
    ]);
    if (pending.status === "fulfilled") {
      dirs = pending.value.map(({ name, inner, conflicts }) => ({
        name,
        paths: inner + conflicts,
      }));
    } else unknown.push(`files inside: ${reasonOf(pending.reason)}`);
    if (inside.status === "rejected") unknown.push(`commits inside: ${reasonOf(inside.reason)}`);
    else if (inside.value === "no image") {
      unknown.push("commits inside: no image is there to look with; sandcage build makes one");
    } else git = inside.value;
  }
  return {
    ...(place === undefined ? {} : { engine: "engine" in place ? place.engine : place }),
    losses: {
      dirs,
      git,
      promoted,
      clone: await findClone(copy, { scope, context, unknown }),
      unknown,
    },
  };
}

async function connect(
  copy: CopyRecord,
  context: CageContext,
): Promise<{ engine: Engine; hasWork: boolean } | { away: UserError }> {
  try {
    const engine = await connectCopyEngine(copy, context);
    // The first answer of the engine itself: what it can do may be known from before.
    const found = (await inspectAll(engine, [copy.volumes.work])).get(copy.volumes.work);
    return { engine, hasWork: found?.labels[LABEL.managed] === "true" };
  } catch (error) {
    if (error instanceof UserError) return { away: error };
    throw error;
  }
}

async function findClone(
  copy: CopyRecord,
  options: { scope: DestroyScope; context: CageContext; unknown: string[] },
): Promise<Losses["clone"]> {
  const { scope, context: { host }, unknown } = options;
  if (copy.source.kind === "dir" || scope.keepClone || copy.state !== "ready") return undefined;
  const path = join(cageDir(host.stateDir, copy.id), "repo");
  const state = await observeClone(path, { run, host });
  if (state === undefined || !("problem" in state)) return state;
  unknown.push(`the clone ${path}: ${state.problem}`);
  return undefined;
}

function reasonOf(error: unknown): string {
  if (error instanceof UserError) return error.message;
  throw error;
}
