import type { RegistryAgent } from "../../acp/registry/document.ts";
import { findHostCa } from "../../acp/registry/host_ca.ts";
import { describeSource, loadRegistry, type RegistrySource } from "../../acp/registry/load.ts";
import { searchAgents } from "../../acp/registry/search.ts";
import { readInstalled } from "../../service/installed.ts";
import type { CommandContext } from "../context.ts";
import { formatCount, formatJson, formatTable } from "../output.ts";

/** Which agents, and how to show them. */
export type AcpListOptions = { word?: string; json: boolean; installed: boolean };

/** One agent as `acp list --json` prints it. */
export type ListedAgent = {
  id: string;
  name: string;
  version: string;
  description: string;
  /** Ways to get it: `npx`, `uvx`, and `binary` for each platform. */
  distributions: string[];
  /** The version that is installed here. */
  installed: string | null;
};

/** `sandcage acp list`: the agents of the registry that a word is found in. */
export async function runAcpList(options: AcpListOptions, context: CommandContext): Promise<void> {
  const { host, io, signals } = context;
  const nowMs = Date.now();
  const [registry, { agents: installed }] = await Promise.all([
    loadRegistry({ host, io, nowMs, findCa: () => findHostCa(host), signal: signals?.signal }),
    readInstalled(host.stateDir),
  ]);
  const { source } = registry;
  if (source.kind !== "registry") io.warn(describeSource(source, { nowMs }));
  for (const { id, problem } of registry.problems) {
    io.warn(`The registry's entry of ${id} is left out: ${problem}`);
  }
  const found = searchAgents(registry.agents, options.word)
    .map((agent) => planListed(agent, installed[agent.id]?.version))
    .filter((agent) => !options.installed || agent.installed !== null);
  if (options.json) return io.out(formatJson({ source: formatSource(source), agents: found }));
  if (found.length === 0) {
    const about = options.word === undefined ? "" : ` about "${options.word}"`;
    return io.talk(`No ${options.installed ? "installed agent" : "agent"}${about}`);
  }
  io.out(formatAgents(found, { color: io.color }));
  io.talk(formatCount(found.length, "agent"));
  if (source.kind === "registry") io.talk(describeSource(source, { nowMs }));
}

/** Formats agents for people. Pure. */
export function formatAgents(
  agents: readonly ListedAgent[],
  options: { color?: boolean } = {},
): string {
  const rows = agents.map((agent) => [
    agent.id,
    agent.version,
    agent.installed ?? "-",
    [...new Set(agent.distributions.map((way) => way.split(" ")[0]!))].join(", "),
    `${agent.name}: ${agent.description}`,
  ]);
  return formatTable(["ID", "VERSION", "INSTALLED", "FROM", "AGENT"], rows, {
    ...options,
    columns: 120,
  });
}

function planListed(agent: RegistryAgent, installed: string | undefined): ListedAgent {
  const { id, name, version, description, distribution } = agent;
  return {
    id,
    name,
    version,
    description,
    distributions: [
      ...(distribution.npx === undefined ? [] : ["npx"]),
      ...(distribution.uvx === undefined ? [] : ["uvx"]),
      ...Object.keys(distribution.binary ?? {}).toSorted().map((platform) => `binary ${platform}`),
    ],
    installed: installed ?? null,
  };
}

function formatSource(source: RegistrySource) {
  return {
    kind: source.kind,
    url: source.url,
    checkedAt: source.kind === "offline" ? null : new Date(source.checkedAt).toISOString(),
    reason: source.kind === "registry" ? null : source.reason,
  };
}
