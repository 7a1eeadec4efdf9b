import type { Config } from "../config/schema.ts";
import { parseByteSize } from "../config/units.ts";
import type { InspectorSource, PolicyDocument, RuleSpec, SecretSpec } from "../policy/document.ts";
import type { ServiceDefinition } from "../service/definition.ts";

/** The slice of the configuration a policy is planned from. */
export type PolicyConfig = Pick<Config, "network" | "inspect" | "secrets">;

/** What was observed before planning a policy. */
export type PolicyFacts = {
  version: number;
  /** Rules of the presets, in the order of the configuration. */
  presets: readonly RuleSpec[];
  /** Real values by name, of the secrets this machine has. */
  values: ReadonlyMap<string, string>;
  /** What the agent knows instead, by name. */
  placeholders: ReadonlyMap<string, string>;
  inspectors: readonly InspectorSource[];
};

/** Plans what the gateway of one session enforces. Pure. */
export function planPolicy(
  config: PolicyConfig,
  options: { service: Pick<ServiceDefinition, "name" | "domains">; facts: PolicyFacts },
): PolicyDocument {
  const { service, facts } = options;
  const { network, inspect } = config;
  return {
    schema: 1,
    version: facts.version,
    allow: [
      ...service.domains.map((rule) => ({ rule, origin: `service ${service.name}` })),
      ...facts.presets,
      ...network.allow.map((rule, index) => ({ rule, origin: `network.allow[${index}]` })),
    ],
    block: network.block.map((rule, index) => ({ rule, origin: `network.block[${index}]` })),
    passthrough: [...network.passthrough],
    inspect: {
      secrets: inspect.secrets,
      entropy: inspect.entropy,
      contentType: inspect.content_type,
      body: inspect.body,
      bodyLimit: parseByteSize(inspect.body_limit),
      websocket: inspect.websocket,
      hosts: [...inspect.hosts],
    },
    rate: network.rate === null
      ? null
      : { perSecond: network.rate.per_second, burst: network.rate.burst },
    secrets: planSecrets(config.secrets, facts),
    inspectors: [...facts.inspectors],
  };
}

function planSecrets(secrets: Config["secrets"], facts: PolicyFacts): SecretSpec[] {
  return Object.entries(secrets).flatMap(([name, { to, body }]) => {
    const value = facts.values.get(name);
    const placeholder = facts.placeholders.get(name);
    return value === undefined || placeholder === undefined
      ? []
      : [{ name, placeholder, value, to: [...to], body }];
  });
}
