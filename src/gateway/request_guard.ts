import type { Reason } from "../policy/audit.ts";
import { parseHost } from "../policy/host.ts";
import type { RequestHead } from "./context.ts";
import type { Refusal } from "./denial.ts";
import { findTokens, type HeaderList, isHeaderName, isHeaderValue } from "./header_rules.ts";

/** A request as it arrived, before anything of it is believed. */
export type RawRequest = {
  version: "1.0" | "1.1" | "2";
  method: string;
  /** Request target of HTTP/1, `:path` of HTTP/2. */
  target: string;
  /** `:authority`, HTTP/2 only. */
  authority?: string;
  /** `:scheme`, HTTP/2 only. */
  scheme?: string;
  /** In order, as received, without pseudo headers. */
  headers: HeaderList;
};

/** What the connection was made for; a request names nothing else. */
export type Destination = {
  scheme: "http" | "https";
  /** Told by SNI or CONNECT; without it the request's Host tells. */
  host?: string;
  port: number;
};

/** How the body is framed. */
export type BodyFraming = "none" | number | "stream";

/** A request there is only one way to read, or why it is refused. */
export type GuardResult =
  | { ok: true; head: RequestHead; body: BodyFraming; expectsContinue: boolean }
  | { ok: false; refusal: Refusal };

