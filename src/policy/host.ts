/** A host in its one normal form. */
export type ParsedHost = { kind: "name" | "ipv4" | "ipv6"; host: string };

/** What a host may be matched by. `suffix` starts with a dot and does not match the apex. */
export type HostPattern =
  | { kind: "exact"; host: string }
  | { kind: "suffix"; suffix: string }
  | { kind: "any" };

/** The one normal form of a host, or `undefined` for what is no host. */
export function parseHost(_text: string): ParsedHost | undefined {
  return undefined;
}

/** Reads `host`, `*.host` or `*`. */
export function parseHostPattern(
  text: string,
): { ok: true; pattern: HostPattern } | { ok: false; problem: string } {
  return { ok: false, problem: `"${text}" is not a host` };
}

/** The pattern as written. */
export function formatHostPattern(pattern: HostPattern): string {
  return pattern.kind === "exact" ? pattern.host : `*`;
}

/** Whether a host, in any spelling, is matched. */
export function isHostMatch(_pattern: HostPattern, _host: string): boolean {
  return false;
}

/** Whether a SNI, a Host or an authority (each may carry a port) name the same host. */
export function isSameHost(_a: string | undefined, _b: string | undefined): boolean {
  return false;
}
