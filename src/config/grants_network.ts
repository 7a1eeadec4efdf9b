import { ask, type Planning, UNTRUSTED } from "./grant.ts";
import { childPath } from "./kit.ts";
import type { RuleConfig, SecretConfig } from "./schema.ts";
import { parseByteSize } from "./units.ts";

/** Weaker comes later. */
const MODE_STRICTNESS = ["none", "allowlist", "open"];
const ACTION_STRICTNESS = ["block", "flag", "off"];

/** What a project file asks of the network, of what goes out there, and of who looks at it. */
export function planNetwork(planning: Planning): void {
  planDestinations(planning);
  planWayOut(planning);
  planInspection(planning);
  planSecrets(planning);
}

function planDestinations(planning: Planning): void {
  const { network, services, ports } = planning.config;
  const destinations = "the cage can send data there";
  for (const [index, rule] of network.allow.entries()) {
    ask(planning, `network.allow[${index}]`, {
      key: "network.allow",
      value: canonicalRule(rule),
      shown: formatRule(rule),
      why: destinations,
    });
  }
  for (const key of ["presets", "passthrough"] as const) {
    for (const [index, value] of network[key].entries()) {
      ask(planning, `network.${key}[${index}]`, {
        key: `network.${key}`,
        value,
        why: key === "passthrough" ? "traffic to this host is never inspected" : destinations,
      });
    }
  }
  for (const [name, service] of Object.entries(services)) {
    const path = childPath("services", name);
    for (const [index, value] of (service.domains ?? []).entries()) {
      ask(planning, `${path}.domains[${index}]`, {
        key: `${path}.domains`,
        value,
        why: destinations,
      });
    }
  }
  for (const [index, value] of ports.entries()) {
    ask(planning, `ports[${index}]`, {
      key: "ports",
      value,
      why: "programs on this machine can reach into the cage",
    });
  }
}

function planWayOut(planning: Planning): void {
  const { network } = planning.config;
  const known = planning.trusted.network;
  if (isWeaker(MODE_STRICTNESS, { now: network.mode, before: known.mode })) {
    const why = `your own config says ${known.mode}`;
    ask(planning, "network.mode", { value: network.mode, why });
  }
  for (const [index, value] of network.dns.entries()) {
    ask(planning, `network.dns[${index}]`, {
      key: "network.dns",
      value,
      why: "the gateway asks this resolver where hosts are",
    });
  }
  if (network.egress !== known.egress) {
    ask(planning, "network.egress", {
      value: JSON.stringify(network.egress),
      shown: network.egress ?? "sandcage's own",
      why: "the gateway goes out through that docker network, and reaches what is on it",
    });
  }
  if (network.pool !== known.pool) {
    ask(planning, "network.pool", {
      value: network.pool,
      why: "networks of this machine are made in that range",
    });
  }
  if (isWeakerRate(network.rate, known.rate)) {
    ask(planning, "network.rate", {
      value: JSON.stringify(network.rate && [network.rate.per_second, network.rate.burst]),
      shown: network.rate === null
        ? "no limit"
        : `${network.rate.per_second} per second, burst ${network.rate.burst}`,
      why: "your own config limits requests further",
    });
  }
}

function planInspection(planning: Planning): void {
  const { inspect } = planning.config;
  const known = planning.trusted.inspect;
  for (const key of ["secrets", "entropy", "content_type", "body", "websocket"] as const) {
    if (!isWeaker(ACTION_STRICTNESS, { now: inspect[key], before: known[key] })) continue;
    const why = `your own config says ${known[key]}`;
    ask(planning, `inspect.${key}`, { value: inspect[key], why });
  }
  if (parseByteSize(inspect.body_limit) > parseByteSize(known.body_limit)) {
    const why = `more than your limit of ${known.body_limit}`;
    ask(planning, "inspect.body_limit", { value: inspect.body_limit, why });
  }
}

function planSecrets(planning: Planning): void {
  for (const [name, secret] of Object.entries(planning.config.secrets)) {
    const path = childPath("secrets", name);
    const touched = [...planning.origins].find(([at, origin]) =>
      (at === path || at.startsWith(`${path}.`)) && UNTRUSTED.includes(origin.layer)
    );
    if (touched === undefined) continue;
    const known = Object.hasOwn(planning.trusted.secrets, name)
      ? planning.trusted.secrets[name]
      : undefined;
    if (known !== undefined && canonicalSecret(known) === canonicalSecret(secret)) continue;
    ask(planning, touched[0], {
      key: path,
      value: canonicalSecret(secret),
      shown: formatSecret(secret),
      why: secret.from.startsWith("cmd:")
        ? "runs this command on your machine, and the cage can use what it prints"
        : `the cage can use the value of ${name}`,
    });
  }
}

/** A rule as its stored hash covers it: the order of keys and of list items does not matter. */
function canonicalRule(rule: RuleConfig): string {
  if (typeof rule === "string") return rule;
  const sorted = <T>(list: T[] | undefined) => (list === undefined ? null : [...list].sort());
  return JSON.stringify([rule.dest, sorted(rule.ports), sorted(rule.methods), sorted(rule.paths)]);
}

/** A rule for people: `GET,POST api.example.com ports 8443 paths /v1, /v2`. */
export function formatRule(rule: RuleConfig): string {
  if (typeof rule === "string") return rule;
  return [
    rule.methods?.join(","),
    rule.dest,
    rule.ports && `ports ${rule.ports.join(", ")}`,
    rule.paths && `paths ${rule.paths.join(", ")}`,
  ].filter((part) => part !== undefined).join(" ");
}

function canonicalSecret(secret: SecretConfig): string {
  return JSON.stringify([secret.from, [...secret.to].sort(), secret.body]);
}

function formatSecret(secret: SecretConfig): string {
  const where = secret.body ? " (in request bodies too)" : "";
  return `from ${formatSource(secret.from)}, to ${secret.to.join(", ")}${where}`;
}

function formatSource(from: string): string {
  if (from === "env") return "your environment or secret store";
  if (from === "store") return "your secret store";
  return from;
}

function isWeaker(order: readonly string[], sides: { now: string; before: string }): boolean {
  return order.indexOf(sides.now) > order.indexOf(sides.before);
}

type Rate = { per_second: number; burst: number } | null;

function isWeakerRate(now: Rate, before: Rate): boolean {
  if (before === null) return false;
  return now === null || now.per_second > before.per_second || now.burst > before.burst;
}
