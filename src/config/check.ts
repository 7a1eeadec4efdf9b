import { type Cidr, parseAddress, parseCidr } from "../policy/address.ts";
import { findKnownHosts, isSigningKey } from "../secrets/known.ts";
import { findHostProblem, findRuleProblem, isHostOverlap } from "./check_rule.ts";
import { childPath } from "./kit.ts";
import type { Merged } from "./merge.ts";
import { type PlacedIssue, placedProblem } from "./problem.ts";
import type { Config } from "./schema.ts";

type Finding = { path: string; problem: string; hint: string };

/** Ranges that are routed nowhere: a pool elsewhere would hide real hosts. RFC 1918, RFC 6598. */
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];

/** Largest prefix of a pool: one network of one session. */
const POOL_PREFIX_MAX = 28;

/**
 * Checks what no single value shows: whether a rule can be read, a secret has somewhere to go, and
 * nothing contradicts another.
 *
 * @throws {UserError} With every problem, its place and its fix.
 */
export function checkMerged({ config, origins }: Merged): void {
  const findings = [
    ...findNetworkProblems(config.network),
    ...findHostProblems(config),
    ...findSecretProblems(config),
  ];
  if (findings.length === 0) return;
  const issues: PlacedIssue[] = findings.map((finding) => ({
    ...finding,
    origin: origins.get(finding.path),
  }));
  throw placedProblem(issues);
}

function findNetworkProblems(network: Config["network"]): Finding[] {
  const findings: Finding[] = [];
  for (const key of ["allow", "block"] as const) {
    for (const [index, rule] of network[key].entries()) {
      const found = findRuleProblem(rule);
      if (found !== undefined) findings.push({ path: `network.${key}[${index}]`, ...found });
    }
  }
  for (const [index, address] of network.dns.entries()) {
    if (isResolver(address)) continue;
    findings.push({
      path: `network.dns[${index}]`,
      problem: `expected an IP address, with a port if it is not 53, got "${address}"`,
      hint: "For example 1.1.1.1, 10.0.0.2:5353 or [2606:4700:4700::1111]:53",
    });
  }
  if (!isPool(network.pool)) {
    findings.push({
      path: "network.pool",
      problem: `expected a private IPv4 range from /8 to /${POOL_PREFIX_MAX}, ` +
        `got "${network.pool}"`,
      hint: "Give one that nothing else uses, for example 10.231.0.0/16",
    });
  }
  return findings;
}

function findHostProblems({ network, inspect, secrets, services }: Config): Finding[] {
  const lists: [path: string, hosts: readonly string[]][] = [
    ["network.passthrough", network.passthrough],
    ["inspect.hosts", inspect.hosts],
    ...Object.entries(secrets).map(([name, { to }]): [string, string[]] => [
      childPath(childPath("secrets", name), "to"),
      to,
    ]),
    ...Object.entries(services).map(([name, { domains = [] }]): [string, string[]] => [
      childPath(childPath("services", name), "domains"),
      domains,
    ]),
  ];
  return lists.flatMap(([path, hosts]) =>
    hosts.flatMap((host, index) => {
      const found = findHostProblem(host);
      return found === undefined ? [] : [{ path: childPath(path, index), ...found }];
    })
  );
}

function findSecretProblems({ network, secrets }: Config): Finding[] {
  const findings: Finding[] = [];
  for (const [name, secret] of Object.entries(secrets)) {
    const path = childPath("secrets", name);
    // With an open network there is no gateway that would have to sign: the value goes inside.
    if (isSigningKey(name) && network.mode !== "open") {
      findings.push({
        path,
        problem: "a request is signed with this key, it is not sent: the gateway cannot put it in",
        hint: "Remove it. Give the agent short-lived credentials of its own, or let a command " +
          "outside the cage do the signed request",
      });
      continue;
    }
    if (secret.to.length === 0) {
      const example = findKnownHosts(name)?.[0] ?? "api.example.com";
      findings.push({
        path,
        problem: `the key "to" is missing: the hosts that ${name} may be sent to`,
        hint: `Write: ${name}: { to: [${example}] }`,
      });
    }
    for (const host of secret.to) {
      const closed = network.passthrough.find((pattern) => isHostOverlap(pattern, host));
      if (closed === undefined) continue;
      findings.push({
        path: childPath(path, "to"),
        problem: `${host} is in network.passthrough (${closed}): where TLS is never opened, ` +
          "nothing can be put in",
        hint: "Remove the host from one of the two",
      });
    }
  }
  return findings;
}

function isResolver(text: string): boolean {
  if (parseAddress(text) !== undefined) return true;
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:]+)):(?<port>\d{1,5})$/.exec(text);
  const { six, four, port } = match?.groups ?? {};
  if (port === undefined || Number(port) < 1 || Number(port) > 65535) return false;
  return six === undefined
    ? parseAddress(four ?? "")?.family === 4
    : parseAddress(six)?.family === 6;
}

function isPool(text: string): boolean {
  const pool = parseCidr(text);
  return pool?.address.family === 4 && pool.prefix <= POOL_PREFIX_MAX &&
    PRIVATE.some((range) => isInside(pool, parseCidr(range)!));
}

function isInside(one: Cidr, other: Cidr): boolean {
  const shift = BigInt(32 - other.prefix);
  return one.prefix >= other.prefix && one.address.value >> shift === other.address.value >> shift;
}
