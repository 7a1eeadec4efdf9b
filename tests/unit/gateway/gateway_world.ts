import { Buffer } from "node:buffer";
import { type Gateway, StartError, startGateway } from "../../../src/gateway/gateway.ts";
import type { AuditEvent } from "../../../src/policy/audit.ts";
import type { PolicyDocument } from "../../../src/policy/document.ts";
import type { GatewayMessage, GatewaySettings } from "../../../src/policy/protocol.ts";
import {
  connectToLoopback,
  listenOnLoopback,
  type LoopbackClient,
  type LoopbackServer,
} from "./loopback.ts";
import { type NameServer, startNameServer, type Zone } from "./name_server.ts";

/** Where hosts of the tests are. */
export const UPSTREAM = "127.0.0.2";

/**
 * The gateway's address. It opens the ports that its hosts got on theirs: nothing else may take ports
 * on this one, not even the sending side of a connection, which is on 127.0.0.1.
 */
export const GATEWAY = "127.0.0.5";

/** A whole gateway in this process, on free ports of loopback. */
export type GatewayWorld = AsyncDisposable & {
  gateway: Gateway;
  names: NameServer;
  messages: GatewayMessage[];
  /** What a host got on each connection, as latin1 text. */
  received: string[];
  host: LoopbackServer;
  /** All events so far. */
  events(): AuditEvent[];
  /** Resolves with the first event that fits, past or to come. */
  waitForEvent(fits: (event: AuditEvent) => boolean): Promise<AuditEvent>;
  waitForMessage(type: GatewayMessage["type"]): Promise<GatewayMessage>;
  /** Connects to a port of the gateway. */
  connect(port: number): Promise<LoopbackClient>;
  /** Asks the explicit proxy, reads its answer's head. */
  askProxy(authority: string, more?: string | Buffer): Promise<LoopbackClient & { head: string }>;
};

/**
 * Starts a gateway. A rule names the port its host got, and just that one may be among the free ports
 * that this gateway or another test's took on the same address: then others are taken.
 */
async function startOnFreePorts(options: Parameters<typeof startGateway>[0]): Promise<Gateway> {
  for (let tries = 1;; tries++) {
    try {
      return await startGateway(options);
    } catch (error) {
      if (!(error instanceof StartError) || tries === 5) throw error;
    }
  }
}

/** Starts one; its host greets nobody and repeats what it gets, behind `echo:`. */
export async function openGatewayWorld(
  plan: (host: { port: number }) => PolicyDocument,
  options: { settings?: Partial<GatewaySettings>; zone?: Zone; acknowledge?: boolean } = {},
): Promise<GatewayWorld> {
  const received: string[] = [];
  const host = await listenOnLoopback((socket) => {
    const index = received.push("") - 1;
    socket.on("data", (chunk: Buffer) => {
      received[index] += chunk.toString("latin1");
      socket.write(Buffer.concat([Buffer.from("echo:"), chunk]));
    });
  }, { address: UPSTREAM });
  const names = await startNameServer(
    options.zone ?? { "splice.test": { addresses: [UPSTREAM] } },
  );
  const messages: GatewayMessage[] = [];
  const listeners = new Set<() => void>();
  const waitFor = async <Found>(find: () => Found | undefined): Promise<Found> => {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      const { promise, resolve } = Promise.withResolvers<void>();
      listeners.add(resolve);
      await promise;
      listeners.delete(resolve);
    }
  };
  const gateway = await startOnFreePorts({
    settings: {
      address: GATEWAY,
      agent: "127.0.0.3",
      inbound: [],
      dns: [names.server],
      upstreamProxy: null,
      extraCa: [],
      ca: { certificate: "unused", key: "unused" },
      ...options.settings,
    },
    policy: plan(host),
    ports: { dns: 0, http: 0, https: 0, proxy: 0 },
    send(message) {
      messages.push(message);
      if (message.type === "audit" && options.acknowledge !== false) {
        queueMicrotask(() => gateway.confirmAudit(message.sequence));
      }
      for (const listener of listeners) listener();
    },
  });
  const connect = (port: number) => connectToLoopback(port, { address: GATEWAY });
  const events = () =>
    messages.flatMap((message) => message.type === "audit" ? message.events : []);
  return {
    gateway,
    names,
    messages,
    received,
    host,
    events,
    connect,
    waitForEvent: (fits) => waitFor(() => events().find(fits)),
    waitForMessage: (type) => waitFor(() => messages.find((message) => message.type === type)),
    async askProxy(authority, more = "") {
      const client = await connect(gateway.ports.proxy);
      const request = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`;
      client.socket.write(Buffer.concat([Buffer.from(request), Buffer.from(more)]));
      const text = await client.readUntil("\r\n\r\n");
      return { ...client, head: text.slice(0, text.indexOf("\r\n")) };
    },
    async [Symbol.asyncDispose]() {
      gateway.close();
      gateway.flush();
      await host[Symbol.asyncDispose]();
      await names[Symbol.asyncDispose]();
    },
  };
}
