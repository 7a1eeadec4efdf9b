import type { RuleConfig } from "./schema.ts";

/** Says what is wrong with a rule and what to write instead; `undefined` when it is right. */
export function findRuleProblem(rule: RuleConfig): { problem: string; hint: string } | undefined {
  const dest = typeof rule === "string" ? rule : rule.dest;
  return dest === "" ? { problem: "expected a rule", hint: "" } : undefined;
}
