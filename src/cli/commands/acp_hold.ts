import { holdAgent, observeIdentity } from "../../acp/warm.ts";
import { settleKilledSession } from "../../cage/guard.ts";
import { locateCage, prepareCage } from "../../cage/prepare.ts";
import { reapOrphans } from "../../cage/reap.ts";
import { EXIT, UserError } from "../../errors.ts";
import type { CommandContext } from "../context.ts";
import { VERSION } from "../version.ts";

/** Which agent to keep. */
export type AcpHoldOptions = {
  service: string;
  path?: string;
  name?: string;
  /** What the last stop had said when somebody wanted this agent. */
  mark: string;
  /** File that gets what nobody hears. */
  log: string;
  args: string[];
};

/** `sandcage acp hold`: keeps one started agent for the next editor. Nobody reads what it prints. */
export async function runAcpHold(
  options: AcpHoldOptions,
  context: CommandContext,
): Promise<number> {
  const { service, path, name, args, mark } = options;
  const { host, signals } = context;
  using log = await Deno.open(options.log, {
    create: true,
    write: true,
    truncate: true,
    mode: 0o600,
  });
  const write = (text: string) => {
    log.writeSync(new TextEncoder().encode(`${new Date().toISOString()} ${text.trimEnd()}\n`));
  };
  const io = { ...context.io, out: write, talk: write, warn: write, interactive: false };
  try {
    const request = { service, path, name, acp: true };
    const site = await locateCage(request, { ...context, io });
    const acp = site.service.acp;
    if (acp === undefined || !site.config.acp.warm) return EXIT.ok;
    await reapOrphans(host.stateDir, { engine: site.engine, io, nowMs: Date.now() });
    const settled = await settleKilledSession(site, { stateDir: host.stateDir, io });
    const settledSite = settled ? await locateCage(request, { ...context, io }) : site;
    const cage = await prepareCage(settledSite, { ...context, io, signal: signals?.signal });
    const command = [...acp, ...args];
    const identity = await observeIdentity(cage, { command, version: VERSION, host });
    const takeSignals = () => signals?.handOver() ?? { [Symbol.dispose]() {} };
    await holdAgent(cage, { command, identity, mark }, { context: { host, io, takeSignals } });
    return EXIT.ok;
  } catch (error) {
    write(error instanceof UserError ? error.message : `${error}`);
    throw error;
  }
}
