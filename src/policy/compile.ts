import { findPassthroughProblems, findSecretProblems, listRuleOpeners } from "./contradiction.ts";
import type { PolicyDocument, RuleSpec } from "./document.ts";
import { type HostPattern, parseHostPattern } from "./host.ts";
import { compilePathPattern, type PathMatcher } from "./path.ts";
import { DEFAULT_PORTS, formatRule, OWN_PORTS, parseRule, type Rule } from "./rule.ts";
import {
  type HostTable,
  makeHostTable,
  makeNetworkTable,
  type NetworkTable,
  openHostEntry,
  openNetworkEntry,
} from "./table.ts";

/** The compiled, immutable rules of one document; what it decides is in decide.ts. */
export type Policy = { readonly document: PolicyDocument };

/** A rule made ready to be matched; `null` is any. */
export type CompiledRule = {
  /** As written, with its origin. */
  label: string;
  ports: readonly number[] | null;
  methods: readonly string[] | null;
  paths: readonly PathMatcher[] | null;
  /** Neither methods nor paths: nothing inside of a connection has to be seen. */
  isWhole: boolean;
};

/** All rules for one destination. */
export type RuleEntry = { allow: CompiledRule[]; block: CompiledRule[] };

/** What a policy is looked up in. */
export type PolicyIndex = {
  hosts: HostTable<RuleEntry>;
  networks: NetworkTable<RuleEntry>;
  /** Hosts whose TLS is opened on every port, for a secret or to be inspected. */
  opened: HostTable<true>;
  /** Hosts whose TLS is never opened. */
  passthrough: HostTable<true>;
  /** Ports that allow rules name, in order, without those the gateway listens on anyway. */
  ports: readonly number[];
  /** The exact host of a port that no other host rule names. */
  portOwners: ReadonlyMap<number, string>;
};

/** Kept apart from the policy: what compilePolicy did not make has no index and allows nothing. */
const INDEXES = new WeakMap<object, PolicyIndex>();

/** Compiles a document, or says everything that is wrong with it, each with its place. */
export function compilePolicy(
  document: PolicyDocument,
): { ok: true; policy: Policy } | { ok: false; problems: string[] } {
  const own = freezeDeep(structuredClone(document));
  const problems = findSecretProblems(own.secrets);
  const allow = readRules(own.allow, problems);
  const block = readRules(own.block, problems);
  const passthrough = readPatterns(own.passthrough, { at: "passthrough", problems });
  const inspected = readPatterns(own.inspect.hosts, { at: "inspect.hosts", problems })
    .map((pattern) => ({ pattern, cause: "inspect.hosts" }));
  const injected = own.secrets.flatMap(({ name, to }) =>
    readPatterns(to, { at: `secrets.${name}.to`, problems })
      .map((pattern) => ({ pattern, cause: `the secret ${name}` }))
  );
  const named = [...injected, ...inspected.filter(({ pattern }) => pattern.kind !== "any")];
  const openers = [...named, ...listRuleOpeners([...allow, ...block])];
  problems.push(...findPassthroughProblems(passthrough, openers));
  if (problems.length > 0) return { ok: false, problems };
  const policy: Policy = Object.freeze({ document: own });
  INDEXES.set(policy, {
    ...indexRules(allow, block),
    ...indexPorts(allow),
    opened: indexHosts([...inspected, ...injected].map(({ pattern }) => pattern)),
    passthrough: indexHosts(passthrough),
  });
  return { ok: true, policy };
}

/** What compilePolicy made of the policy; `undefined` for anything else. */
export function findIndex(policy: Policy): PolicyIndex | undefined {
  return INDEXES.get(policy);
}

function readRules(specs: readonly RuleSpec[], problems: string[]): Rule[] {
  return specs.flatMap((spec) => {
    const parsed = parseRule(spec);
    if (parsed.ok) return [parsed.rule];
    problems.push(`${spec.origin}: ${parsed.problem}`);
    return [];
  });
}

function readPatterns(
  texts: readonly string[],
  options: { at: string; problems: string[] },
): HostPattern[] {
  return texts.flatMap((text, index) => {
    const parsed = parseHostPattern(text);
    if (parsed.ok) return [parsed.pattern];
    options.problems.push(`${options.at}[${index}]: ${parsed.problem}`);
    return [];
  });
}

function indexRules(
  allow: readonly Rule[],
  block: readonly Rule[],
): Pick<PolicyIndex, "hosts" | "networks"> {
  const hosts = makeHostTable<RuleEntry>();
  const networks = makeNetworkTable<RuleEntry>();
  const make = (): RuleEntry => ({ allow: [], block: [] });
  const open = ({ dest }: Rule) =>
    dest.kind === "host"
      ? openHostEntry(hosts, { pattern: dest.pattern, make })
      : openNetworkEntry(networks, { cidr: dest.cidr, make });
  for (const rule of allow) open(rule).allow.push(compileRule(rule));
  for (const rule of block) open(rule).block.push(compileRule(rule));
  return { hosts, networks };
}

function compileRule(rule: Rule): CompiledRule {
  const { ports, methods } = rule;
  const paths = rule.paths?.flatMap(compilePathPattern) ?? null;
  const isWhole = methods === null && paths === null;
  return { label: formatRule(rule), ports, methods, paths, isWhole };
}

function indexHosts(patterns: readonly HostPattern[]): HostTable<true> {
  const table = makeHostTable<true>();
  for (const pattern of patterns) openHostEntry(table, { pattern, make: () => true });
  return table;
}

function indexPorts(allow: readonly Rule[]): Pick<PolicyIndex, "ports" | "portOwners"> {
  const always = [...DEFAULT_PORTS, ...OWN_PORTS];
  const owners = new Map<number, Set<string | undefined>>();
  for (const { dest, ports } of allow) {
    for (const port of ports?.filter((port) => !always.includes(port)) ?? []) {
      const known = owners.get(port) ?? new Set();
      owners.set(port, known);
      if (dest.kind === "network") continue;
      known.add(dest.pattern.kind === "exact" ? dest.pattern.host : undefined);
    }
  }
  const single = [...owners].flatMap(([port, [first, ...others]]) =>
    first === undefined || others.length > 0 ? [] : [[port, first] as const]
  );
  return { ports: [...owners.keys()].sort((a, b) => a - b), portOwners: new Map(single) };
}

function freezeDeep<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(freezeDeep);
    Object.freeze(value);
  }
  return value;
}
