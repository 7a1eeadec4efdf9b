import { connect, type Socket } from "node:net";
import type { GatewayContext } from "./context.ts";
import { relay } from "./relay.ts";

/** Time the agent has to take a connection, in milliseconds; its port is on the next machine. */
const CONNECT_TIMEOUT_MS = 5000;

/** Carries a connection from the host's published port to the agent. Never throws. */
export async function forwardToAgent(
  client: Socket,
  port: number,
  { audit, isOpen, settings }: Pick<GatewayContext, "audit" | "isOpen" | "settings">,
): Promise<void> {
  if (!isOpen()) {
    audit({ kind: "inbound", decision: "deny", reason: "audit", port });
    client.resetAndDestroy();
    return;
  }
  const startedMs = performance.now();
  const agent = connect({ host: settings.agent, port, noDelay: true });
  const problem = await connected(agent);
  if (problem !== null) {
    // The caller sees what it would see without a gateway: nothing listens.
    audit({ kind: "inbound", decision: "deny", reason: "dial", port, detail: problem });
    client.resetAndDestroy();
    return;
  }
  audit({ kind: "inbound", decision: "allow", reason: "rule", port });
  const { reason, sent, received } = await relay(client, agent).ended;
  audit({
    kind: "close",
    decision: "allow",
    reason: reason ?? "rule",
    port,
    sent,
    received,
    durationMs: Math.round(performance.now() - startedMs),
    detail: "published port",
  });
}

function connected(socket: Socket): Promise<string | null> {
  return new Promise((resolve) => {
    const finish = (problem: string | null) => {
      clearTimeout(timer);
      if (problem !== null) socket.destroy();
      resolve(problem);
    };
    const timer = setTimeout(() => finish("the agent does not answer"), CONNECT_TIMEOUT_MS);
    socket.once("connect", () => finish(null));
    socket.on(
      "error",
      (error: NodeJS.ErrnoException) => finish(`agent: ${error.code ?? "failed"}`),
    );
  });
}
