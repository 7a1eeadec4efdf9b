import { type Address, classifyAddress, listEmbedded, parseAddress } from "./address.ts";
import type { Reason } from "./audit.ts";
import {
  type CompiledRule,
  findIndex,
  type Policy,
  type PolicyIndex,
  type RuleEntry,
} from "./compile.ts";
import { type ParsedHost, parseHost } from "./host.ts";
import { isPathMatch, type PathMatcher, type ReadTarget, readTarget } from "./path.ts";
import { DEFAULT_PORTS } from "./rule.ts";
import { type HostTable, listHostEntries, listNetworkEntries } from "./table.ts";

/** The answer of a policy; `rule` is the rule as written, with its origin. */
export type Decision =
  | { verdict: "allow"; rule: string }
  | { verdict: "deny"; reason: Reason; rule?: string };

/** What an allow of a public address is told to come from. */
const PUBLIC = "public address (built in)";

/** Every entry whose destination is the one asked for, the most specific first. */
type Found = { index: PolicyIndex; host: ParsedHost; entries: readonly RuleEntry[] };

/** For DNS: whether anything at that name is allowed. A block of some ports or requests is not one. */
export function decideName(policy: Policy, host: string): Decision {
  const found = findEntries(policy, host);
  if ("verdict" in found) return found;
  if (found.host.kind !== "name") return deny("ip-literal");
  const block = findRule(found.entries, "block", (rule) => rule.isWhole && rule.ports === null);
  if (block !== undefined) return deny("block-rule", block);
  const allow = findRule(found.entries, "allow", () => true);
  return allow === undefined ? deny("no-rule") : { verdict: "allow", rule: allow.label };
}

/**
 * Whether a connection may be opened, to an IP address only by a rule that names it; and, with an
 * allow, whether its TLS is opened (`terminate`).
 */
export function decideConnection(
  policy: Policy,
  target: { host: string; port: number },
): Decision & { mode?: "splice" | "terminate" } {
  const found = findEntries(policy, target.host);
  if ("verdict" in found) return found;
  const { index, host, entries } = found;
  const isBlocked = (rule: CompiledRule) => isBlockedPort(rule, target.port);
  const isAllowed = (rule: CompiledRule) => isAllowedPort(rule, target.port);
  const block = findRule(entries, "block", (rule) => rule.isWhole && isBlocked(rule));
  if (block !== undefined) return deny("block-rule", block);
  const allow = findRule(entries, "allow", isAllowed);
  if (allow === undefined) return denyUnlisted(found);
  const isOpened = isListed(index.opened, host) ||
    findRule(entries, "block", isBlocked) !== undefined ||
    findRule(entries, "allow", (rule) => !rule.isWhole && isAllowed(rule)) !== undefined;
  const mode = isOpened && !isListed(index.passthrough, host) ? "terminate" : "splice";
  return { verdict: "allow", rule: allow.label, mode };
}

/**
 * Whether a request may be sent; with an allow, `target` is what to send upstream. A path is read in
 * every way a server may: rules with paths allow only what they allow in all readings, and block
 * what they block in one.
 */
export function decideRequest(
  policy: Policy,
  request: { host: string; port: number; method: string; target: string },
): Decision & { target?: string } {
  const found = findEntries(policy, request.host);
  if ("verdict" in found) return found;
  const { entries } = found;
  const { port, method } = request;
  // Read at most once, and not at all where no rule looks at paths.
  let read: ReadTarget | undefined;
  let isRead = false;
  const readPath = () => {
    if (!isRead) read = readTarget(request.target);
    isRead = true;
    return read?.readings;
  };
  const block = findRule(entries, "block", ({ ports, methods, paths }) => {
    if (!(ports?.includes(port) ?? true)) return false;
    // Some servers take `delete` for `DELETE`, so a block does, too.
    if (!(methods?.includes(method.toUpperCase()) ?? true)) return false;
    if (paths === null) return true;
    const readings = readPath();
    return readings === undefined || isAnyMatch(paths, readings);
  });
  if (block !== undefined) {
    return deny(block.paths !== null && read === undefined ? "path" : "block-rule", block);
  }
  const first = findRule(entries, "allow", (rule) => isAllowedPort(rule, port));
  if (first === undefined) return denyUnlisted(found);
  const fitting = entries.flatMap((entry) => entry.allow).filter((rule) =>
    isAllowedPort(rule, port) && (rule.methods?.includes(method) ?? true)
  );
  if (fitting.length === 0) return deny("method", first);
  const rule = fitting.find(({ paths }) => paths === null) ?? findPathRule(fitting, readPath());
  if (rule === undefined) return deny("path", fitting[0]);
  return { verdict: "allow", rule: rule.label, target: read?.target ?? request.target };
}

/**
 * Whether requests to that host are told apart: by methods or paths of a block, or of all rules that
 * allow them.
 */
