import { connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import type { AuditEvent } from "../../../src/policy/audit.ts";
import { compilePolicy } from "../../../src/policy/compile.ts";
import type { PolicyDocument } from "../../../src/policy/document.ts";
import { type Authority, createAuthority } from "../../../src/gateway/authority.ts";
import {
  type ContentPolicy,
  DialError,
  type Exchange,
  type GatewayContext,
  type RequestHead,
  type TrackedConnection,
} from "../../../src/gateway/context.ts";
import { createWebFront, type WebFront } from "../../../src/gateway/front.ts";

/**
 * A web front on loopback, with the rest of the gateway played: hosts are names for loopback ports,
 * content passes as the test says, audit events are collected.
 */
export type WebWorld = AsyncDisposable & {
  front: WebFront;
  authority: Authority;
  events: Omit<AuditEvent, "time">[];
  tracked: Set<TrackedConnection>;
  dialed: string[];
  /** Ports of loopback listeners that hand every connection to the front. */
  listen(kind: "tls" | "http", target: { host?: string; port: number }): Promise<number>;
  setOpen(isOpen: boolean): void;
  setDocument(document: Partial<PolicyDocument>): void;
  /** Resolves when an event of this kind has come. */
  waitFor(found: (event: Omit<AuditEvent, "time">) => boolean): Promise<Omit<AuditEvent, "time">>;
};

/** What a test says of its world. */
export type WorldOptions = {
  /** Where `host:port` really is; absent: nowhere. */
  hosts: Record<string, number>;
  policy?: Partial<PolicyDocument>;
  extraCa?: string[];
  /** Changes the exchange that passes everything. */
  exchange?: (head: RequestHead, passing: Exchange) => Exchange;
  takeToken?: () => boolean;
};

const ALLOW_ALL: PolicyDocument = {
  schema: 1,
  version: 1,
  allow: [],
  block: [],
  passthrough: [],
  inspect: {
    secrets: "off",
    entropy: "off",
    contentType: "off",
    body: "off",
    bodyLimit: 0,
    websocket: "off",
    hosts: ["*"],
  },
  rate: null,
  secrets: [],
  inspectors: [],
};

/** An exchange that lets everything pass. */
export function passExchange(head: RequestHead): Exchange {
  return {
    findings: [],
    head,
    openRequestBody: () => null,
    keepsLength: true,
    settle: null,
    scrubHeaders: (headers) => headers,
    openResponseBody: () => null,
    passMessage: ({ data }) => ({ data, findings: [] }),
  };
}

/** Opens a world. */
export async function openWorld(options: WorldOptions): Promise<WebWorld> {
  const events: Omit<AuditEvent, "time">[] = [];
  const tracked = new Set<TrackedConnection>();
  const dialed: string[] = [];
  const listeners: Server[] = [];
  const accepted = new Set<Socket>();
  const waiting = new Set<() => void>();
  let isOpen = true;
  const allow = Object.keys(options.hosts).map((rule) => ({ rule, origin: "test" }));
  let document: PolicyDocument = { ...ALLOW_ALL, allow, ...options.policy };
  let policy = compile(document);
  const content: ContentPolicy = {
    openExchange: (head) => options.exchange?.(head, passExchange(head)) ?? passExchange(head),
    searchName: () => null,
    takeToken: options.takeToken ?? (() => true),
  };
  const context: GatewayContext = {
    settings: {
      address: "127.0.0.1",
      agent: "127.0.0.1",
      inbound: [],
      dns: [],
      upstreamProxy: null,
      extraCa: options.extraCa ?? [],
      ca: null,
    },
    snapshot: () => ({ version: document.version, policy, content }),
    audit(event) {
      events.push(event);
      for (const look of [...waiting]) look();
    },
    isOpen: () => isOpen,
    dialer: {
      dial({ host, port }) {
        dialed.push(`${host}:${port}`);
        const real = options.hosts[`${host}:${port}`];
        if (real === undefined) return Promise.reject(new DialError("dial", "Nothing is there"));
        const { promise, resolve, reject } = Promise.withResolvers<
          { socket: Socket; address: string }
        >();
        const socket = connect(real, "127.0.0.1");
        socket.once("connect", () => resolve({ socket, address: "127.0.0.1" }));
        socket.once("error", () => reject(new DialError("dial", "Nobody answers")));
        return promise;
      },
    },
    track(connection) {
      tracked.add(connection);
      return { [Symbol.dispose]: () => void tracked.delete(connection) };
    },
  };
  const authority = await createAuthority(null);
  const front = createWebFront(context, authority);

  return {
    front,
    authority,
    events,
    tracked,
    dialed,
    listen(kind, target) {
      const listener = createTcpServer((socket) => {
        accepted.add(socket);
        socket.once("close", () => accepted.delete(socket));
        socket.on("error", () => socket.destroy());
        socket.once("readable", () => {
          const first = socket.read();
          if (first === null) return;
          socket.unshift(first);
          if (kind === "http") front.acceptHttp(socket, target);
          else front.acceptTls(socket, { host: target.host!, port: target.port });
        });
      });
      listeners.push(listener);
      return listenOn(listener);
    },
    setOpen: (open) => void (isOpen = open),
    setDocument(change) {
      document = { ...document, ...change };
      policy = compile(document);
    },
    waitFor(found) {
      const { promise, resolve } = Promise.withResolvers<Omit<AuditEvent, "time">>();
      const look = () => {
        const event = events.find(found);
        if (event === undefined) return;
        waiting.delete(look);
        resolve(event);
      };
      waiting.add(look);
      look();
      return promise;
    },
    async [Symbol.asyncDispose]() {
      front.close();
      for (const socket of accepted) socket.destroy();
      await Promise.all(listeners.map(closeServer));
    },
  };
}

/** Listens on loopback; the port. */
export function listenOn(server: Server): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once("error", reject);
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    resolve(typeof address === "object" && address !== null ? address.port : 0);
  });
  return promise;
}

/** Closes a listener, whose connections must have ended. */
export function closeServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  return promise;
}

function compile(document: PolicyDocument) {
  const compiled = compilePolicy(document);
  if (!compiled.ok) throw new Error(compiled.problems.join("\n"));
  return compiled.policy;
}
