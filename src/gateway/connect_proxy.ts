import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { decideConnection } from "../policy/decide.ts";
import { formatHint } from "../policy/hint.ts";
import { admit, type AdmitOptions } from "./admit.ts";
import { parseConnectTarget } from "./authority_form.ts";
import { formatRawDenial, type Refusal, statusOf } from "./denial.ts";
import type { WebFront } from "./front.ts";
import { endWith } from "./splice.ts";

/** A running explicit proxy. */
export type ConnectProxy = { port: number; close(): void };

/** What it needs: `handleProxyRequest` gets everything that is no CONNECT. */
export type ConnectProxyOptions = AdmitOptions & {
  front: Pick<WebFront, "acceptTls" | "acceptHttp" | "handleProxyRequest">;
  address: string;
  port: number;
  maxConnections: number;
};

/** Headers of one request, in bytes; cookies and tokens of real clients stay below. */
const LONGEST_HEAD = 64 * 1024;
/** Time for a request's head, in milliseconds. */
const HEAD_DEADLINE_MS = 10_000;
const CHECK_INTERVAL_MS = 5_000;
const ESTABLISHED = "HTTP/1.1 200 Connection Established\r\n\r\n";
const BAD_REQUEST = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/**
 * Starts the explicit proxy.
 *
 * @throws {Error} If the port is taken.
 */
export async function startConnectProxy(options: ConnectProxyOptions): Promise<ConnectProxy> {
  const server = createServer({
    maxHeaderSize: LONGEST_HEAD,
    headersTimeout: HEAD_DEADLINE_MS,
    // An upload may take as long as it likes; the front ends one that stands still.
    requestTimeout: 0,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    noDelay: true,
  });
  server.maxConnections = options.maxConnections;
  // Headers beyond a count would be dropped silently, and judged without them.
  server.maxHeadersCount = 0;
  for (const name of ["request", "checkContinue", "checkExpectation"]) {
    server.on(name, options.front.handleProxyRequest);
  }
  server.on("connect", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    // A server over TCP hands out its sockets; the type leaves room for others.
    void acceptConnect(request.url ?? "", { socket: stream as Socket, head, parts: options });
  });
  server.on("clientError", (_error, stream) => {
    if (stream.writable) endWith(stream as Socket, Buffer.from(BAD_REQUEST));
    else stream.destroy();
  });
  server.listen(options.port, options.address);
  await once(server, "listening");
  return {
    port: (server.address() as { port: number }).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function acceptConnect(
  authority: string,
  options: { socket: Socket; head: Buffer; parts: AdmitOptions },
): Promise<void> {
  const { socket, head, parts } = options;
  socket.on("error", () => socket.destroy());
  // HTTP servers leave their sockets half open: whoever takes this one would wait for an end.
  socket.allowHalfOpen = false;
  // Bytes that came along with the request are the client's first words to its host.
  if (head.length > 0) socket.unshift(head);

  const target = parseConnectTarget(authority);
  if (target === undefined) {
    return deny({ reason: "name", detail: "CONNECT names no host and port", host: null });
  }
  const { host, port } = target;
  if (!parts.context.isOpen()) {
    return deny({ reason: "audit", detail: "events cannot be written", host, port });
  }
  const decision = decideConnection(parts.context.snapshot().policy, { host, port });
  if (decision.verdict === "deny") {
    return deny({ ...decision, detail: formatHint(decision.reason, host), host, port });
  }
  socket.write(ESTABLISHED);
  return await admit(socket, { host, port }, parts);

  function deny(refusal: Refusal & { host: string | null; port?: number }): void {
    const { reason, rule, detail } = refusal;
    const hint = formatHint(reason, refusal.host ?? undefined);
    parts.context.audit({
      kind: "connect",
      decision: "deny",
      reason,
      method: "CONNECT",
      ...(refusal.host === null ? {} : { host: refusal.host }),
      ...(refusal.port === undefined ? {} : { port: refusal.port }),
      ...(rule ? { rule } : {}),
      status: statusOf(reason),
      detail,
    });
    endWith(socket, formatRawDenial({ ...refusal, hint }));
  }
}