const MOST_HEADERS = 256;
const TARGET = /^\/[\x21-\x7e]*$/;
const ABSOLUTE = /^(https?):\/\/([^/?#]*)([/?].*)?$/i;
const AUTHORITY = /^(\[[0-9A-Fa-f:.]+\]|[^:@/?#\\\s\[\]]+)(?::([0-9]{1,5}))?$/;
/** What HTTP/2 has no place for (RFC 9113 section 8.2.2). */
const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);
/** What the gateway says itself. `te` is decided below. */
const OWN: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Reads `host` or `host:port`; nothing for what is neither. */
export function parseAuthority(text: string): { host: string; port: number | null } | undefined {
  const match = AUTHORITY.exec(text);
  if (match === null) return undefined;
  const host = parseHost(match[1]!)?.host;
  const port = match[2] === undefined ? null : Number(match[2]);
  if (host === undefined || port === 0 || (port ?? 0) > 65535) return undefined;
  return { host, port };
}

/** How a request names this host: with its port unless it is the scheme's own. */
export function formatAuthority(destination: RequestHead | Required<Destination>): string {
  const host = destination.host.includes(":") ? `[${destination.host}]` : destination.host;
  const own = destination.scheme === "https" ? 443 : 80;
  return destination.port === own ? host : `${host}:${destination.port}`;
}

/**
 * Refuses what two readers could understand differently, and what was meant for another host than
 * the connection's. Node's parser lets most of it pass (docs: research on parser strictness).
 *
 * @param options.isUpgrade The request asks for WebSocket and is handled as such.
 */
export function guardRequest(
  raw: RawRequest,
  destination: Destination,
  options: { isUpgrade: boolean },
): GuardResult {
  const fields = readFields(raw);
  if (typeof fields === "string") return refuse("smuggling", fields, destination);

  if (!isHeaderName(raw.method)) {
    return refuse("protocol", "The method cannot be read", destination);
  }
  if (raw.method === "CONNECT" || raw.method === "TRACE") {
    return refuse("protocol", `${raw.method} is not passed on`, destination);
  }
  if (fields.isUpgrade && !options.isUpgrade) {
    return refuse("protocol", "Only WebSocket upgrades are passed on", destination);
  }
  const body = findBody(raw, fields);
  if (typeof body === "object") return refuse("smuggling", body.problem, destination);

  const named = findHost(raw, fields);
  if ("problem" in named) return refuse("smuggling", named.problem, destination);
  const host = destination.host ?? named.host;
  if (host !== named.host) {
    const detail = `The request names ${named.host}, its connection was made for ${host}`;
    return refuse("name-mismatch", detail, destination);
  }
  if (named.port !== null && named.port !== destination.port) {
    const detail = `The request names port ${named.port}, its connection ${destination.port}`;
    return refuse("name-mismatch", detail, { host });
  }
  if (named.scheme !== undefined && named.scheme !== destination.scheme) {
    return refuse("smuggling", `The request names another scheme than its connection`, { host });
  }
  if (!TARGET.test(named.target)) {
    return refuse("protocol", "The path does not start with / or holds raw characters", { host });
  }

  const { scheme, port } = destination;
  const { method } = raw;
  const headers = fields.kept;
  const head: RequestHead = { scheme, host, port, method, target: named.target, headers };
  return { ok: true, head, body, expectsContinue: fields.expectsContinue };
}

type Fields = {
  kept: HeaderList;
  hosts: string[];
  lengths: string[];
  encodings: string[];
  isUpgrade: boolean;
  expectsContinue: boolean;
};

/** Looks at every header once; a text says what is wrong. */
function readFields(raw: RawRequest): Fields | string {
  if (raw.headers.length > MOST_HEADERS) return "The request has too many headers";
  const fields: Fields = {
    kept: [],
    hosts: [],
    lengths: [],
    encodings: [],
    isUpgrade: false,
    expectsContinue: false,
  };
  let named: string[] | undefined;
  for (const pair of raw.headers) {
    const name = pair[0].toLowerCase();
    const value = pair[1];
    if (!isHeaderName(name) || !isHeaderValue(value)) return "A header holds control characters";
    if (raw.version === "2" && CONNECTION_SPECIFIC.has(name)) return `HTTP/2 has no ${name}`;
    switch (name) {
      case "host":
        fields.hosts.push(value);
        break;
      case "content-length":
        fields.lengths.push(value);
        break;
      case "transfer-encoding":
        fields.encodings.push(value.toLowerCase());
        break;
      case "upgrade":
        fields.isUpgrade = true;
        break;
      case "expect":
        if (value.toLowerCase() !== "100-continue") return "The expectation is not known";
        fields.expectsContinue = true;
        break;
      case "connection":
        named = [...named ?? [], ...findTokens([pair], "connection")];
        break;
      case "te":
        // gRPC servers insist on it; anything else describes this connection only.
        if (raw.version === "2" && value.toLowerCase() === "trailers") fields.kept.push(pair);
        break;
    }
    if (!OWN.has(name) && !name.startsWith("proxy-")) fields.kept.push(pair);
  }
  if (named !== undefined) dropNamed(fields, named);
  return fields;
}

/** Takes away what `Connection` names, except what was decided on. */
function dropNamed(fields: Fields, named: readonly string[]) {
  const dropped = named.filter((token) =>
    token !== "close" && token !== "keep-alive" && token !== "upgrade" && token !== "te" &&
    token !== "content-length" && token !== "content-type" && token !== "authorization"
  );
  if (dropped.length === 0) return;
  fields.kept = fields.kept.filter(([name]) => !dropped.includes(name.toLowerCase()));
}

function findBody(raw: RawRequest, fields: Fields): BodyFraming | { problem: string } {
  const { lengths, encodings } = fields;
  if (lengths.length > 1) return { problem: "The request has two lengths" };
  if (encodings.length > 0) {
    if (lengths.length > 0) return { problem: "The request has a length and a transfer encoding" };
    if (raw.version !== "1.1") return { problem: "HTTP/1.0 has no transfer encoding" };
    if (encodings.length > 1 || encodings[0] !== "chunked") {
      return { problem: "The transfer encoding is not known" };
    }
    return "stream";
  }
  const length = lengths[0];
  if (length === undefined) return "none";
  if (!/^[0-9]{1,15}$/.test(length)) return { problem: "The length cannot be read" };
  return Number(length);
}

type NamedHost = { host: string; port: number | null; scheme?: string; target: string };

/** The one host a request names in all places where it may name one. */
function findHost(raw: RawRequest, fields: Fields): NamedHost | { problem: string } {
  if (fields.hosts.length > 1) return { problem: "The request has two Host headers" };
  const texts = [...fields.hosts];
  if (raw.authority !== undefined) texts.push(raw.authority);
  let { target } = raw;
  let scheme = raw.scheme?.toLowerCase();
  if (!target.startsWith("/")) {
    const absolute = ABSOLUTE.exec(target);
    if (absolute === null || raw.version === "2") return { problem: "The path cannot be read" };
    if (fields.hosts.length === 0) return { problem: "The request has no Host" };
    texts.push(absolute[2]!);
    scheme = absolute[1]!.toLowerCase();
    target = absolute[3] ?? "/";
    if (target.startsWith("?")) target = `/${target}`;
  }
  if (texts.length === 0) return { problem: "The request has no Host" };
  const own = scheme === "https" ? 443 : 80;
  let named: { host: string; port: number | null } | undefined;
  for (const text of texts) {
    const other = parseAuthority(text);
    if (other === undefined) return { problem: "The Host cannot be read" };
    named ??= other;
    const isSame = named.host === other.host &&
      (scheme === undefined
        ? named.port === other.port
        : (named.port ?? own) === (other.port ?? own));
    if (!isSame) return { problem: "The request names two hosts" };
  }
  return { ...named!, scheme, target };
}

function refuse(reason: Reason, detail: string, { host }: { host?: string }): GuardResult {
  return { ok: false, refusal: { reason, detail, host: host ?? null } };
}
