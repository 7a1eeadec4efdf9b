import type { Config } from "../config/schema.ts";
import { run } from "../engine/process.ts";
import type { Host } from "../host.ts";
import type { PolicyDocument, RuleSpec } from "../policy/document.ts";
import { listInspectors } from "../secrets/inspectors.ts";
import { ensurePlaceholders } from "../secrets/placeholders.ts";
import { type MissingSecret, resolveSecrets } from "../secrets/sources.ts";
import type { ServiceDefinition } from "../service/definition.ts";
import { planPolicy } from "./policy_plan.ts";

/** The policy of a session and what its agent is given in place of secrets. */
export type SessionPolicy = {
  document: PolicyDocument;
  /** Environment of the agent: a placeholder for each secret this machine has. */
  placeholders: ReadonlyMap<string, string>;
  missing: readonly MissingSecret[];
};

/** Fetches secrets from where the configuration says, and plans the policy of a session. */
export async function observePolicy(
  cage: { config: Config; service: ServiceDefinition },
  options: { host: Host; presets: readonly RuleSpec[]; version: number },
): Promise<SessionPolicy> {
  const { host, presets, version } = options;
  const { config, service } = cage;
  const [{ values, missing }, inspectors] = await Promise.all([
    resolveSecrets(config.secrets, { host, run, stateDir: host.stateDir }),
    listInspectors(host.stateDir),
  ]);
  const placeholders = await ensurePlaceholders(host.stateDir, [...values.keys()]);
  const facts = { version, presets, values, placeholders, inspectors };
  return { document: planPolicy(config, { service, facts }), placeholders, missing };
}
