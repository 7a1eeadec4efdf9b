import { createSocket } from "node:dgram";
import { once } from "node:events";

/** A DNS server on loopback. */
export type Resolver = { address: string; close(): Promise<void> };

/** Answers A questions for these names and no others. */
export async function startResolver(addresses: ReadonlyMap<string, string>): Promise<Resolver> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    socket.send(formatAnswer(query, addresses), from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${socket.address().port}`,
    async close() {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}

/** The reply to one query of one question, without EDNS. Pure. */
export function formatAnswer(
  query: Uint8Array,
  addresses: ReadonlyMap<string, string>,
): Uint8Array<ArrayBuffer> {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(new TextDecoder().decode(query.subarray(at + 1, at + 1 + length)));
    at += length + 1;
  }
  const end = at + 5;
  const isA = query[at + 1] === 0 && query[at + 2] === 1;
  const address = addresses.get(labels.join(".").toLowerCase());
  const answer = isA && address !== undefined
    ? [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split(".").map(Number)]
    : [];
  const code = address === undefined ? 3 : 0;
  const counts = [0, 1, 0, answer.length > 0 ? 1 : 0, 0, 0, 0, 0];
  return Uint8Array.from([
    ...query.subarray(0, 2),
    ...[0x85, 0x80 | code, ...counts],
    ...query.subarray(12, end),
    ...answer,
  ]);
}
