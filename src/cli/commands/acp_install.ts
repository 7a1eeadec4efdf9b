import { observeInstallGround } from "../../acp/registry/ground.ts";
import { installAgent, type InstallOutcome, toJson } from "../../acp/registry/install.ts";
import { findHostCa } from "../../acp/registry/host_ca.ts";
import { describeSource, loadRegistry } from "../../acp/registry/load.ts";
import { readAgent } from "../../acp/registry/search.ts";
import { lockRegistry } from "../../acp/registry/store.ts";
import { EXIT, UserError } from "../../errors.ts";
import type { CommandContext } from "../context.ts";
import { formatJson } from "../output.ts";

/** What `sandcage acp install` was asked for. */
export type AcpInstallOptions = {
  /** `id` or `id@version`. */
  agent: string;
  allowUnverified: boolean;
  domains: string[];
  json: boolean;
};

/** `sandcage acp install`: an agent of the registry becomes a service of this machine. */
export async function runAcpInstall(
  options: AcpInstallOptions,
  context: CommandContext,
): Promise<void> {
  const { host, io, signals } = context;
  const nowMs = Date.now();
  const { id, version } = parseAgent(options.agent);
  const registry = await loadRegistry({
    host,
    io,
    nowMs,
    findCa: () => findHostCa(host),
    signal: signals?.signal,
  });
  if (registry.source.kind !== "registry") io.warn(describeSource(registry.source, { nowMs }));
  // A name that is wrong needs no engine to be told so.
  readAgent(registry, id);
  using _lock = await lockRegistry(host.stateDir, io);
  const ground = await observeInstallGround({ ...context, signal: signals?.signal });
  const outcome = await installAgent({
    id,
    allowUnverified: options.allowUnverified,
    domains: options.domains,
    ...(version === undefined ? {} : { version }),
  }, { registry, ground, nowMs });
  if (options.json) return io.out(formatJson(toJson(outcome)));
  io.talk(describeOutcome(outcome));
}

/** Says what came of an installation. Pure. */
export function describeOutcome({ kind, agent, previous }: InstallOutcome): string {
  const { id, name, version } = agent;
  const run = `Run: sandcage acp run ${id}, or: sandcage run ${id}`;
  switch (kind) {
    case "installed":
      return `Installed ${name} ${version}. ${run}`;
    case "updated":
      return `Updated ${name} from ${previous} to ${version}. ${run}`;
    case "unchanged":
      return `${name} ${version} is installed. ${run}`;
  }
}

/**
 * Reads `id` or `id@version`. Pure.
 *
 * @throws {UserError} Code `usage`, for an empty one of both.
 */
export function parseAgent(text: string): { id: string; version?: string } {
  const [id = "", version, ...more] = text.split("@");
  if (id !== "" && version !== "" && more.length === 0) {
    return { id, ...(version === undefined ? {} : { version }) };
  }
  throw new UserError(`Cannot read the agent ${JSON.stringify(text)}`, {
    hint: "Give its id, or id@version, as in: sandcage acp install auggie",
    exit: EXIT.usage,
    code: "usage",
  });
}
