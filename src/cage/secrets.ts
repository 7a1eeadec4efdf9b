import type { Config } from "../config/schema.ts";
import type { Host } from "../host.ts";

/** The secrets of a session and the names that the host does not have. */
export type ResolvedSecrets = { values: ReadonlyMap<string, string>; missing: string[] };

/** Takes the secrets that the config names from the host's environment; nothing else of it enters. */
export function resolveSecrets(secrets: Config["secrets"], env: Host["env"]): ResolvedSecrets {
  const values = new Map<string, string>();
  const missing: string[] = [];
  for (const name of Object.keys(secrets)) {
    const value = env[name];
    if (value === undefined || value === "") missing.push(name);
    else values.set(name, value);
  }
  return { values, missing };
}
