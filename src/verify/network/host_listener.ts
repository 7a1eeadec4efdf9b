import { createSocket } from "node:dgram";

/** A listener on every IPv4 address of this machine, which only writes down who came. */
export type HostListener = AsyncDisposable & {
  port: number;
  /** `tcp` or `udp` and who it was, oldest first. */
  seen(): string[];
  /** Comes to itself at an address; what of TCP and UDP was not noticed in time. */
  findDeaf(hostname: string): Promise<string[]>;
};

/** Upper bound for a visit of its own, in milliseconds. */
const VISIT_MS = 2_000;

/** Listens on TCP and UDP, on one free port. */
export async function listenEverywhere(): Promise<HostListener> {
  const tcp = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const { port } = tcp.addr;
  const seen: string[] = [];
  let onVisit = () => {};
  const note = (line: string) => {
    seen.push(line);
    onVisit();
  };
  const accepting = (async () => {
    for await (const connection of tcp) {
      note(`tcp from ${connection.remoteAddr.hostname}`);
      connection.close();
    }
  })();
  const udp = createSocket("udp4").on(
    "message",
    (_bytes, from) => note(`udp from ${from.address}`),
  );
  await new Promise<void>((resolve, reject) => {
    udp.once("error", reject);
    udp.bind(port, "0.0.0.0", resolve);
  });
  return {
    port,
    seen: () => [...seen],
    async findDeaf(hostname) {
      const before = seen.length;
      const findMissing = () =>
        ["tcp", "udp"].filter((kind) => !seen.slice(before).some((line) => line.startsWith(kind)));
      const both = new Promise<void>((resolve) =>
        onVisit = () => findMissing().length === 0 && resolve()
      );
      const opened = await Deno.connect({ hostname, port }).catch(() => undefined);
      opened?.close();
      udp.send("x", port, hostname, () => {});
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => timer = setTimeout(resolve, VISIT_MS));
      await Promise.race([both, late]);
      clearTimeout(timer);
      return findMissing();
    },
    async [Symbol.asyncDispose]() {
      tcp.close();
      await accepting;
      await new Promise<void>((resolve) => udp.close(resolve));
    },
  };
}
