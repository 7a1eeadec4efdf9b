import { settleKilledSession } from "../../cage/guard.ts";
import { locateOrMakeCage } from "../../copy/first.ts";
import { prepareCage } from "../../cage/prepare.ts";
import { reapOrphans } from "../../cage/reap.ts";
import { runSession } from "../../cage/session.ts";
import type { CommandContext } from "../context.ts";

/** Which agent to open, where, and with what. */
export type ServiceOptions = {
  service: string;
  path?: string;
  name?: string;
  /** A shell in the agent's cage instead of the agent. */
  shell: boolean;
  /** What stood after `--`. */
  args: string[];
};

/** `sandcage <service>`: opens an agent in its cage and answers with its exit code. */
export async function runService(
  options: ServiceOptions,
  context: CommandContext,
): Promise<number> {
  const { service, path, name, shell, args } = options;
  const { host, io, signals } = context;
  const site = await locateOrMakeCage({ service, path, name }, context);
  await reapOrphans(host.stateDir, { engine: site.engine, io, nowMs: Date.now() });
  // Before the workspace is looked at: what a killed session did to git must not shape the mounts.
  const settled = await settleKilledSession(site, { stateDir: host.stateDir, io });
  const settledSite = settled ? await locateOrMakeCage({ service, path, name }, context) : site;
  const cage = await prepareCage(settledSite, { ...context, signal: signals?.signal });
  const takeSignals = () => signals?.handOver() ?? { [Symbol.dispose]() {} };
  return await runSession(cage, { args, shell }, { context: { host, io, takeSignals } });
}
