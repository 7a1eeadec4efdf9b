/**
 * The internet of the campaign, run by Node in the namespace of network.ts: the origins, and the decoy
 * that stands for everything else. One JSON line for each thing that reached one of them:
 * `node origin.ts CERTIFICATE KEY`.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createTcpServer } from "node:net";
import process from "node:process";
import type { Duplex } from "node:stream";

/** Addresses by name, as in network.ts. Node runs this file alone: it imports nothing of ours. */
const ORIGINS = {
  allowed: "203.0.113.10",
  inject: "203.0.113.11",
  scoped: "203.0.113.12",
  splice: "203.0.113.13",
};
const DECOY_PORT = 9;
/** As much of a body as is told. */
const MOST_BODY = 64 * 1024;

const [certificate = "", key = ""] = process.argv.slice(2);
const tls = { cert: readFileSync(certificate), key: readFileSync(key) };

function tell(event: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** Answers with what it saw, so that a real value would come back if nobody took it out. */
function answer(
  origin: string,
  scheme: string,
  request: IncomingMessage,
  response: ServerResponse,
) {
  let body = "";
  request.on("data", (chunk: Buffer) => {
    if (body.length < MOST_BODY) body += chunk.toString("latin1");
  });
  request.on("error", () => {});
  response.on("error", () => {});
  request.on("end", () => {
    const { method, url } = request;
    const headers = request.headers as Record<string, unknown>;
    const host = String(headers[":authority"] ?? headers.host ?? "");
    tell({ origin, scheme, kind: "request", host, method, url, headers, body });
    const text = JSON.stringify({ method, url, headers, body });
    response.setHeader("content-type", "application/json");
    response.setHeader(
      "x-seen",
      Buffer.from(String(headers.authorization ?? ""), "latin1")
        .toString("latin1").replace(/[^\x20-\x7e]/g, "?"),
    );
    response.end(text);
  });
}

/** Takes a WebSocket and sends every message's frame back unmasked. */
function upgrade(origin: string, scheme: string, request: IncomingMessage, socket: Duplex) {
  socket.on("error", () => {});
  const accept = createHash("sha1")
    .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  const { host, ...headers } = request.headers;
  tell({
    origin,
    scheme,
    kind: "upgrade",
    host,
    method: request.method,
    url: request.url,
    headers,
  });
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let frame = readFrame(rest); frame !== undefined; frame = readFrame(rest)) {
      rest = rest.subarray(frame.end);
      const body = frame.payload.toString("latin1");
      tell({ origin, scheme, kind: "frame", host: request.headers.host, body });
      socket.write(frameOf(frame.first, frame.payload));
      if ((frame.first & 15) === 8) socket.end();
    }
  });
}

/** A frame of a client; every length, always masked. */
function readFrame(data: Buffer): { first: number; payload: Buffer; end: number } | undefined {
  if (data.length < 2) return undefined;
  const short = data[1]! & 127;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  const at = 2 + extra;
  if (data.length < at + 4) return undefined;
  const length = extra === 0
    ? short
    : extra === 2
    ? data.readUInt16BE(2)
    : Number(data.readBigUInt64BE(2));
  const end = at + 4 + length;
  if (data.length < end) return undefined;
  const mask = data.subarray(at, at + 4);
  const payload = Buffer.from(data.subarray(at + 4, end).map((byte, i) => byte ^ mask[i % 4]!));
  return { first: data[0]!, payload, end };
}

function frameOf(first: number, payload: Buffer): Buffer {
  const head = payload.length < 126
    ? Buffer.from([first, payload.length])
    : payload.length < 65536
    ? Buffer.from([first, 126, payload.length >> 8, payload.length & 255])
    : Buffer.concat([Buffer.from([first, 127]), bigLength(payload.length)]);
  return Buffer.concat([head, payload]);
}

function bigLength(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return bytes;
}

const listening: Promise<unknown>[] = [];

for (const [origin, address] of Object.entries(ORIGINS)) {
  const broken = (problem: Error & { code?: string; rawPacket?: Buffer }) => {
    // Connections that break, in the middle of a request too, are every day's; bytes that are no
    // HTTP should never get here.
    if (!problem.code?.startsWith("HPE_") || problem.code === "HPE_INVALID_EOF_STATE") return;
    const body = problem.rawPacket?.toString("latin1").slice(0, MOST_BODY);
    tell({ origin, kind: "broken", problem: `${problem.code} ${problem.message}`, body });
  };
  const plain = createServer((request, response) => answer(origin, "http", request, response));
  const secure = createSecureServer({ ...tls, allowHTTP1: true });
  secure.on(
    "request",
    (request, response) => answer(origin, "https", request as never, response as never),
  );
  for (const [scheme, server] of [["http", plain], ["https", secure]] as const) {
    server.on(
      "upgrade",
      (request: IncomingMessage, socket: Duplex) => upgrade(origin, scheme, request, socket),
    );
    server.on("clientError", (problem: Error, socket: Duplex) => {
      broken(problem);
      socket.destroy();
    });
    server.on("sessionError", () => {});
    server.listen(scheme === "http" ? 80 : 443, address);
    listening.push(once(server, "listening"));
  }
}

const decoy = createTcpServer((socket) => {
  tell({ origin: "decoy", kind: "connection" });
  socket.on("error", () => {});
  socket.end();
}).listen(DECOY_PORT, "127.0.0.1");
const decoyDatagrams = createSocket("udp4");
decoyDatagrams.on("message", (data, from) => {
  const body = data.toString("latin1").slice(0, MOST_BODY);
  tell({ origin: "decoy", kind: "datagram", from: `${from.address}:${from.port}`, body });
});
decoyDatagrams.bind(DECOY_PORT, "127.0.0.1");
listening.push(once(decoy, "listening"), once(decoyDatagrams, "listening"));

await Promise.all(listening);
tell({ kind: "ready" });
