/** Names and values in order, as in {@link RequestHead}. */
export type HeaderList = [name: string, value: string][];

/** What describes one connection and never travels further (RFC 9110 section 7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** What a `Connection` header may not take away: it would change what was decided on. */
const KEPT: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "content-type",
  "authorization",
  "cookie",
]);

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// Visible characters, blanks and the upper half of Latin-1 (RFC 9110 section 5.5).
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Says whether this may be a header's name. */
export function isHeaderName(name: string): boolean {
  return TOKEN.test(name);
}

/** Says whether this may be a header's value. */
export function isHeaderValue(value: string): boolean {
  return VALUE.test(value);
}

/** Pairs of a flat list, as `node:http` and `node:http2` hand headers out. */
export function pairHeaders(flat: readonly string[]): HeaderList {
  const pairs: HeaderList = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i]!, flat[i + 1]!]);
  return pairs;
}

/** The values of a header, in order. */
export function findHeaders(headers: HeaderList, name: string): string[] {
  const values: string[] = [];
  for (const [other, value] of headers) {
    if (other.length === name.length && other.toLowerCase() === name) values.push(value);
  }
  return values;
}

/** The parts of all headers of this name, in lower case. */
export function findTokens(headers: HeaderList, name: string): string[] {
  return findHeaders(headers, name).flatMap((value) =>
    value.split(",").map((part) => part.trim().toLowerCase()).filter((part) => part !== "")
  );
}

/** What may travel on: without what belongs to one connection, or to a proxy. */
export function stripHopByHop(headers: HeaderList): HeaderList {
  let named: Set<string> | undefined;
  const kept: HeaderList = [];
  for (const pair of headers) {
    const name = pair[0].toLowerCase();
    if (name === "connection") {
      for (const token of findTokens([pair], "connection")) {
        if (!KEPT.has(token) && token !== "close" && token !== "keep-alive") {
          named = (named ?? new Set()).add(token);
        }
      }
    }
    if (!HOP_BY_HOP.has(name)) kept.push(pair);
  }
  return named === undefined ? kept : kept.filter(([name]) => !named.has(name.toLowerCase()));
}
