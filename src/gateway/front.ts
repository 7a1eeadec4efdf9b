import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Authority } from "./authority.ts";
import type { GatewayContext } from "./context.ts";
import { writeDenial } from "./denial.ts";
import { forwardRequest } from "./forward.ts";
import { createH2Front } from "./h2_front.ts";
import { createHttpFront, makeInbound } from "./http_front.ts";
import type { Inbound } from "./inbound.ts";
import { formatRefusal, type RequestFacts } from "./request_admit.ts";
import { createTlsFront } from "./tls_front.ts";
import { createUpstreamPool } from "./upstream_pool.ts";
import { createTlsOpener } from "./upstream_tls.ts";
import { createWebSocketRelay } from "./websocket.ts";

/** Everything of the gateway that speaks HTTP. */
export type WebFront = {
  /** A TLS connection whose unread first bytes are a ClientHello for `host`; policy said terminate. */
  acceptTls(socket: Socket, target: { host: string; port: number }): void;
  /** Plain HTTP with its first bytes unread; `host` when a CONNECT named it (then every Host must equal it). */
  acceptHttp(socket: Socket, target: { host?: string; port: number }): void;
  /** An absolute-form (or any non-CONNECT) request to the explicit proxy. */
  handleProxyRequest(request: IncomingMessage, response: ServerResponse): void;
  close(): void;
};

/** The one scheme that is passed on when a proxy is asked without CONNECT. */
const PROXIED = /^http:\/\/([^/?#]*)/i;

/** Puts the HTTP side together; listens nowhere, connections are handed to it. */
export function createWebFront(context: GatewayContext, authority: Authority): WebFront {
  const tlsOpener = createTlsOpener(context.settings.extraCa);
  const pool = createUpstreamPool(context, tlsOpener);
  const relay = createWebSocketRelay(context, tlsOpener);
  const onRequest = (inbound: Inbound) => forwardRequest(inbound, { context, pool });

  const http = createHttpFront({
    onRequest,
    onUpgrade: relay.handleUpgrade,
    onBadRequest({ scheme, host, port }, detail) {
      const mode = scheme === "https" ? "terminate" : "plain";
      const facts: RequestFacts = { kind: "request", host, port, mode };
      context.audit({ ...facts, decision: "deny", reason: "smuggling", detail });
    },
  });
  const h2 = createH2Front(onRequest);
  const tls = createTlsFront(authority, {
    onSecure(socket, { host, port }) {
      const destination = { scheme: "https", host, port } as const;
      if (socket.alpnProtocol === "h2") h2.accept(socket, destination);
      else http.accept(socket, destination);
    },
    onError({ host, port }, problem) {
      const facts: RequestFacts = { kind: "connect", host, port, mode: "terminate" };
      context.audit({ ...facts, ...problem, decision: "deny" });
    },
  });

  return {
    acceptTls: tls.accept,
    acceptHttp(socket, { host, port }) {
      socket.on("error", () => socket.destroy());
      http.accept(socket, { scheme: "http", host, port });
    },
    handleProxyRequest(request, response) {
      const named = PROXIED.exec(request.url ?? "")?.[1];
      if (named === undefined) {
        const facts: RequestFacts = { kind: "request", method: request.method, mode: "plain" };
        const detail = "A proxy passes on http:// addresses; use CONNECT for https://";
        context.audit({ ...facts, decision: "deny", reason: "protocol", detail, status: 403 });
        writeDenial(response, formatRefusal(facts, { reason: "protocol", detail }));
        return;
      }
      const port = Number(/:([0-9]{1,5})$/.exec(named)?.[1] ?? 80);
      onRequest(makeInbound(request, { response, destination: { scheme: "http", port } }));
    },
    close() {
      tls.close();
      http.close();
      h2.close();
      relay.close();
      pool.close();
    },
  };
}
