import { decideConnection } from "../policy/decide.ts";
import type { Policy } from "../policy/compile.ts";
import type { TrackedConnection } from "./context.ts";

/** The connections that a new policy may end. */
export type Connections = {
  track(connection: TrackedConnection): Disposable;
  /** Ends those that the policy forbids, or wants opened and were not; reason `revoked`. */
  revoke(policy: Policy): void;
  /** Ends all. */
  close(): void;
};

/** Makes an empty set of connections. */
export function createConnections(): Connections {
  const open = new Set<TrackedConnection>();
  const end = (isAllowed: (connection: TrackedConnection) => boolean) => {
    for (const connection of [...open]) {
      if (isAllowed(connection)) continue;
      open.delete(connection);
      connection.close("revoked");
    }
  };
  return {
    track(connection) {
      open.add(connection);
      return { [Symbol.dispose]: () => void open.delete(connection) };
    },
    revoke: (policy) => end((connection) => isStillAllowed(connection, policy)),
    close: () => end(() => false),
  };
}

function isStillAllowed({ host, port, mode }: TrackedConnection, policy: Policy): boolean {
  const decision = decideConnection(policy, { host, port });
  return decision.verdict === "allow" && (mode !== "splice" || decision.mode === "splice");
}
