import type { Reason } from "./audit.ts";

const LOOK = "your user sees it with: audit --blocked";

const HINTS: Readonly<Record<Reason, (host: string) => string>> = {
  "rule": () => LOOK,
  "no-rule": (host) => `your user can allow it with: domain add ${host}`,
  "block-rule": () => "a block rule forbids it; blocks win over every allow rule",
  "port": (host) => `your user can allow the port with: domain add ${host}:PORT`,
  "method": (host) => `the rule for ${host} does not list this method; add it there`,
  "path": (host) => `the rule for ${host} does not cover this path; add it there`,
  "ip-literal": (host) => `use a host name, or have the address allowed with: domain add ${host}`,
  "address": (host) =>
    `${host} resolves to an address that is not public; have that address allowed with: domain add ADDRESS`,
  "name": () => "this is not a host name; write it in ASCII, without user, port or spaces",
  "name-mismatch": () =>
    "CONNECT, TLS and Host must name the same host; use one connection for each",
  "no-sni": () => "the client told no host name in its TLS hello; use a client that sends SNI",
  "ech": () => "the client hid its host name; turn encrypted client hello off",
  "protocol": () => "only TLS and HTTP pass here",
  "smuggling": () => "the request can be read in two ways; send it in a plain form",
  "resolve": (host) => `${host} has no address; check its spelling and the DNS of this machine`,
  "dial": (host) => `${host} did not take the connection; try again later`,
  "upstream-certificate": (host) =>
    `the certificate of ${host} is not trusted; if it is of your company, add its authority`,
  "upstream": (host) => `${host} did not answer as it should; try again later`,
  "rate": (host) => `too many requests to ${host}; wait, or raise network.rate`,
  "secret-foreign": (host) =>
    `a secret was on its way to ${host}; list the host in the secret's to`,
  "secret-leak": () => "a real secret was on its way out; send its placeholder instead",
  "entropy": () => "what was sent looks like a hidden secret; relax inspect.entropy",
  "content-type": () => "what was sent is not of the type it claims; relax inspect.content_type",
  "body-size": () => "the body is larger than inspect.body_limit",
  "encoding": () => "the content is in an encoding that cannot be read; send it plain or as gzip",
  "websocket": () => "WebSocket is forbidden here; relax inspect.websocket",
  "inspector": () => `one of your own inspectors blocked it; ${LOOK}`,
  "timeout": (host) => `${host} took too long; try again later`,
  "revoked": (host) =>
    `the rule was removed; your user can allow it again with: domain add ${host}`,
  "audit": () => "nothing goes out while the audit log cannot be written; free some disk space",
  "policy": () =>
    "the policy could not be read, so nothing is allowed; your user sees why with: config show",
};

/**
 * One line for the agent and its user: what to do about a denial. Without a host it says HOST. It is
 * read inside, so commands are told without the name of the tool.
 */
export function formatHint(reason: Reason, host: string | undefined): string {
  return HINTS[reason](host ?? "HOST");
}
