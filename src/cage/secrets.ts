import type { Config } from "../config/schema.ts";
import type { Host } from "../host.ts";
import { EXIT, UserError } from "../errors.ts";

/** The secrets of a session and the names that the host does not have. */
export type ResolvedSecrets = { values: ReadonlyMap<string, string>; missing: string[] };

/**
 * Takes the secrets that the config names from the host's environment; nothing else of it enters.
 *
 * @throws {UserError} If a source is not known.
 */
export function resolveSecrets(
  secrets: Config["secrets"],
  env: Host["env"],
): ResolvedSecrets {
  const values = new Map<string, string>();
  const missing: string[] = [];
  for (const [name, { from }] of Object.entries(secrets)) {
    if (from !== "env") {
      throw new UserError(
        `Cannot read secret ${name}: source ${JSON.stringify(from)} is not known`,
        {
          hint: `Use "from: env" and set ${name} before you start sandcage`,
          exit: EXIT.config,
          code: "config-invalid",
        },
      );
    }
    const value = env[name];
    if (value === undefined || value === "") missing.push(name);
    else values.set(name, value);
  }
  return { values, missing };
}
