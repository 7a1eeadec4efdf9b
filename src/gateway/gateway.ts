import { listPorts } from "../policy/decide.ts";
import { GATEWAY_PORT, type GatewayMessage, type GatewaySettings } from "../policy/protocol.ts";
import { admit } from "./admit.ts";
import { announce } from "./announce.ts";
import { createAuditQueue } from "./audit_queue.ts";
import { createAuthority } from "./authority.ts";
import { startConnectProxy } from "./connect_proxy.ts";
import { createConnections } from "./connections.ts";
import type { GatewayContext, Snapshot } from "./context.ts";
import { createDialer } from "./dial.ts";
import { createDecideName } from "./dns_decision.ts";
import { startDnsServer } from "./dns_server.ts";
import { createWebFront } from "./front.ts";
import { listOuterAddresses, listOwnAddresses } from "./interfaces.ts";
import { createListeners } from "./listeners.ts";
import { forwardToAgent } from "./published_ports.ts";
import { createResolve } from "./resolve.ts";
import { compileSnapshot } from "./snapshot.ts";
import { parseUpstreamProxy, type UpstreamProxy } from "./upstream_proxy.ts";

/** Connections of one port at a time: far more than an agent needs, far less than the memory has. */
const MOST_CONNECTIONS = 2048;

/** The ports of the gateway's own services. */
export type GatewayPorts = Record<keyof typeof GATEWAY_PORT, number>;

/** What a gateway is made of. */
export type GatewayOptions = {
  settings: GatewaySettings;
  /** The first policy, unchecked. */
  policy: unknown;
  /** Takes everything for the host, in order. */
  send(message: GatewayMessage): void;
  /** Ports to bind in place of the well-known ones; 0 for any. */
  ports?: Partial<GatewayPorts>;
  /** Addresses that published ports are opened on, in place of all outer ones. */
  outerAddresses?: string[];
};

/** A running gateway. */
export type Gateway = {
  /** What was bound. */
  ports: GatewayPorts;
  /** Of the policy in force. */
  version(): number;
  /** Checks a policy and puts it in force; `applied` or `rejected` tells the host. One at a time. */
  applyPolicy(document: unknown, version: number): Promise<void>;
  confirmAudit(sequence: number): void;
  failAudit(): void;
  /** Ends everything at once. */
  close(): void;
  /** Hands over the events that wait. */
  flush(): void;
};

/** A gateway that could not start. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/**
 * Starts a gateway in this process and says `ready`.
 *
 * @throws {StartError} If the policy is refused, a setting is impossible or a port is taken.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { settings, send } = options;
  const first = await compileSnapshot(options.policy);
  if (!first.ok) throw new StartError(`The policy is refused: ${first.problems.join("; ")}`);
  let snapshot: Snapshot = first.snapshot;

  const queue = createAuditQueue(send);
  const connections = createConnections();
  const context: GatewayContext = {
    settings,
    snapshot: () => snapshot,
    audit: queue.add,
    isOpen: queue.isOpen,
    dialer: createDialer({
      snapshot: () => snapshot,
      resolve: createResolve(settings.dns),
      listOwnAddresses,
      proxy: openUpstreamProxy(settings),
    }),
    track: connections.track,
  };
  const authority = await createAuthority(settings.ca);
  const front = createWebFront(context, authority);
  const parts = { context, front };

  const transparent = createListeners(settings.address, {
    accept: (socket, port) => void admit(socket, { port }, parts),
    maxConnections: MOST_CONNECTIONS,
  });
  const outer = (options.outerAddresses ?? listOuterAddresses(settings.address)).map((address) =>
    createListeners(address, {
      accept: (socket, port) => void forwardToAgent(socket, port, context),
      maxConnections: MOST_CONNECTIONS,
    })
  );
  const running: { close(): void }[] = [front, transparent, ...outer];
  const close = () => {
    for (const one of running.splice(0)) one.close();
    connections.close();
  };

  /** Opens the ports the policy names; on failure those just opened are closed again. */
  async function openPorts(next: Snapshot): Promise<void> {
    const before = new Set(transparent.list());
    try {
      for (const port of listPorts(next.policy)) await transparent.open(port);
    } catch (error) {
      transparent.keep((port) => before.has(port));
      throw new StartError(formatListenProblem(error), { cause: error });
    }
  }

  async function openAll(): Promise<GatewayPorts> {
    const bind = { ...GATEWAY_PORT, ...options.ports };
    const { address } = settings;
    const http = await transparent.open(GATEWAY_PORT.http, bind.http);
    const https = await transparent.open(GATEWAY_PORT.https, bind.https);
    const decide = createDecideName(context);
    const dns = await startDnsServer({ address, port: bind.dns, decide });
    running.push(dns);
    const proxy = await startConnectProxy({
      ...parts,
      address,
      port: bind.proxy,
      maxConnections: MOST_CONNECTIONS,
    });
    running.push(proxy);
    for (const listeners of outer) {
      for (const port of settings.inbound) await listeners.open(port);
    }
    await openPorts(snapshot);
    return { dns: dns.port, http, https, proxy: proxy.port };
  }

  const ports = await openAll().catch((error) => {
    close();
    if (error instanceof StartError) throw error;
    throw new StartError(formatListenProblem(error), { cause: error });
  });
  void announce(settings.agent);
  send({
    type: "ready",
    version: snapshot.version,
    ...(authority.generated ? { ca: authority.ca } : {}),
  });

  async function applyPolicy(document: unknown, version: number): Promise<void> {
    const reject = (problems: string[]) => {
      context.audit({
        kind: "policy",
        decision: "deny",
        reason: "policy",
        detail: `version ${version} refused: ${problems[0] ?? "no reason"}`,
      });
      send({ type: "rejected", version, problems });
    };
    const next = await compileSnapshot(document);
    if (!next.ok) return reject(next.problems);
    // What was made under a policy is told from what is made under the next by the number.
    if (next.snapshot.version <= snapshot.version) {
      return reject([`version: ${snapshot.version} is in force, a new policy has a higher one`]);
    }
    try {
      await openPorts(next.snapshot);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      return reject([error.message]);
    }
    snapshot = next.snapshot;
    const { http, https } = GATEWAY_PORT;
    const wanted = new Set<number>([http, https, ...listPorts(snapshot.policy)]);
    transparent.keep((port) => wanted.has(port));
    connections.revoke(snapshot.policy);
    context.audit({
      kind: "policy",
      decision: "allow",
      reason: "policy",
      detail: `version ${snapshot.version} in force`,
    });
    send({ type: "applied", version: snapshot.version });
  }

  let applying: Promise<void> = Promise.resolve();
  return {
    ports,
    version: () => snapshot.version,
    applyPolicy: (document, version) =>
      applying = applying.then(() => applyPolicy(document, version)),
    confirmAudit: queue.confirm,
    failAudit: queue.fail,
    flush: queue.flush,
    close,
  };
}

function openUpstreamProxy({ upstreamProxy }: GatewaySettings): UpstreamProxy | null {
  if (upstreamProxy === null) return null;
  try {
    return parseUpstreamProxy(upstreamProxy);
  } catch (error) {
    throw new StartError((error as Error).message, { cause: error });
  }
}

function formatListenProblem(error: unknown): string {
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number };
  if (code === undefined) return message;
  return `Cannot listen${port === undefined ? "" : ` on port ${port}`}: ${code}`;
}
