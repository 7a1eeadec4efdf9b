import { type Cidr, formatAddress, formatCidr, parseAddress, parseCidr } from "./address.ts";
import type { RuleObject, RuleSpec } from "./document.ts";
import { formatHostPattern, type HostPattern, parseHost, parseHostPattern } from "./host.ts";
import { parsePathPattern } from "./path.ts";

/** What a rule is about. */
export type Destination = { kind: "host"; pattern: HostPattern } | { kind: "network"; cidr: Cidr };

/**
 * A rule in its normal form: lists sorted, without repetitions, never empty. `null` is any, except
 * that an allow rule without ports means {@link DEFAULT_PORTS}.
 */
export type Rule = {
  dest: Destination;
  ports: readonly number[] | null;
  methods: readonly string[] | null;
  paths: readonly string[] | null;
  origin: string;
};

/** What an allow rule that names no port allows. */
export const DEFAULT_PORTS: readonly number[] = [80, 443];

/** Ports of the gateway itself (GATEWAY_PORT in protocol.ts): no rule can send them elsewhere. */
export const OWN_PORTS: readonly number[] = [53, 3128];

const SCHEME_PORT: Readonly<Record<string, number>> = { http: 80, https: 443, ws: 80, wss: 443 };

const OBJECT_KEYS = ["dest", "ports", "methods", "paths"];

type Parsed<T> = { ok: true; value: T } | { ok: false; problem: string };
type Place = { dest: Destination; port: number | null; path: string };

/** Reads a rule as configured; a problem quotes the text and says what to write. */
export function parseRule(
  spec: RuleSpec,
): { ok: true; rule: Rule } | { ok: false; problem: string } {
  const object = typeof spec.rule === "string" ? { dest: spec.rule } : spec.rule;
  const unknown = Object.keys(object).find((key) => !OBJECT_KEYS.includes(key));
  if (unknown !== undefined) {
    return fail(`"${unknown}" is not a key of a rule; write one of ${OBJECT_KEYS.join(", ")}`);
  }
  const place = parsePlace(object.dest);
  if (!place.ok) return place;
  const ports = parsePorts(object, place.value);
  if (!ports.ok) return ports;
  const methods = parseMethods(object.methods);
  if (!methods.ok) return methods;
  const paths = parsePaths(object.paths, place.value.path);
  if (!paths.ok) return paths;
  const rule = {
    dest: place.value.dest,
    ports: ports.value,
    methods: methods.value,
    paths: paths.value,
    origin: spec.origin,
  };
  return { ok: true, rule };
}

/** The rule with its origin, for audit lines: `*.example.com (network.allow[0])`. */
export function formatRule(rule: Rule): string {
  const spec = formatRuleSpec(rule);
  if (typeof spec === "string") return `${spec} (${rule.origin})`;
  const fields = Object.entries(spec).map(([key, value]) => `${key} = ${formatValue(value)}`);
  return `{ ${fields.join(", ")} } (${rule.origin})`;
}

/** The rule as it would be configured, in its shortest form; reading it gives the same rule. */
export function formatRuleSpec(rule: Rule): string | RuleObject {
  const dest = formatDestination(rule.dest);
  const { ports, methods, paths } = rule;
  const isRange = rule.dest.kind === "network" && dest.includes("/");
  if (ports === null && methods === null && paths === null) return dest;
  if (ports?.length === 1 && methods === null && !isRange) {
    const authority = dest.includes(":") ? `[${dest}]` : dest;
    if (paths === null) return `${authority}:${ports[0]}`;
    if (paths.length === 1) {
      if (ports[0] === 80) return `http://${authority}${paths[0]}`;
      return `https://${authority}${ports[0] === 443 ? "" : `:${ports[0]}`}${paths[0]}`;
    }
  }
  return {
    dest,
    ...(ports === null ? {} : { ports: [...ports] }),
    ...(methods === null ? {} : { methods: [...methods] }),
    ...(paths === null ? {} : { paths: [...paths] }),
  };
}

function formatDestination(dest: Destination): string {
  if (dest.kind === "host") return formatHostPattern(dest.pattern);
  const isSingle = dest.cidr.prefix === (dest.cidr.address.family === 4 ? 32 : 128);
  return isSingle ? formatAddress(dest.cidr.address) : formatCidr(dest.cidr);
}

