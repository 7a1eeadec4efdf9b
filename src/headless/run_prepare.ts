import { settleKilledSession } from "../cage/guard.ts";
import { type CageContext, locateCage, prepareCage, type PreparedCage } from "../cage/prepare.ts";
import { reapOrphans } from "../cage/reap.ts";
import type { CopyRecord } from "../copy/record.ts";
import { planRunCommand, type RunCommand } from "./command.ts";
import type { RunOrder } from "./order.ts";

/** A cage that a run can be started in. */
export type PreparedRun = {
  cage: PreparedCage;
  plan: RunCommand;
  /** The cage whose commits land, when it is one. */
  promoted: CopyRecord | undefined;
};

/** Which cage and which agent. */
export type RunRequest = Pick<RunOrder, "service" | "path" | "name" | "args" | "budgetUsd">;

/**
 * Brings the cage of a run about, and settles what killed sessions have left.
 *
 * @throws {UserError} If its agent cannot work alone, or whatever keeps a cage from being prepared.
 */
export async function prepareRun(
  request: RunRequest,
  context: CageContext,
): Promise<PreparedRun> {
  const { service, path, name } = request;
  const { host, io } = context;
  const wanted = {
    service,
    ...(path === undefined ? {} : { path }),
    ...(name === undefined ? {} : { name }),
  };
  const site = await locateCage(wanted, context);
  const plan = planRunCommand(site.service, request);
  await reapOrphans(host.stateDir, { engine: site.engine, io, nowMs: Date.now() });
  // Before the workspace is looked at: what a killed session did to git must not shape the mounts.
  const settled = await settleKilledSession(site, { stateDir: host.stateDir, io });
  const found = settled ? await locateCage(wanted, context) : site;
  const cage = await prepareCage({ ...found, acp: plan.format === "acp" }, context);
  if (cage.copy?.promote === undefined) return { cage, plan, promoted: undefined };
  const { refreshPromotion } = await import("../promote/cage/hold.ts");
  return { cage, plan, promoted: await refreshPromotion(cage, context) };
}
