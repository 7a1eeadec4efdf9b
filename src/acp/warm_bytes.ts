import type { ByteSink, ByteSource, Duplex } from "./streams.ts";

/**
 * Passes bytes both ways, unread, until the agent says nothing more: a relay whose guards stand
 * elsewhere, in the client's own process.
 */
export async function passBytes(
  ends: { client: Duplex; agent: Duplex },
  events: { onClientEnd(how: "ended" | "gone"): void; onAgentBytes(): void },
): Promise<void> {
  const { client, agent } = ends;
  // The agent's end is the end, whether or not the client's has come.
  copy(client.source, agent.sink)
    .then(() => events.onClientEnd("ended"), () => {})
    .then(() => agent.sink.close())
    .catch(() => {});
  await copy(agent.source, client.sink, events.onAgentBytes)
    .catch(() => events.onClientEnd("gone"));
}

async function copy(from: ByteSource, to: ByteSink, onBytes?: () => void): Promise<void> {
  for (;;) {
    const bytes = await from.read().catch(() => undefined);
    if (bytes === undefined) return;
    onBytes?.();
    await to.write(bytes);
  }
}