export function isNarrowed(policy: Policy, target: { host: string; port: number }): boolean {
  const found = findEntries(policy, target.host);
  if ("verdict" in found) return true;
  const { entries } = found;
  const { port } = target;
  const isBlock = (rule: CompiledRule) => !rule.isWhole && isBlockedPort(rule, port);
  const isOpen = (rule: CompiledRule) => rule.isWhole && isAllowedPort(rule, port);
  return findRule(entries, "block", isBlock) !== undefined ||
    findRule(entries, "allow", isOpen) === undefined;
}

/**
 * Whether a resolved address may be dialed for that host. Only public ones may, and those that a
 * rule without methods and paths names; so may, with its host as written, every address that a rule
 * names. An address that carries another one needs both to be allowed.
 *
 * @param target.port Rules that name ports count only for these; left out, they always count.
 */
export function decideAddress(
  policy: Policy,
  target: { host: string; address: string; port?: number },
): Decision {
  const index = findIndex(policy);
  if (index === undefined) return deny("policy");
  const host = parseHost(target.host);
  if (host === undefined) return deny("name");
  const address = parseAddress(target.address);
  if (address === undefined) return deny("address");
  const isLiteral = host.kind !== "name";
  if (isLiteral && parseHost(target.address)?.host !== host.host) return deny("address");
  const isPort = (rule: CompiledRule) =>
    rule.ports === null || target.port === undefined || rule.ports.includes(target.port);
  const isUsable = (rule: CompiledRule) => isPort(rule) && (isLiteral || rule.isWhole);
  const isBlock = (rule: CompiledRule) => isPort(rule) && (!isLiteral || rule.isWhole);
  const embedded = listEmbedded(address);
  for (const one of [address, ...embedded]) {
    const block = findRule(listNetworkEntries(index.networks, one), "block", isBlock);
    if (block !== undefined) return deny("block-rule", block);
  }
  const findLift = (one: Address) =>
    findRule(listNetworkEntries(index.networks, one), "allow", isUsable);
  const lift = findLift(address);
  const isOpen = (one: Address) => classifyAddress(one) === "public" || findLift(one) !== undefined;
  if (lift !== undefined && embedded.every(isOpen)) return { verdict: "allow", rule: lift.label };
  if (isLiteral) return deny("ip-literal");
  if (classifyAddress(address) !== "public") return deny("address");
  return { verdict: "allow", rule: PUBLIC };
}

/** TCP ports that allow rules name besides 80, 443, 3128 and 53, in order. */
export function listPorts(policy: Policy): number[] {
  return [...findIndex(policy)?.ports ?? []];
}

/** The single exact host that names this port, for protocols that tell no host, such as SSH. */
export function findPortOwner(policy: Policy, port: number): string | undefined {
  return findIndex(policy)?.portOwners.get(port);
}

function findEntries(policy: Policy, text: string): Found | Decision {
  const index = findIndex(policy);
  if (index === undefined) return deny("policy");
  const host = parseHost(text);
  if (host === undefined) return deny("name");
  const entries = host.kind === "name"
    ? listHostEntries(index.hosts, host.host)
    : listNetworkEntries(index.networks, readAddress(host));
  return { index, host, entries };
}

function findRule(
  entries: readonly RuleEntry[],
  list: "allow" | "block",
  isWanted: (rule: CompiledRule) => boolean,
): CompiledRule | undefined {
  for (const entry of entries) {
    const rule = entry[list].find(isWanted);
    if (rule !== undefined) return rule;
  }
  return undefined;
}

function readAddress(host: ParsedHost): Address {
  const address = parseAddress(host.host);
  if (address === undefined) throw new Error(`"${host.host}" is not canonical`);
  return address;
}

function isAllowedPort(rule: CompiledRule, port: number): boolean {
  return (rule.ports ?? DEFAULT_PORTS).includes(port);
}

function isBlockedPort(rule: CompiledRule, port: number): boolean {
  return rule.ports?.includes(port) ?? true;
}

/** Plain loops: this is the inner one of a decision among many rules with paths. */
function isAnyMatch(paths: readonly PathMatcher[], readings: readonly string[]): boolean {
  for (const matcher of paths) {
    for (const reading of readings) {
      if (isPathMatch(matcher, reading)) return true;
    }
  }
  return false;
}

/** Each reading may be allowed by another of the rules; the one of the first reading is told. */
function findPathRule(
  rules: readonly CompiledRule[],
  readings: readonly string[] | undefined,
): CompiledRule | undefined {
  const found = readings?.map((path) => rules.find(({ paths }) => isAnyMatch(paths ?? [], [path])));
  return found?.includes(undefined) ? undefined : found?.[0];
}

/** For the modes only: `*` holds for an IP address, too, because it means every connection. */
function isListed(table: HostTable<true>, host: ParsedHost): boolean {
  return table.any !== undefined ||
    (host.kind === "name" && listHostEntries(table, host.host).length > 0);
}

function denyUnlisted(found: Found): Decision {
  const named = findRule(found.entries, "allow", () => true);
  if (named !== undefined) return deny("port", named);
  return deny(found.host.kind === "name" ? "no-rule" : "ip-literal");
}

function deny(reason: Reason, rule?: CompiledRule): Decision {
  return rule === undefined
    ? { verdict: "deny", reason }
    : { verdict: "deny", reason, rule: rule.label };
}
