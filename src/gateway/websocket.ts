import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
// @ts-types="npm:@types/ws@8.18.1"
import { type RawData, WebSocket, WebSocketServer } from "ws";
import type { AuditEvent, Reason } from "../policy/audit.ts";
import {
  BlockedError,
  DialError,
  type Exchange,
  type Finding,
  type GatewayContext,
} from "./context.ts";
import { formatRawDenial, statusOf } from "./denial.ts";
import { findHeaders, pairHeaders } from "./header_rules.ts";
import type { UpgradeOptions } from "./http_front.ts";
import { admitRequest, auditFlag, formatRefusal, type RequestFacts } from "./request_admit.ts";
import { UpstreamError } from "./upstream_call.ts";
import type { TlsOpener } from "./upstream_tls.ts";
import { AnsweredError, connectHost, MOST_PAYLOAD_BYTES } from "./websocket_host.ts";

/** Carries WebSockets, one message at a time. */
export type WebSocketRelay = {
  handleUpgrade(request: IncomingMessage, socket: Duplex, options: UpgradeOptions): void;
  close(): void;
};

/** Above this much unsent, the other side is not read. */
const MOST_BUFFERED_BYTES = 1024 * 1024;
/** How long a closing handshake may take before the connections are cut. */
const CLOSE_TIMEOUT_MS = 5_000;
/** Close codes of RFC 6455 section 7.4.1 that are the gateway's own to send. */
const CLOSE = { away: 1001, policy: 1008 } as const;
/** Said by the connection itself, never in a frame. */
const UNSENDABLE: ReadonlySet<number> = new Set([1004, 1005, 1006, 1015]);

