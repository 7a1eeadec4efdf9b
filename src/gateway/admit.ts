import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Reason } from "../policy/audit.ts";
import { decideConnection, findPortOwner } from "../policy/decide.ts";
import { formatHint } from "../policy/hint.ts";
import { isSameHost, parseHost } from "../policy/host.ts";
import { GATEWAY_PORT } from "../policy/protocol.ts";
import type { ClientHello } from "./client_hello.ts";
import type { GatewayContext } from "./context.ts";
import type { WebFront } from "./front.ts";
import { sniff, SNIFF_DEADLINE_MS } from "./sniff.ts";
import { endWith, splice, TLS_ALERT } from "./splice.ts";

/** What a new connection is judged with. */
export type AdmitOptions = {
  context: GatewayContext;
  front: Pick<WebFront, "acceptTls" | "acceptHttp">;
  sniffDeadlineMs?: number;
};

/** Where a connection wants to go: `host` when a CONNECT named it and was allowed. */
export type Destination = { host?: string; port: number };

type Refusal = { reason: Reason; detail: string; host?: string; rule?: string };

const SILENCE = Buffer.alloc(0);

/**
 * Waits for a client's first bytes and hands the connection to what carries it; ends it when its
 * bytes are not what was asked for. Nothing is dialed before that. Never throws.
 */
export async function admit(
  socket: Socket,
  destination: Destination,
  options: AdmitOptions,
): Promise<void> {
  const sniffed = await sniff(socket, {
    deadlineMs: options.sniffDeadlineMs ?? SNIFF_DEADLINE_MS,
  });
  switch (sniffed.kind) {
    case "gone":
      socket.destroy();
      return;
    case "timeout":
      return refuse({ reason: "timeout", detail: "too few bytes to tell what it speaks" });
    case "unknown":
      return refuse({ reason: "protocol", detail: sniffed.problem });
    case "tls":
      return admitTls(sniffed.hello);
    case "http":
      // Plain HTTP where TLS belongs would carry in clear what its client meant to encrypt.
      if (destination.port === GATEWAY_PORT.https) {
        return refuse({ reason: "protocol", detail: "plain HTTP on port 443" });
      }
      return options.front.acceptHttp(socket, destination);
    case "ssh":
      return admitSsh();
    default:
      return sniffed satisfies never;
  }

  function admitTls(hello: ClientHello): void | Promise<void> {
    const refuseTls = (refusal: Refusal) => refuse(refusal, TLS_ALERT.denied);
    const named = findTlsHost(hello.serverName, destination.host);
    if ("reason" in named) return refuseTls(named);
    const { host } = named;
    const target = { host, port: destination.port };
    const decision = decideConnection(options.context.snapshot().policy, target);
    if (decision.verdict === "deny") {
      return refuseTls({ ...decision, detail: formatHint(decision.reason, host), host });
    }
    if (decision.mode === "terminate") return options.front.acceptTls(socket, target);
    // The encrypted hello may name any other host of the same server, and on a spliced connection
    // nobody would ever see it: one allowed host of a big network would open all of them. What some
    // clients send to look alike (GREASE) cannot be told from the real thing, so the extension
    // itself is refused here. A host whose TLS is opened takes such clients: our server knows no
    // ECH, and they go on with the outer name, which was checked.
    if (hello.ech) {
      return refuseTls({
        reason: "ech",
        detail: "Encrypted Client Hello hides the host; inspect.hosts opens it for such clients",
        host,
        rule: decision.rule,
      });
    }
    const refusal = searchName(target, decision.rule);
    if (refusal !== undefined) return refuseTls(refusal);
    return splice(
      socket,
      { ...target, rule: decision.rule, alert: TLS_ALERT.failed },
      options.context,
    );
  }

  function admitSsh(): void | Promise<void> {
    const { port } = destination;
    if (port === GATEWAY_PORT.http || port === GATEWAY_PORT.https) {
      return refuse({ reason: "protocol", detail: `SSH on port ${port}` });
    }
    const { policy } = options.context.snapshot();
    // SSH tells no host: only the one that a rule gives this port to can be meant.
    const host = destination.host ?? findPortOwner(policy, port);
    if (host === undefined) {
      return refuse({ reason: "protocol", detail: `no single host has port ${port} for SSH` });
    }
    const decision = decideConnection(policy, { host, port });
    if (decision.verdict === "deny") {
      return refuse({ ...decision, detail: formatHint(decision.reason, host), host });
    }
    if (decision.mode === "terminate") {
      return refuse({
        reason: "protocol",
        detail: "SSH cannot be opened, and this host must be",
        host,
        rule: decision.rule,
      });
    }
    const refusal = searchName({ host, port }, decision.rule);
    if (refusal !== undefined) return refuse(refusal);
    return splice(socket, { host, port, rule: decision.rule, alert: SILENCE }, options.context);
  }

  /** Why the name of a host that nobody looks inside of must not be asked for. */
  function searchName(about: { host: string; port: number }, rule: string): Refusal | undefined {
    const finding = options.context.snapshot().content.searchName(about.host);
    if (finding === null) return undefined;
    const { action, reason, detail } = finding;
    if (action === "block") return { reason, detail, host: about.host, rule };
    options.context.audit({ kind: "connect", decision: "flag", reason, ...about, rule, detail });
    return undefined;
  }

  function refuse(refusal: Refusal, lastWord: Buffer = SILENCE): void {
    const { reason, detail, rule } = refusal;
    const host = refusal.host ?? destination.host;
    options.context.audit({
      kind: "connect",
      decision: "deny",
      reason,
      ...(host === undefined ? {} : { host }),
      port: destination.port,
      ...(rule === undefined ? {} : { rule }),
      detail,
    });
    endWith(socket, lastWord);
  }
}

/** The host a hello is for: its server name, which must be the one that a CONNECT named. */
function findTlsHost(
  serverName: string | null,
  authority: string | undefined,
): { host: string } | Refusal {
  if (serverName === null) {
    const isAddress = authority !== undefined && parseHost(authority)?.kind !== "name";
    // No client names an address in its hello (RFC 6066); a rule allowed this very one.
    if (isAddress) return { host: authority };
    return { reason: "no-sni", detail: "the TLS client names no host" };
  }
  if (authority !== undefined) {
    if (isSameHost(serverName, authority)) return { host: authority };
    return { reason: "name-mismatch", detail: "the TLS client names another host than CONNECT" };
  }
  const parsed = parseHost(serverName);
  if (parsed === undefined) return { reason: "name", detail: "the TLS client names no valid host" };
  if (parsed.kind !== "name") {
    return { reason: "ip-literal", detail: "the TLS client names an address", host: parsed.host };
  }
  return { host: parsed.host };
}
