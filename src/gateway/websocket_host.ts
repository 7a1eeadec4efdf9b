import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
// @ts-types="npm:@types/ws@8.18.1"
import { WebSocket } from "ws";
import type { Exchange, GatewayContext } from "./context.ts";
import { findHeaders, type HeaderList, pairHeaders, stripHopByHop } from "./header_rules.ts";
import { formatAuthority } from "./request_guard.ts";
import type { TlsOpener } from "./upstream_tls.ts";

/** Largest message in bytes; it is held whole, to be looked at. */
export const MOST_PAYLOAD_BYTES = 16 * 1024 * 1024;
const HANDSHAKE_TIMEOUT_MS = 30_000;

/** What the libraries on both sides say themselves. */
const HANDSHAKE_HEADERS: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-extensions",
  "sec-websocket-protocol",
]);

/** The host answered the upgrade like any request: its answer is the client's. */
export class AnsweredError extends Error {
  override readonly name = "AnsweredError";
  readonly status: number;
  readonly response: Buffer;
  constructor(status: number, response: Buffer) {
    super(`status ${status}`);
    this.status = status;
    this.response = response;
  }
}

/**
 * Opens the WebSocket toward the host; paused, so that no message comes before somebody listens.
 *
 * @throws {AnsweredError} If the host answers without an upgrade.
 * @throws {DialError | UpstreamError} If there is no connection.
 */
export async function connectHost(
  exchange: Exchange,
  { context, tls, socket }: { context: GatewayContext; tls: TlsOpener; socket: Duplex },
): Promise<WebSocket> {
  const { head } = exchange;
  const abort = new AbortController();
  const gone = () => abort.abort();
  socket.once("close", gone);
  const { socket: dialed } = await context.dialer.dial(head, abort.signal);
  dialed.setNoDelay(true);
  const connection = head.scheme === "http"
    ? dialed
    : await tls.open(dialed, { host: head.host, alpn: ["http/1.1"] });
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  const scheme = head.scheme === "https" ? "wss" : "ws";
  const host = new WebSocket(
    `${scheme}://${formatAuthority(head)}${head.target}`,
    listProtocols(head.headers),
    {
      createConnection: () => connection,
      headers: groupHeaders(head.headers),
      perMessageDeflate: false,
      maxPayload: MOST_PAYLOAD_BYTES,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      followRedirects: false,
      autoPong: false,
    },
  );
  abort.signal.addEventListener("abort", () => host.terminate());
  host.on("error", reject);
  host.once("unexpected-response", (_request, response) => {
    reject(new AnsweredError(response.statusCode ?? 502, formatAnswer(exchange, response)));
    host.terminate();
  });
  host.once("open", () => {
    host.pause();
    resolve(host);
  });
  try {
    return await promise;
  } finally {
    socket.off("close", gone);
  }
}

/** The host's answer without its body: it says why there is no WebSocket. */
function formatAnswer(exchange: Exchange, response: IncomingMessage): Buffer {
  const headers = exchange.scrubHeaders(stripHopByHop(pairHeaders(response.rawHeaders)))
    .filter(([name]) => !/^content-(?:length|encoding)$/i.test(name))
    .map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const status = `${response.statusCode} ${response.statusMessage ?? ""}`;
  const own = "content-length: 0\r\nconnection: close\r\n";
  return Buffer.from(`HTTP/1.1 ${status}\r\n${headers}${own}\r\n`, "latin1");
}

function listProtocols(headers: HeaderList): string[] {
  return findHeaders(headers, "sec-websocket-protocol").flatMap((value) =>
    value.split(",").map((part) => part.trim()).filter((part) => part !== "")
  );
}

function groupHeaders(headers: HeaderList): Record<string, string | string[]> {
  const grouped: Record<string, string | string[]> = {};
  for (const [mixed, value] of headers) {
    const name = mixed.toLowerCase();
    if (HANDSHAKE_HEADERS.has(name)) continue;
    const known = grouped[name];
    grouped[name] = known === undefined ? value : [...[known].flat(), value];
  }
  return grouped;
}
