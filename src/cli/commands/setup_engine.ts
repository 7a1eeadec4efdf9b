import { observeClient } from "../../engine/client.ts";
import { chooseEndpoint } from "../../engine/endpoint.ts";
import { run } from "../../engine/process.ts";
import { applyPlan, createManualError, formatSteps } from "../../setup/engine.ts";
import { formatReady } from "../../setup/engine_apply.ts";
import { observeEngineFacts } from "../../setup/engine_facts.ts";
import { planEngine } from "../../setup/engine_plan.ts";
import type { CommandContext } from "../context.ts";

/** Flags of `sandcage setup engine`. */
export type SetupEngineOptions = {
  /** Does not ask. */
  yes: boolean;
  /** Prints the plan and does nothing. */
  dryRun: boolean;
};

/**
 * `sandcage setup engine`: installs and starts what is missing, or says how.
 *
 * @throws {UserError} Exit 4, if the engine cannot be put here.
 */
export async function runSetupEngine(
  options: SetupEngineOptions,
  context: CommandContext,
): Promise<void> {
  const { host, io, engineContext } = context;
  const facts = await observeEngineFacts({ host, run, context: engineContext });
  const plan = planEngine(facts);
  if (plan.kind === "ready") return io.out(formatReady(facts.client));
  if (plan.kind === "manual") throw createManualError(plan);
  if (options.dryRun) return io.out(formatSteps(plan.steps));
  await applyPlan(plan, { host, io, run, assumeYes: options.yes, context: engineContext });
  const endpoint = chooseEndpoint(engineContext ?? null, host.env);
  io.out(formatReady(await observeClient({ endpoint, host, run })));
}
