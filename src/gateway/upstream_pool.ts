import type { Socket } from "node:net";
import { DialError, type GatewayContext } from "./context.ts";
import { type UpstreamConnection, UpstreamError } from "./upstream_call.ts";
import { type H1Connection, openH1 } from "./upstream_h1.ts";
import { type H2Session, openH2 } from "./upstream_h2.ts";
import type { TlsOpener } from "./upstream_tls.ts";

/** Where a request goes. Connections of one policy version are not used under the next. */
export type Route = {
  scheme: "http" | "https";
  host: string;
  port: number;
  version: number;
  /** The client speaks HTTP/2: so may we. */
  http2: boolean;
};

/** Connections to hosts, kept for the next request. */
export type UpstreamPool = {
  /** One that is free now and was last used at most so long ago. */
  find(route: Route, mostIdleMs: number): UpstreamConnection | undefined;
  /**
   * A new one, or the next that becomes free when the host has as many as it may.
   *
   * @throws {UpstreamError} Why there is none.
   */
  open(route: Route, request: { isWanted(): boolean }): Promise<UpstreamConnection>;
  close(): void;
};

/** How long a connection without requests is kept. Many servers close theirs after 60 s or less. */
export const MOST_IDLE_MS = 30_000;
/** Connections to one host: what a parallel package download wants, and the agent's memory bears. */
const MOST_CONNECTIONS = 256;
const SWEEP_MS = 5_000;
/** A server's own limit, less the time a request needs to reach it. */
const KEEP_ALIVE_MARGIN_MS = 1_000;

type Idle = { connection: H1Connection; sinceMs: number };
type Waiter = {
  resolve(connection: UpstreamConnection): void;
  reject(error: unknown): void;
  /** Somebody still waits. A signal would cost each request more than all its other objects. */
  isWanted(): boolean;
};
type Group = {
  route: Route;
  idle: Idle[];
  open: number;
  waiting: Waiter[];
  session: H2Session | undefined;
  /** The connection that will tell whether the host speaks HTTP/2. */
  opening: Promise<UpstreamConnection> | undefined;
};

/** Makes the pool of one gateway. */
export function createUpstreamPool(
  context: Pick<GatewayContext, "dialer" | "snapshot">,
  tls: TlsOpener,
): UpstreamPool {
  const groups = new Map<string, Group>();
  const sweeper = setInterval(sweep, SWEEP_MS);
  sweeper.unref();

  function groupOf(route: Route): Group {
    const key = `${route.version} ${route.scheme} ${
      route.http2 ? 2 : 1
    } ${route.port} ${route.host}`;
    let group = groups.get(key);
    if (group === undefined) {
      group = { route, idle: [], open: 0, waiting: [], session: undefined, opening: undefined };
      groups.set(key, group);
    }
    return group;
  }

  function sweep() {
    const nowMs = performance.now();
    const { version } = context.snapshot();
    for (const [key, group] of groups) {
      const mostMs = group.route.version === version ? MOST_IDLE_MS : 0;
      const expired = group.idle.filter((idle) => !isFresh(idle, nowMs, mostMs));
      for (const { connection } of expired) connection.close();
      if (group.session?.isExpired(mostMs, nowMs)) group.session.close();
      if (group.open === 0 && group.waiting.length === 0) groups.delete(key);
    }
  }

  async function connect(group: Group): Promise<UpstreamConnection> {
    const { route } = group;
    group.open++;
    try {
      const socket = await dial(route);
      if (route.scheme === "http") return adopt(group, socket);
      const alpn = route.http2 ? ["h2", "http/1.1"] : ["http/1.1"];
      const secured = await tls.open(socket, { host: route.host, alpn });
      if (secured.alpnProtocol !== "h2") return adopt(group, secured);
      const session = openH2(secured, () => {
        if (group.session === session) group.session = undefined;
        released(group);
      });
      group.session = session;
      return session;
    } catch (error) {
      released(group);
      throw error;
    }
  }

  async function dial({ host, port }: Route): Promise<Socket> {
    try {
      const { socket } = await context.dialer.dial({ host, port });
      socket.setNoDelay(true);
      return socket;
    } catch (error) {
      if (!(error instanceof DialError)) throw error;
      throw new UpstreamError(error.reason, error.message, { cause: error });
    }
  }

  function adopt(group: Group, socket: Socket): H1Connection {
    return openH1(socket, {
      onIdle(connection) {
        const waiter = takeWaiter(group);
        if (waiter !== undefined) waiter.resolve(connection);
        else if (group.route.version !== context.snapshot().version) connection.close();
        else group.idle.push({ connection, sinceMs: performance.now() });
      },
      onClose(connection) {
        group.idle = group.idle.filter((idle) => idle.connection !== connection);
        released(group);
      },
    });
  }

  function released(group: Group) {
    group.open--;
    const waiter = takeWaiter(group);
    if (waiter !== undefined) connect(group).then(waiter.resolve, waiter.reject);
  }

  return {
    find(route, mostIdleMs) {
      const group = groupOf(route);
      if (group.session?.isUsable()) return group.session;
      const nowMs = performance.now();
      // The one used last is the likeliest to be alive.
      for (let idle = group.idle.pop(); idle !== undefined; idle = group.idle.pop()) {
        if (isFresh(idle, nowMs, mostIdleMs) && idle.connection.isIdle()) return idle.connection;
        idle.connection.close();
      }
      return undefined;
    },
    async open(route, { isWanted }) {
      const group = groupOf(route);
      if (route.http2 && group.opening !== undefined) {
        // Requests of one burst share the session that the first of them opens.
        await group.opening.catch(() => undefined);
        if (group.session?.isUsable()) return group.session;
      }
      if (group.open >= MOST_CONNECTIONS) {
        const { promise, resolve, reject } = Promise.withResolvers<UpstreamConnection>();
        group.waiting.push({ resolve, reject, isWanted });
        return await promise;
      }
      const opening = connect(group);
      if (!route.http2) return await opening;
      group.opening = opening;
      try {
        return await opening;
      } finally {
        if (group.opening === opening) group.opening = undefined;
      }
    },
    close() {
      clearInterval(sweeper);
      for (const group of groups.values()) {
        for (const waiter of group.waiting.splice(0)) {
          waiter.reject(new UpstreamError("dial", "The gateway is ending"));
        }
        for (const { connection } of [...group.idle]) connection.close();
        group.session?.close();
      }
      groups.clear();
    },
  };
}

function isFresh({ connection, sinceMs }: Idle, nowMs: number, mostIdleMs: number): boolean {
  const told = connection.keepAliveMs();
  const mostMs = told === null ? mostIdleMs : Math.min(mostIdleMs, told - KEEP_ALIVE_MARGIN_MS);
  return nowMs - sinceMs < mostMs;
}

function takeWaiter(group: Group): Waiter | undefined {
  for (let waiter = group.waiting.shift(); waiter; waiter = group.waiting.shift()) {
    if (waiter.isWanted()) return waiter;
  }
  return undefined;
}
