import { createSocket } from "node:dgram";
import { once } from "node:events";
import { formatAnswer } from "../../bench/gateway/resolver.ts";

/** A DNS server that tells every name it is asked for; every name has an address. */
export async function startRecorder(
  options: { hostname: string; find(name: string): string; onQuery(name: string): void },
): Promise<{ close(): Promise<void> }> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const name = readName(query);
    options.onQuery(name);
    const addresses = new Map([[name, options.find(name)]]);
    socket.send(formatAnswer(query, addresses), from.port, from.address);
  });
  socket.bind(53, options.hostname);
  await once(socket, "listening");
  return {
    async close() {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}

/** The name of the first question, in lower case. Pure. */
function readName(query: Uint8Array): string {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(new TextDecoder("latin1").decode(query.subarray(at + 1, at + 1 + length)));
    at += length + 1;
  }
  return labels.join(".").toLowerCase();
}
