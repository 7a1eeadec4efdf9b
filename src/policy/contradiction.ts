import type { SecretSpec } from "./document.ts";
import { formatHostPattern, type HostPattern, isPatternOverlap } from "./host.ts";
import { formatRule, type Rule } from "./rule.ts";

/** Hosts whose TLS must be opened, and what for. */
export type Opener = { pattern: HostPattern; cause: string };

/** Hosts that a rule has to look inside of. */
export function listRuleOpeners(rules: readonly Rule[]): Opener[] {
  return rules.flatMap((rule) => {
    if (rule.dest.kind !== "host" || (rule.methods === null && rule.paths === null)) return [];
    return [{ pattern: rule.dest.pattern, cause: `the methods or paths of ${formatRule(rule)}` }];
  });
}

/**
 * Hosts that are never opened and yet have to be. `*` to be inspected is no contradiction: it means
 * every host that may be opened.
 */
export function findPassthroughProblems(
  passthrough: readonly HostPattern[],
  openers: readonly Opener[],
): string[] {
  return passthrough.flatMap((pattern) =>
    openers.filter((opener) => isPatternOverlap(pattern, opener.pattern)).map((opener) =>
      `passthrough: "${formatHostPattern(pattern)}" is never opened, but ${opener.cause} needs ` +
      `"${formatHostPattern(opener.pattern)}" opened; remove one of the two`
    )
  );
}

/** Secrets that could go anywhere or nowhere, or that cannot be told apart. */
export function findSecretProblems(secrets: readonly SecretSpec[]): string[] {
  const problems: string[] = [];
  const owners = new Map<string, string>();
  for (const { name, placeholder, to } of secrets) {
    const at = `secrets.${name}`;
    if (to.length === 0) problems.push(`${at}.to: is empty; name the hosts it may be sent to`);
    if (to.includes("*")) {
      problems.push(`${at}.to: "*" would send it to any host; name the hosts it may be sent to`);
    }
    const owner = owners.get(placeholder);
    if (owner !== undefined) problems.push(`${at}.placeholder: is the one of ${owner}, too`);
    owners.set(placeholder, at);
  }
  return problems;
}
