import { isPatternOverlap, parseHostPattern } from "../policy/host.ts";
import { parseRule } from "../policy/rule.ts";
import type { RuleConfig } from "./schema.ts";

/** What is wrong with a text and what to write instead. */
export type RuleProblem = { problem: string; hint: string };

const EXAMPLES = "For example api.example.com, *.example.com, example.com:8443, " +
  "https://example.com/v1, 192.0.2.7 or 192.0.2.0/24";

/** Says what is wrong with a rule; `undefined` when it is right. */
export function findRuleProblem(rule: RuleConfig): RuleProblem | undefined {
  const parsed = parseRule({ rule, origin: "" });
  return parsed.ok ? undefined : splitFix(parsed.problem, EXAMPLES);
}

/** Says what is wrong with a host pattern; `undefined` when it is right. */
export function findHostProblem(pattern: string): RuleProblem | undefined {
  const parsed = parseHostPattern(pattern);
  return parsed.ok
    ? undefined
    : splitFix(parsed.problem, "For example api.example.com or *.example.com");
}

/** Whether some host is matched by both patterns. */
export function isHostOverlap(one: string, other: string): boolean {
  const [a, b] = [parseHostPattern(one), parseHostPattern(other)];
  return a.ok && b.ok && isPatternOverlap(a.pattern, b.pattern);
}

/** The policy says problem and fix in one line, for logs; here they go to two. */
function splitFix(text: string, otherwise: string): RuleProblem {
  const at = text.indexOf("; ");
  if (at < 0) return { problem: text, hint: otherwise };
  const fix = text.slice(at + 2);
  return { problem: text.slice(0, at), hint: fix.charAt(0).toUpperCase() + fix.slice(1) };
}
