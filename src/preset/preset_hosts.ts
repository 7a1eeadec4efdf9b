import { findNearest } from "../config/nearest.ts";
import { PRESETS } from "../config/presets.ts";
import type { RuleSpec } from "../policy/document.ts";
import { BUILT_IN_HOSTS, type Client, type ClientHosts, CLIENTS } from "./client_hosts.ts";
import { DEFAULT_HOSTS, SERVICE_HOSTS } from "./known_hosts.ts";

/** What presets are resolved with. */
export type PresetFacts = {
  /** What the package managers in the image are configured for. */
  clients: ClientHosts;
  /** Registry lines of the host's npm configuration, as planNpmrc() gives them. */
  npmrc?: string;
};

/** Whether a preset can be resolved only with {@link PresetFacts.clients}. */
export function needsClients(name: string): boolean {
  return (CLIENTS as readonly string[]).includes(name);
}

/**
 * The rules that presets stand for, without duplicates inside each. Pure.
 *
 * @returns `problems` for people: unknown names, and presets whose hosts nobody knows.
 */
export function presetHosts(
  names: readonly string[],
  facts: PresetFacts,
): { rules: RuleSpec[]; problems: string[] } {
  const rules: RuleSpec[] = [];
  const problems: string[] = [];
  for (const name of new Set(names)) {
    const hosts = findHosts(name, facts);
    if (hosts === undefined) {
      const nearest = findNearest(name, PRESETS);
      const hint = nearest === undefined
        ? `choose from: ${PRESETS.join(", ")}`
        : `did you mean "${nearest}"?`;
      problems.push(`Unknown preset "${name}": ${hint}`);
      continue;
    }
    if (hosts.length === 0) {
      problems.push(
        `Preset "${name}" allows nothing: this image does not say where it fetches from`,
      );
    }
    for (const rule of new Set(hosts)) rules.push({ rule, origin: `preset ${name}` });
  }
  return { rules, problems };
}

function findHosts(name: string, facts: PresetFacts): string[] | undefined {
  if (Object.hasOwn(SERVICE_HOSTS, name)) {
    return [...SERVICE_HOSTS[name as keyof typeof SERVICE_HOSTS]];
  }
  if (!needsClients(name)) return undefined;
  const client = name as Client;
  const known = DEFAULT_HOSTS[client] ?? [];
  const configured = facts.clients[client] ?? [BUILT_IN_HOSTS];
  const addresses = client === "npm" ? [...configured, ...npmrcAddresses(facts)] : configured;
  const hosts = addresses.flatMap((address) =>
    address === BUILT_IN_HOSTS ? known : formatHost(address)
  );
  // Spelling the first of its hosts out changes nothing: an index names files on the others.
  return known.length > 0 && hosts.includes(known[0]!) ? [...hosts, ...known] : hosts;
}

function npmrcAddresses(facts: PresetFacts): string[] {
  const lines = (facts.npmrc ?? "").split("\n");
  return lines.flatMap((line) => /^(?:@[^=]+:)?registry=(\S+)$/.exec(line)?.[1] ?? []);
}

/** The host of an address as a rule; with its port where it is not one of the usual two. */
function formatHost(address: string): string[] {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === "") return [];
  return [url.port === "" || url.port === "80" || url.port === "443" ? url.hostname : url.host];
}
