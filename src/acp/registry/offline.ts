import index from "../../../registry/acp-index.json" with { type: "json" };
import { parseRegistry, type Registry } from "./document.ts";

/** sandcage's own list: what there is when nothing else can be had. */
export function readOfflineRegistry(): Registry {
  return parseRegistry(index);
}

/** Hosts an agent is known to need; nothing for those that sandcage does not know. */
export function findKnownDomains(id: string): readonly string[] {
  const agents: readonly { id: string; domains?: readonly string[] }[] = index.agents;
  return agents.find((agent) => agent.id === id)?.domains ?? [];
}
