import { connectEngine } from "../engine/connect.ts";
import type { Engine } from "../engine/engine.ts";
import { UserError } from "../errors.ts";
import { loadConfig } from "../config/layers.ts";
import { requireSameEngine } from "./own_engine.ts";
import type { CopyRecord } from "./record.ts";
import { removeCopyCage } from "./remove.ts";
import type { CageContext } from "../cage/prepare.ts";
import { forgetPromoted } from "../promote/cage/refs.ts";

/**
 * Connects to the engine that has a cage's volumes, whatever its project says by now.
 *
 * @throws {UserError} If it does not answer, or if it is another one that is meant.
 */
export async function connectCopyEngine(copy: CopyRecord, context: CageContext): Promise<Engine> {
  const { host, engineContext } = context;
  const engine = await connectEngine({
    host,
    context: engineContext ?? await findConfiguredContext(copy, context),
    onSlow: context.io.talk,
  });
  await requireSameEngine(copy, engine);
  return engine;
}

/** Removes all of a cage that was never finished. */
export async function sweepCopyCage(copy: CopyRecord, context: CageContext): Promise<void> {
  const engine = copy.engine === "" ? undefined : await connectCopyEngine(copy, context);
  await removeCopyCage(copy, {
    stateDir: context.host.stateDir,
    engine,
    onEmptied: () => forgetPromoted(copy, context),
  });
}

async function findConfiguredContext(
  copy: CopyRecord,
  { host }: CageContext,
): Promise<string | null> {
  try {
    return (await loadConfig(copy.roots[0]!.hostPath, { host })).config.engine.context;
  } catch (error) {
    // A project that is gone or broken must not keep its cage.
    if (error instanceof UserError || error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
