import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { DNS_CODE, DNS_TYPE_A, formatDnsReply, parseDnsQuery } from "./dns_message.ts";

/** Decides on a name as it was asked for; `null` when it cannot be a host's. */
export type DecideName = (name: string | null) => "allow" | "deny" | "unavailable";

/** A running DNS server. */
export type DnsServer = {
  /** The one it listens on, both for UDP and TCP. */
  port: number;
  close(): void;
};

/** How long an address may be kept by the agent, in seconds. */
const TTL_SECONDS = 30;
/** A query with everything EDNS can add stays below. */
const LONGEST_QUERY = 4096;
const MOST_TCP_CONNECTIONS = 64;
const TCP_IDLE_MS = 5000;

/**
 * Answers one message from what is known here; asks nobody.
 *
 * @returns Nothing for what is no query.
 */
export function answerDns(
  message: Buffer,
  options: { address: string; decide: DecideName },
): Buffer | null {
  const parsed = parseDnsQuery(message);
  switch (parsed.kind) {
    case "drop":
      return null;
    case "refuse":
      return formatDnsReply(parsed.head, { code: parsed.code });
    case "query": {
      const { query } = parsed;
      const verdict = options.decide(query.name);
      switch (verdict) {
        case "deny":
          return formatDnsReply(query, { code: DNS_CODE.noSuchName });
        case "unavailable":
          return formatDnsReply(query, { code: DNS_CODE.serverFailure });
        case "allow":
          return formatDnsReply(query, {
            code: DNS_CODE.ok,
            // Every other type is empty: no AAAA, and no HTTPS record that could offer ECH or QUIC.
            ...(query.type === DNS_TYPE_A
              ? { address: options.address, ttlSeconds: TTL_SECONDS }
              : {}),
          });
        default:
          return verdict satisfies never;
      }
    }
    default:
      return parsed satisfies never;
  }
}

/**
 * Starts the server on UDP and TCP.
 *
 * @throws {Error} If the port is taken.
 */
export async function startDnsServer(
  options: { address: string; port: number; decide: DecideName },
): Promise<DnsServer> {
  const tcp = createServer((socket) => serveStream(socket, options));
  tcp.maxConnections = MOST_TCP_CONNECTIONS;
  tcp.listen(options.port, options.address);
  await once(tcp, "listening");
  const { port } = tcp.address() as { port: number };

  const udp = createSocket("udp4");
  udp.on("message", (message, from) => {
    const reply = answerDns(message, options);
    // A reply nobody waits for any more is no trouble of ours.
    if (reply !== null) udp.send(reply, from.port, from.address, () => {});
  });
  try {
    udp.bind(port, options.address);
    await once(udp, "listening");
  } catch (error) {
    tcp.close();
    throw error;
  }
  udp.on("error", () => {});
  return {
    port,
    close() {
      tcp.close();
      udp.close();
    },
  };
}

/** Messages with their length before them (RFC 7766). */
function serveStream(
  socket: Socket,
  options: { address: string; decide: DecideName },
): void {
  let held = Buffer.alloc(0);
  socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 2) {
      const length = held.readUInt16BE(0);
      if (length > LONGEST_QUERY) return void socket.destroy();
      if (held.length < 2 + length) return;
      const reply = answerDns(held.subarray(2, 2 + length), options);
      held = held.subarray(2 + length);
      if (reply === null) return void socket.destroy();
      const size = Buffer.alloc(2);
      size.writeUInt16BE(reply.length);
      // A client that asks without reading the answers does not get us to keep them.
      if (!socket.write(Buffer.concat([size, reply]))) return void socket.destroy();
    }
  });
}
