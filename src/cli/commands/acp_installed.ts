import { type InstalledAgent, readInstalled } from "../../service/installed.ts";
import type { CommandContext } from "../context.ts";
import { formatCount, formatJson, formatTable } from "../output.ts";

/** `sandcage acp installed`: what is on record here; needs no engine and no network. */
export async function runAcpInstalled(
  options: { json: boolean },
  context: CommandContext,
): Promise<void> {
  const { host, io } = context;
  const file = await readInstalled(host.stateDir);
  const agents = Object.values(file.agents).toSorted((a, b) => a.id < b.id ? -1 : 1);
  if (options.json) return io.out(formatJson(agents));
  if (agents.length === 0) return io.talk("No agents yet. See what there is: sandcage acp list");
  io.out(formatInstalled(agents, { color: io.color }));
  io.talk(formatCount(agents.length, "agent"));
}

/** Formats installed agents for people. Pure. */
export function formatInstalled(
  agents: readonly InstalledAgent[],
  options: { color?: boolean } = {},
): string {
  const rows = agents.map((agent) => [
    agent.id,
    agent.version,
    formatOrigin(agent),
    agent.domains.join(", ") || "-",
  ]);
  return formatTable(["ID", "VERSION", "FROM", "HOSTS"], rows, options);
}

function formatOrigin({ origin }: InstalledAgent): string {
  switch (origin.kind) {
    case "npx":
      return `npm ${origin.package}`;
    case "uvx":
      return `Python ${origin.requirement}`;
    case "binary":
      return `archive ${origin.sha256.slice(0, 12)}` +
        (origin.verified === "first-use" ? ", pinned on first use" : "");
  }
}
