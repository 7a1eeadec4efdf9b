import { domainToASCII } from "node:url";
import { type Address, formatAddress, parseAddress } from "./address.ts";

/** A host in its one normal form. */
export type ParsedHost = { kind: "name" | "ipv4" | "ipv6"; host: string };

/** What a host may be matched by. `suffix` starts with a dot and does not match the apex. */
export type HostPattern =
  | { kind: "exact"; host: string }
  | { kind: "suffix"; suffix: string }
  | { kind: "any" };

/** RFC 1035 2.3.4, without the trailing dot. */
const MAX_NAME = 253;

/** RFC 1123 2.1, and the underscore, which many real hosts have. */
const NAME =
  /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Whatever ends like this is read as an IPv4 address by WHATWG URL and by inet_aton(3). */
const NUMERIC_END = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/;

/**
 * The one normal form of a host: lower case, without the trailing dot, names in A-label form only,
 * IP addresses (in brackets or not, and in every number system that a resolver reads) in their
 * canonical text. `undefined` for what is no host: userinfo, port, space, slash, percent.
 */
export function parseHost(text: string): ParsedHost | undefined {
  // Before lower case: some letters outside of ASCII become ASCII by it.
  if (!/^[\x21-\x7e]{1,255}$/.test(text)) return undefined;
  if (text.includes(":")) {
    const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
    const address = parseAddress(bare);
    return address && { kind: "ipv6", host: formatAddress(address) };
  }
  const lower = text.toLowerCase();
  const name = lower.endsWith(".") ? lower.slice(0, -1) : lower;
  if (name.length > MAX_NAME || !NAME.test(name)) return undefined;
  if (!NUMERIC_END.test(name)) return { kind: "name", host: name };
  const address = parseLooseIpv4(name);
  return address && { kind: "ipv4", host: formatAddress(address) };
}

/** Reads `host`, `*.host` (any depth below it, not `host` itself) or `*` (any name). */
export function parseHostPattern(
  text: string,
): { ok: true; pattern: HostPattern } | { ok: false; problem: string } {
  if (text === "*") return { ok: true, pattern: { kind: "any" } };
  const isWildcard = text.startsWith("*.");
  const host = parseHost(isWildcard ? text.slice(2) : text);
  if (host === undefined) return { ok: false, problem: explainNoHost(text) };
  if (host.kind !== "name") {
    const fix = isWildcard ? `a network such as "10.0.0.0/8" in a rule` : "a name";
    return { ok: false, problem: `"${text}" is an IP address, not a host name; write ${fix}` };
  }
  if (!isWildcard) return { ok: true, pattern: { kind: "exact", host: host.host } };
  if (!host.host.includes(".")) {
    const problem = `"${text}" would match every name that ends in ".${host.host}", ` +
      `whoever owns it; write the names you need, for example "*.example.${host.host}"`;
    return { ok: false, problem };
  }
  return { ok: true, pattern: { kind: "suffix", suffix: `.${host.host}` } };
}

/** The pattern as it would be written. */
export function formatHostPattern(pattern: HostPattern): string {
  switch (pattern.kind) {
    case "exact":
      return pattern.host;
    case "suffix":
      return `*${pattern.suffix}`;
    case "any":
      return "*";
    default:
      return unreachable(pattern);
  }
}

/** Whether a host, in any spelling, is matched. No pattern matches an IP address. */
export function isHostMatch(pattern: HostPattern, host: string): boolean {
  const parsed = parseHost(host);
  return parsed?.kind === "name" && isNameMatch(pattern, parsed.host);
}

/** Whether some host is matched by both. */
export function isPatternOverlap(a: HostPattern, b: HostPattern): boolean {
  if (a.kind === "any" || b.kind === "any") return true;
  if (a.kind === "exact") return isNameMatch(b, a.host);
  if (b.kind === "exact") return isNameMatch(a, b.host);
  return a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix);
}

/**
 * Whether an SNI, a Host or an authority name the same host; each may carry a port, which is not
 * compared. What is missing or no host is the same as nothing, not even as itself.
 */
export function isSameHost(a: string | undefined, b: string | undefined): boolean {
  const left = parseAuthorityHost(a);
  const right = parseAuthorityHost(b);
  return left !== undefined && right !== undefined && left.host === right.host;
}

function isNameMatch(pattern: HostPattern, name: string): boolean {
  switch (pattern.kind) {
    case "exact":
      return name === pattern.host;
    case "suffix":
      return name.endsWith(pattern.suffix);
    case "any":
      return true;
    default:
      return unreachable(pattern);
  }
}

function parseAuthorityHost(text: string | undefined): ParsedHost | undefined {
  const parts = /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(text ?? "");
  return parseHost(parts?.[1] ?? text ?? "");
}

/** One to four parts, each decimal, octal or hexadecimal; the last fills what is left. */
function parseLooseIpv4(text: string): Address | undefined {
  const parts = text.split(".").map(parseLooseNumber);
  const last = parts.pop();
  if (last === undefined || parts.length > 3) return undefined;
  let value = 0;
  for (const part of parts) {
    if (part === undefined || part > 255) return undefined;
    value = value * 256 + part;
  }
  const room = 256 ** (4 - parts.length);
  return last < room ? { family: 4, value: BigInt(value * room + last) } : undefined;
}

function parseLooseNumber(text: string): number | undefined {
  if (/^0x[0-9a-f]*$/.test(text)) return text === "0x" ? 0 : Number(text);
  if (/^0[0-7]*$/.test(text)) return parseInt(text, 8);
  return /^[1-9]\d*$/.test(text) ? Number(text) : undefined;
}

function explainNoHost(text: string): string {
  const start = `"${text}" is not a host`;
  if (text === "") return `${start}: it is empty`;
  if (text !== text.trim()) return `${start}: write it without spaces, "${text.trim()}"`;
  if (/[^\x20-\x7e]/.test(text)) {
    const ascii = domainToASCII(text);
    const fix = ascii === "" ? "only letters, digits, dots and hyphens" : `"${ascii}"`;
    return `${start}: write it in ASCII, ${fix}`;
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    return `${start}: write only the host, "${text.split("/")[2]}"`;
  }
  if (/^\./.test(text)) return `${start}: write "*${text}" for every name below it`;
  if (text.includes("@")) return `${start}: write it without a user, "${text.split("@").pop()}"`;
  if (text.includes("*")) {
    const rest = text.slice(text.lastIndexOf("*") + 1).replace(/^[^.]*\.?/, "");
    const fix = rest.includes(".") ? `"*.${rest}"` : `"*.example.com"`;
    return `${start}: "*" stands for whole labels and only at the start, write ${fix}`;
  }
  const host = text.split(/[:/]/)[0] ?? "";
  if (host !== text && parseHost(host) !== undefined) {
    return `${start}: write it without port and path, "${host}"`;
  }
  return `${start}: write a name such as "api.example.com"`;
}

function unreachable(value: never): never {
  throw new Error(`Unknown pattern: ${JSON.stringify(value)}`);
}
