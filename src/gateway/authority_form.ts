import { parseHost } from "../policy/host.ts";

/** What a CONNECT asks for; `host` is in its normal form. */
export type ConnectTarget = { kind: "name" | "ipv4" | "ipv6"; host: string; port: number };

/** Longest name and the longest port; a bracketed IPv6 address is shorter. */
const LONGEST_AUTHORITY = 253 + 1 + 1 + 5;

/**
 * Reads the authority of a CONNECT: `host:port` and nothing more. No user, no path, no missing port,
 * no blanks, no escapes.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9112#section-3.2.3}
 */
export function parseConnectTarget(text: string): ConnectTarget | undefined {
  if (text.length > LONGEST_AUTHORITY) return undefined;
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\\%[\]]+):([1-9][0-9]{0,4})$/.exec(text);
  if (match === null) return undefined;
  const port = Number(match[2]);
  const parsed = parseHost(match[1]!);
  if (parsed === undefined || port > 65535) return undefined;
  return { ...parsed, port };
}
