import { formatRule } from "../config/grants_network.ts";
import { childPath } from "../config/kit.ts";
import type { LoadedConfig } from "../config/layers.ts";
import type { Origin } from "../config/merge.ts";
import { enabledServices, type ServiceSource } from "../service/registry.ts";

/** One rule of the configuration as people read it. */
export type EffectiveRule = {
  action: "allow" | "block";
  rule: string;
  /** What brings it when it is not written as a rule: `preset`, `service claude`. */
  by: string;
  /** Where it is written; `undefined` for what is built in. */
  origin?: Origin;
};

/**
 * Every rule the layers give together: blocked, allowed, presets by name (their hosts depend on the
 * image), and what each enabled service needs for itself alone. Pure.
 */
export function listEffectiveRules(
  { config, origins }: Pick<LoadedConfig, "config" | "origins">,
  options: { installed?: ServiceSource["installed"] } = {},
): EffectiveRule[] {
  const { network } = config;
  const rulesOf = (action: EffectiveRule["action"]) =>
    network[action].map((rule, index): EffectiveRule => ({
      action,
      rule: formatRule(rule),
      by: "",
      origin: origins.get(`network.${action}[${index}]`),
    }));
  const presets = network.presets.map((rule, index): EffectiveRule => ({
    action: "allow",
    rule,
    by: "preset",
    origin: origins.get(`network.presets[${index}]`),
  }));
  const services = enabledServices({ ...config, ...options }).flatMap(({ name, domains }) => {
    const path = childPath(childPath("services", name), "domains");
    const configured = config.services[name]?.domains ?? [];
    return domains.map((rule): EffectiveRule => {
      const index = configured.indexOf(rule);
      const origin = index < 0 ? undefined : origins.get(childPath(path, index));
      return { action: "allow", rule, by: `service ${name}`, ...(origin ? { origin } : {}) };
    });
  });
  return [...rulesOf("block"), ...rulesOf("allow"), ...presets, ...services];
}
