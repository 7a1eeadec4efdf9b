import { settleKilledSession } from "../../cage/guard.ts";
import { locateCage, prepareCage } from "../../cage/prepare.ts";
import { reapOrphans } from "../../cage/reap.ts";
import { runSession } from "../../cage/session.ts";
import { EXIT, UserError } from "../../errors.ts";
import type { CommandContext } from "../context.ts";

/** Which agent an editor wants, where, and with what. */
export type AcpRunOptions = {
  service: string;
  path?: string;
  name?: string;
  /** File that gets what sandcage says, besides stderr. */
  log?: string;
  /** File that gets the transcript. */
  record?: string;
  /** What stood after `--`. */
  args: string[];
};

/** `sandcage acp run`: relays between an editor and the agent in its cage; the agent's exit code. */
export async function runAcp(options: AcpRunOptions, context: CommandContext): Promise<number> {
  const { service, path, name, args } = options;
  const { host, io, signals } = context;
  const request = { service, path, name, acp: true };
  const site = await locateCage(request, context);
  const command = site.service.acp;
  if (command === undefined) {
    throw new UserError(`${site.service.title} does not speak the Agent Client Protocol`, {
      hint: `Give services.${service}.acp in the configuration, the command line that does`,
      exit: EXIT.config,
      code: "config-invalid",
    });
  }
  await reapOrphans(host.stateDir, { engine: site.engine, io, nowMs: Date.now() });
  const settled = await settleKilledSession(site, { stateDir: host.stateDir, io });
  const settledSite = settled ? await locateCage(request, context) : site;
  const cage = await prepareCage(settledSite, { ...context, signal: signals?.signal });
  const takeSignals = () => signals?.handOver() ?? { [Symbol.dispose]() {} };
  return await runSession(cage, { args: [], shell: false, command: [...command, ...args] }, {
    context: { host, io, takeSignals },
  });
}
