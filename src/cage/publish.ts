import { EXIT, UserError } from "../errors.ts";
import type { Io } from "../io.ts";
import { planPorts } from "./ports.ts";
import { listSessions } from "./sessions.ts";

/**
 * Decides whether a session publishes the config's ports: one session of a cage can, the first.
 *
 * @throws {UserError} Exit 5, if another program listens on one of them.
 */
export async function planPublish(
  cage: { id: string; ports: readonly string[] },
  options: { stateDir: string; io: Pick<Io, "talk"> },
): Promise<boolean> {
  const ports = planPorts(cage.ports);
  if (ports.length === 0) return false;
  const sessions = await listSessions(options.stateDir, cage.id);
  const publisher = sessions.find(({ live, record }) => live && record.publishes);
  if (publisher !== undefined) {
    options.io.talk(
      `Ports are published by the running session of ${publisher.record.service} already`,
    );
    return false;
  }
  for (const { host, cage: inside } of ports) {
    if (isFree(host)) continue;
    throw new UserError(`Cannot publish port ${host} on 127.0.0.1: another program listens on it`, {
      hint: `Stop that program, or publish another host port in "ports": ` +
        `"${host === 65535 ? 8080 : host + 1}:${inside}"`,
      exit: EXIT.conflict,
      code: "port-in-use",
    });
  }
  return true;
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    // A port below 1024 that this user may not open is the engine's to open.
    return !(error instanceof Deno.errors.AddrInUse);
  }
}
