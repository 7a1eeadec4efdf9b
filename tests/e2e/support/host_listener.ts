import { createSocket } from "node:dgram";
import { waitFor } from "./files.ts";

/** A listener on every address of this machine, which only writes down who came. */
export type HostListener = AsyncDisposable & {
  port: number;
  /** `tcp` or `udp` and who it was. */
  seen(): string[];
  /** Reaches itself at an address over TCP and UDP, and waits until that is on record. */
  proveAt(hostname: string): Promise<void>;
};

/** Listens on TCP and UDP, on one free port. */
export async function listenEverywhere(): Promise<HostListener> {
  const tcp = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const { port } = tcp.addr;
  const seen: string[] = [];
  const accepting = (async () => {
    for await (const connection of tcp) {
      seen.push(`tcp ${connection.remoteAddr.hostname}`);
      connection.close();
    }
  })();
  const udp = createSocket("udp4").on(
    "message",
    (_bytes, from) => seen.push(`udp ${from.address}`),
  );
  await new Promise<void>((resolve) => udp.bind(port, "0.0.0.0", resolve));
  return {
    port,
    seen: () => [...seen],
    async proveAt(hostname) {
      const before = seen.length;
      (await Deno.connect({ hostname, port })).close();
      await new Promise((resolve) => udp.send("x", port, hostname, resolve));
      await waitFor(`a visit at ${hostname}`, () => {
        const kinds = seen.slice(before).map((line) => line.slice(0, 3));
        return Promise.resolve(kinds.includes("tcp") && kinds.includes("udp") || undefined);
      });
    },
    async [Symbol.asyncDispose]() {
      tcp.close();
      await accepting;
      await new Promise<void>((resolve) => udp.close(resolve));
    },
  };
}
