import { observeInstallGround } from "../../acp/registry/ground.ts";
import { installAgent, type InstallOutcome, toJson } from "../../acp/registry/install.ts";
import { findHostCa } from "../../acp/registry/host_ca.ts";
import { describeSource, loadRegistry } from "../../acp/registry/load.ts";
import { readInstalledAgent } from "../../acp/registry/remove.ts";
import { lockRegistry } from "../../acp/registry/store.ts";
import { EXIT, UserError } from "../../errors.ts";
import { readInstalled } from "../../service/installed.ts";
import type { CommandContext } from "../context.ts";
import { formatJson } from "../output.ts";

/** Which agents to update; none means all. */
export type AcpUpdateOptions = { id?: string; allowUnverified: boolean; json: boolean };

/** `sandcage acp update`: brings installed agents to what the registry has now. */
export async function runAcpUpdate(
  options: AcpUpdateOptions,
  context: CommandContext,
): Promise<number> {
  const { host, io, signals } = context;
  const nowMs = Date.now();
  const signal = signals?.signal;
  if (options.id !== undefined) await readInstalledAgent(host.stateDir, options.id);
  const registry = await loadRegistry({
    host,
    io,
    nowMs,
    findCa: () => findHostCa(host),
    ask: true,
    signal,
  });
  if (registry.source.kind !== "registry") io.warn(describeSource(registry.source, { nowMs }));
  using _lock = await lockRegistry(host.stateDir, io);
  const { agents } = await readInstalled(host.stateDir);
  const ids = options.id === undefined ? Object.keys(agents).toSorted() : [options.id];
  const done: InstallOutcome[] = [];
  const failures: { id: string; code: string; message: string }[] = [];
  if (ids.length > 0) {
    const ground = await observeInstallGround({ ...context, signal });
    const { allowUnverified } = options;
    for (const id of ids) {
      try {
        const request = { id, allowUnverified, domains: [] };
        const outcome = await installAgent(request, { registry, ground, nowMs });
        done.push(outcome);
        io.talk(describeUpdate(outcome));
      } catch (error) {
        // One that is gone or broken does not keep the others old.
        if (!(error instanceof UserError) || ids.length === 1) throw error;
        failures.push({ id, code: error.code, message: error.message });
        io.warn([error.message, error.hint].filter((line) => line !== undefined).join("\n"));
      }
    }
  } else if (!options.json) io.talk("No agents are installed");
  if (options.json) {
    io.out(formatJson({ agents: done.map(toJson), failures }));
  }
  return failures.length === 0 ? EXIT.ok : EXIT.failed;
}

/** Says what came of one update. Pure. */
export function describeUpdate({ kind, agent, previous }: InstallOutcome): string {
  const { id, version } = agent;
  switch (kind) {
    case "unchanged":
      return `${id} ${version} is up to date`;
    case "updated":
      return `${id} ${previous} -> ${version}`;
    case "installed":
      return `${id} ${version}`;
  }
}
