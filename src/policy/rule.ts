import type { Cidr } from "./address.ts";
import type { RuleSpec } from "./document.ts";
import type { HostPattern } from "./host.ts";

/** What a rule is about. */
export type Destination = { kind: "host"; pattern: HostPattern } | { kind: "network"; cidr: Cidr };

/** A rule in its normal form; `null` allows any, except that an allow rule's ports are 80 and 443. */
export type Rule = {
  dest: Destination;
  ports: readonly number[] | null;
  methods: readonly string[] | null;
  paths: readonly string[] | null;
  origin: string;
};

/** Reads a rule as configured. */
export function parseRule(
  _spec: RuleSpec,
): { ok: true; rule: Rule } | { ok: false; problem: string } {
  return { ok: false, problem: "" };
}

/** The rule with its origin, for audit lines: `*.example.com (network.allow[0])`. */
export function formatRule(_rule: Rule): string {
  return "";
}