/** Makes the relay of one gateway. Compression is off toward both sides: what passes can be read. */
export function createWebSocketRelay(context: GatewayContext, tls: TlsOpener): WebSocketRelay {
  const pairs = new Set<() => void>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MOST_PAYLOAD_BYTES,
    autoPong: false,
    // Chosen by the host before the client is answered.
    handleProtocols: (_offered, request) => chosen.get(request) || false,
  });
  const chosen = new WeakMap<IncomingMessage, string>();

  async function handle(
    request: IncomingMessage,
    socket: Duplex,
    { head, destination }: UpgradeOptions,
  ) {
    const headers = pairHeaders(request.rawHeaders);
    const raw = {
      version: "1.1",
      method: request.method ?? "",
      target: request.url ?? "",
      headers,
    } as const;
    const admission = admitRequest(context, raw, { destination, kind: "websocket" });
    const { facts } = admission;
    if (!admission.ok) {
      const { reason, detail } = admission.refusal;
      context.audit({ ...facts, decision: "deny", reason, detail, status: statusOf(reason) });
      socket.end(formatRawDenial(admission.refusal));
      return;
    }
    const deny = (reason: Reason, detail: string) => {
      context.audit({ ...facts, decision: "deny", reason, detail, status: statusOf(reason) });
      socket.end(formatRawDenial(formatRefusal(facts, { reason, detail })));
    };
    const asked = findHeaders(headers, "upgrade").map((value) => value.toLowerCase());
    if (asked.length !== 1 || asked[0] !== "websocket" || raw.method !== "GET") {
      return deny("protocol", "Only WebSocket upgrades are passed on");
    }
    const { exchange } = admission;
    let host: WebSocket;
    try {
      for (const finding of await exchange.settle?.() ?? []) {
        if (finding.action === "block") return deny(finding.reason, finding.detail);
        auditFlag(context, { facts, finding });
      }
      host = await connectHost(exchange, { context, tls, socket });
    } catch (error) {
      if (error instanceof AnsweredError) {
        context.audit({ ...facts, decision: "allow", reason: "rule", status: error.status });
        socket.end(error.response);
        return;
      }
      if (error instanceof UpstreamError || error instanceof DialError) {
        return deny(error.reason, error.message);
      }
      return deny("upstream", "The host did not take the WebSocket");
    }
    if (socket.destroyed) return host.terminate();
    // A handshake that the library refuses, for a broken key for example, ends the client alone.
    const drop = () => host.terminate();
    socket.once("close", drop);
    chosen.set(request, host.protocol);
    server.handleUpgrade(request, socket, head, (client) => {
      socket.off("close", drop);
      context.audit({ ...facts, decision: "allow", reason: "rule", status: 101 });
      join(client, host, { exchange, facts });
    });
  }

  function join(
    client: WebSocket,
    host: WebSocket,
    { exchange, facts }: { exchange: Exchange; facts: RequestFacts },
  ) {
    const startedMs = performance.now();
    let isOver = false;
    const bytes = { out: 0, in: 0 };
    let outcome: Pick<AuditEvent, "decision" | "reason" | "detail"> = {
      decision: "allow",
      reason: "rule",
    };
    const end = (code: number, text: Buffer | string) => {
      for (const side of [client, host]) closeSide(side, code, text);
    };
    const tracked = context.track({
      host: facts.host!,
      port: facts.port!,
      mode: facts.mode!,
      close(reason) {
        outcome = { decision: "deny", reason, detail: "The connection was ended" };
        end(CLOSE.policy, "no longer allowed");
      },
    });
    const cut = () => end(CLOSE.away, "");
    pairs.add(cut);

    const finish = () => {
      if (
        isOver || client.readyState !== WebSocket.CLOSED || host.readyState !== WebSocket.CLOSED
      ) {
        return;
      }
      isOver = true;
      pairs.delete(cut);
      tracked[Symbol.dispose]();
      const durationMs = Math.round(performance.now() - startedMs);
      const { path: _path, method: _method, ...where } = facts;
      const moved = { sent: bytes.out, received: bytes.in, durationMs };
      context.audit({ ...where, ...outcome, kind: "close", ...moved });
    };

    /** Takes a message through the inspectors; nothing when it is blocked, and all is ended. */
    const pass = (data: Buffer, binary: boolean, direction: "out" | "in"): Buffer | undefined => {
      try {
        const passed = exchange.passMessage({ data, binary }, direction);
        for (const finding of passed.findings) {
          if (finding.action === "block") throw new BlockedError(finding);
          auditFlag(context, { facts, finding });
        }
        bytes[direction] += passed.data.length;
        return passed.data;
      } catch (error) {
        const { reason, detail } = error instanceof BlockedError
          ? error.finding
          : { reason: "inspector", detail: "An inspector failed" } as Finding;
        if (outcome.decision === "allow") outcome = { decision: "deny", reason, detail };
        end(CLOSE.policy, "blocked");
        return undefined;
      }
    };

    const carry = (from: WebSocket, to: WebSocket, direction: "out" | "in") => {
      from.on("message", (message: RawData, binary: boolean) => {
        const data = pass(toBuffer(message), binary, direction);
        if (data === undefined || to.readyState !== WebSocket.OPEN) return;
        to.send(data, { binary }, () => {
          if (from.isPaused && to.bufferedAmount <= MOST_BUFFERED_BYTES) from.resume();
        });
        if (to.bufferedAmount > MOST_BUFFERED_BYTES) from.pause();
      });
      // What a control frame carries is as good a channel as a message.
      from.on("ping", (data) => {
        const passed = pass(data, true, direction);
        if (passed !== undefined && to.readyState === WebSocket.OPEN) to.ping(passed);
      });
      from.on("pong", (data) => {
        const passed = pass(data, true, direction);
        if (passed !== undefined && to.readyState === WebSocket.OPEN) to.pong(passed);
      });
      from.on("close", (code, text) => {
        const passed = text.length === 0 ? text : pass(text, false, direction);
        if (passed !== undefined) closeSide(to, code, passed);
        finish();
      });
      from.on("error", () => {});
    };
    carry(client, host, "out");
    carry(host, client, "in");
    host.resume();
  }

  return {
    handleUpgrade(request, socket, options) {
      socket.on("error", () => socket.destroy());
      handle(request, socket, options).catch(() => socket.destroy());
    },
    close() {
      for (const cut of [...pairs]) cut();
    },
  };
}

function closeSide(side: WebSocket, code: number, text: Buffer | string) {
  if (side.readyState !== WebSocket.OPEN) return;
  if (side.isPaused) side.resume();
  if (code === 1006) side.terminate();
  else if (UNSENDABLE.has(code)) side.close();
  else side.close(code, text);
  setTimeout(() => {
    if (side.readyState !== WebSocket.CLOSED) side.terminate();
  }, CLOSE_TIMEOUT_MS).unref();
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
