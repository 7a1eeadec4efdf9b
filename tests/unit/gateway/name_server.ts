import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { formatDnsReply, parseDnsQuery } from "../../../src/gateway/dns_message.ts";

/** What a name resolves to; nothing: it does not exist. */
export type Zone = Record<string, { addresses: string[]; ttlSeconds?: number } | undefined>;

/** A DNS server on loopback that answers from a zone the test may change, and records questions. */
export type NameServer = AsyncDisposable & { server: string; zone: Zone; asked: string[] };

/** Starts one. */
export async function startNameServer(zone: Zone): Promise<NameServer> {
  const asked: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (message, from) => {
    const parsed = parseDnsQuery(message);
    if (parsed.kind !== "query") return;
    const name = parsed.query.name!.toLowerCase();
    asked.push(name);
    const found = zone[name];
    const reply = found === undefined
      ? formatDnsReply(parsed.query, { code: 3 })
      : formatAnswers(parsed.query, found);
    socket.send(reply, from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    server: `127.0.0.1:${socket.address().port}`,
    zone,
    asked,
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, "close");
    },
  };
}

/** Several addresses: each answer of one is 16 bytes behind the question. */
function formatAnswers(
  query: Parameters<typeof formatDnsReply>[0],
  { addresses, ttlSeconds = 60 }: { addresses: string[]; ttlSeconds?: number },
): Buffer {
  const head = { ...query, edns: false };
  const replies = addresses.map((address) =>
    formatDnsReply(head, { code: 0, address, ttlSeconds })
  );
  const whole = Buffer.concat([replies[0]!, ...replies.slice(1).map((one) => one.subarray(-16))]);
  whole.writeUInt16BE(addresses.length, 6);
  return whole;
}