function formatValue(value: unknown): string {
  if (!Array.isArray(value)) return JSON.stringify(value);
  return `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
}

function parsePlace(text: string): Parsed<Place> {
  const url = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(text);
  if (url === null) return parsePlain(text);
  const [, scheme = "", authority = "", rest = ""] = url;
  const port = SCHEME_PORT[scheme.toLowerCase()];
  if (port === undefined) {
    return fail(
      `"${text}" has the scheme "${scheme}"; write http or https, or "${authority}:PORT"`,
    );
  }
  if (/[?#]/.test(rest)) {
    const fix = text.slice(0, text.search(/[?#]/));
    return fail(`"${text}" has a query or fragment, which no rule looks at; write "${fix}"`);
  }
  const place = parseAuthority(authority);
  if (!place.ok) return place;
  const path = parsePathPattern(rest === "" ? "/" : rest, "/");
  if (!path.ok) return path;
  return ok({ dest: place.value.dest, port: place.value.port ?? port, path: path.path });
}

function parsePlain(text: string): Parsed<Place> {
  if (!text.includes("/")) return parseAuthority(text);
  const cidr = parseCidr(text);
  if (cidr !== undefined) {
    const canonical = formatCidr(cidr);
    const [address = ""] = text.split("/");
    const written = parseAddress(address);
    if (written?.value === cidr.address.value) {
      return ok({ dest: { kind: "network", cidr }, port: null, path: "/" });
    }
    return fail(`"${text}" has bits set behind the prefix; write "${canonical}" or "${address}"`);
  }
  const [start = "", ...rest] = text.split("/");
  if (parseHost(start)?.kind === "ipv4" || start.includes("::")) {
    const fix = /:\d+$/.test(text)
      ? `{ dest = "${text.replace(/:\d+$/, "")}", ports = [...] }`
      : "";
    const example = fix || `"10.0.0.0/8" or "fd00::/8"`;
    return fail(`"${text}" is not a range of addresses; write ${example}`);
  }
  return fail(`"${text}" has a path but no scheme; write "https://${start}/${rest.join("/")}"`);
}

function parseAuthority(text: string): Parsed<Place> {
  const isWhole = parseAddress(text) !== undefined || text.includes("@");
  const [, host = text, port] = /^(\[[^\]]*\]|[^:[\]]*):(.*)$/s.exec(isWhole ? "" : text) ?? [];
  const dest = parseDestination(host);
  if (!dest.ok) return dest;
  if (port === undefined) return ok({ dest: dest.value, port: null, path: "/" });
  const number = /^[1-9]\d{0,4}$/.test(port) ? Number(port) : 0;
  const problem = explainPort(number, port);
  if (problem !== undefined) return fail(`"${text}": ${problem}`);
  return ok({ dest: dest.value, port: number, path: "/" });
}

function parseDestination(text: string): Parsed<Destination> {
  const host = parseHost(text);
  if (host === undefined || host.kind === "name") {
    const pattern = parseHostPattern(text);
    return pattern.ok ? ok({ kind: "host", pattern: pattern.pattern }) : pattern;
  }
  const address = parseAddress(text.replace(/^\[|\]$/g, ""));
  const mapped = /^::ffff:(\d.*)$/.exec(host.host)?.[1];
  if (address === undefined || mapped !== undefined) {
    return fail(`"${text}" is another spelling of an address; write "${mapped ?? host.host}"`);
  }
  return ok({ kind: "network", cidr: { address, prefix: address.family === 4 ? 32 : 128 } });
}

function parsePorts(object: RuleObject, place: Place): Parsed<readonly number[] | null> {
  if (object.ports === undefined) return ok(place.port === null ? null : [place.port]);
  if (place.port !== null) {
    return fail(
      `"${object.dest}" already says port ${place.port}; leave out ports, or write ` +
        `dest = "${formatDestination(place.dest)}" and the path in paths`,
    );
  }
  if (object.ports.length === 0) return fail("ports is empty; leave it out for 80 and 443");
  for (const port of object.ports) {
    const problem = explainPort(port, String(port));
    if (problem !== undefined) return fail(problem);
  }
  return ok([...new Set(object.ports)].sort((a, b) => a - b));
}

function explainPort(port: number, text: string): string | undefined {
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    return `"${text}" is not a port; write a number from 1 to 65535`;
  }
  if (!OWN_PORTS.includes(port)) return undefined;
  return `port ${port} is the gateway's own ${port === 53 ? "DNS" : "proxy"}; write another port`;
}

function parseMethods(methods: string[] | undefined): Parsed<readonly string[] | null> {
  if (methods === undefined) return ok(null);
  if (methods.length === 0) return fail("methods is empty; leave it out for any method");
  for (const method of methods) {
    if (!/^[A-Z][A-Z0-9_-]*$/.test(method)) {
      const fix = /^[a-z][a-z0-9_-]*$/i.test(method) ? method.toUpperCase() : "GET";
      return fail(`"${method}" is not a method; write ${fix === "GET" ? "one like " : ""}"${fix}"`);
    }
  }
  return ok([...new Set(methods)].sort());
}

function parsePaths(paths: string[] | undefined, base: string): Parsed<readonly string[] | null> {
  if (paths?.length === 0) return fail("paths is empty; leave it out for any path");
  const read = new Set<string>();
  for (const text of paths ?? [base]) {
    const path = parsePathPattern(text, base);
    if (!path.ok) return path;
    read.add(path.path);
  }
  return ok(read.has("/") ? null : [...read].sort());
}

function ok<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

function fail(problem: string): { ok: false; problem: string } {
  return { ok: false, problem };
}
