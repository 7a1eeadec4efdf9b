import { type Address, classifyAddress, listEmbedded, parseAddress } from "./address.ts";
import type { Reason } from "./audit.ts";
import { type CompiledRule, findIndex, type Policy, type PolicyIndex } from "./compile.ts";
import { type ParsedHost, parseHost } from "./host.ts";
import { isPathMatch, type ReadTarget, readTarget } from "./path.ts";
import { DEFAULT_PORTS } from "./rule.ts";
import { type HostTable, listHostEntries, listNetworkEntries } from "./table.ts";

/** The answer of a policy; `rule` is the rule as written, with its origin. */
export type Decision =
  | { verdict: "allow"; rule: string }
  | { verdict: "deny"; reason: Reason; rule?: string };

/** What an allow of a public address is told to come from. */
const PUBLIC = "public address (built in)";

/** Every rule whose destination is the one asked for. */
type Found = { index: PolicyIndex; host: ParsedHost; allow: CompiledRule[]; block: CompiledRule[] };

/** For DNS: whether anything at that name is allowed. A block of some ports or requests is not one. */
export function decideName(policy: Policy, host: string): Decision {
  const found = findRules(policy, host);
  if ("verdict" in found) return found;
  if (found.host.kind !== "name") return deny("ip-literal");
  const block = found.block.find((rule) => isWhole(rule) && rule.ports === null);
  if (block !== undefined) return deny("block-rule", block);
  const [allow] = found.allow;
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
  const found = findRules(policy, target.host);
  if ("verdict" in found) return found;
  const blocks = found.block.filter((rule) => isBlockedPort(rule, target.port));
  const block = blocks.find(isWhole);
  if (block !== undefined) return deny("block-rule", block);
  const allows = found.allow.filter((rule) => isAllowedPort(rule, target.port));
  const [allow] = allows;
  if (allow === undefined) return denyUnlisted(found);
  const isOpened = isListed(found.index.opened, found.host) || !allows.every(isWhole) ||
    blocks.length > 0;
  const mode = isOpened && !isListed(found.index.passthrough, found.host) ? "terminate" : "splice";
  return { verdict: "allow", rule: allow.label, mode };
}

/**
 * Whether a request may be sent; with an allow, `target` is what to send upstream. A path is read in
 * every way a server may: a rule with paths allows only what it allows in all readings, and blocks
 * what it blocks in one.
 */
export function decideRequest(
  policy: Policy,
  request: { host: string; port: number; method: string; target: string },
): Decision & { target?: string } {
  const found = findRules(policy, request.host);
  if ("verdict" in found) return found;
  const read = readOnce(request.target);
  for (const rule of found.block) {
    if (!isBlockedPort(rule, request.port) || !isBlockedMethod(rule, request.method)) continue;
    const { paths } = rule;
    if (paths === null) return deny("block-rule", rule);
    const readings = read()?.readings;
    if (readings === undefined) return deny("path", rule);
    if (readings.some((reading) => isAnyMatch(paths, reading))) return deny("block-rule", rule);
  }
  const allows = found.allow.filter((rule) => isAllowedPort(rule, request.port));
  const [first] = allows;
  if (first === undefined) return denyUnlisted(found);
  const fitting = allows.filter((rule) => rule.methods?.includes(request.method) ?? true);
  if (fitting.length === 0) return deny("method", first);
  const rule = findPathRule(fitting, read);
  if (rule === undefined) return deny("path", fitting[0]);
  const isRead = rule.paths !== null || found.block.some((rule) => rule.paths !== null);
  const target = isRead ? read()?.target ?? request.target : request.target;
  return { verdict: "allow", rule: rule.label, target };
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
  const isUsable = (rule: CompiledRule) => isPort(rule) && (isLiteral || isWhole(rule));
  const embedded = listEmbedded(address);
  for (const one of [address, ...embedded]) {
    const rules = listNetworkEntries(index.networks, one).flatMap((entry) => entry.block);
    const block = rules.find((rule) => isPort(rule) && (!isLiteral || isWhole(rule)));
    if (block !== undefined) return deny("block-rule", block);
  }
  const findLift = (one: Address) =>
    listNetworkEntries(index.networks, one).flatMap((entry) => entry.allow).find(isUsable);
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

function findRules(policy: Policy, text: string): Found | Decision {
  const index = findIndex(policy);
  if (index === undefined) return deny("policy");
  const host = parseHost(text);
  if (host === undefined) return deny("name");
  const entries = host.kind === "name"
    ? listHostEntries(index.hosts, host.host)
    : listNetworkEntries(index.networks, readAddress(host));
  const allow = entries.flatMap((entry) => entry.allow);
  return { index, host, allow, block: entries.flatMap((entry) => entry.block) };
}

function readAddress(host: ParsedHost): Address {
  const address = parseAddress(host.host);
  if (address === undefined) throw new Error(`"${host.host}" is not canonical`);
  return address;
}

/** Neither methods nor paths: nothing inside of the connection has to be seen. */
function isWhole(rule: CompiledRule): boolean {
  return rule.methods === null && rule.paths === null;
}

function isAllowedPort(rule: CompiledRule, port: number): boolean {
  return (rule.ports ?? DEFAULT_PORTS).includes(port);
}

function isBlockedPort(rule: CompiledRule, port: number): boolean {
  return rule.ports?.includes(port) ?? true;
}

/** Some servers take `delete` for `DELETE`, so a block does, too. */
function isBlockedMethod(rule: CompiledRule, method: string): boolean {
  return rule.methods?.includes(method.toUpperCase()) ?? true;
}

function isAnyMatch(paths: readonly string[], reading: string): boolean {
  return paths.some((path) => isPathMatch(path, reading));
}

function findPathRule(
  rules: readonly CompiledRule[],
  read: () => ReadTarget | undefined,
): CompiledRule | undefined {
  const whole = rules.find((rule) => rule.paths === null);
  if (whole !== undefined) return whole;
  const paths = rules.flatMap((rule) => rule.paths ?? []);
  const [first, ...others] = read()?.readings ?? [];
  if (first === undefined || ![first, ...others].every((one) => isAnyMatch(paths, one))) {
    return undefined;
  }
  return rules.find((rule) => isAnyMatch(rule.paths ?? [], first));
}

function readOnce(target: string): () => ReadTarget | undefined {
  let read: ReadTarget | undefined | null = null;
  return () => read === null ? read = readTarget(target) : read;
}

/** For the modes only: `*` holds for an IP address, too, because it means every connection. */
function isListed(table: HostTable<true>, host: ParsedHost): boolean {
  return table.any !== undefined ||
    (host.kind === "name" && listHostEntries(table, host.host).length > 0);
}

function denyUnlisted(found: Found): Decision {
  const [named] = found.allow;
  if (named !== undefined) return deny("port", named);
  return deny(found.host.kind === "name" ? "no-rule" : "ip-literal");
}

function deny(reason: Reason, rule?: CompiledRule): Decision {
  return rule === undefined
    ? { verdict: "deny", reason }
    : { verdict: "deny", reason, rule: rule.label };
}
