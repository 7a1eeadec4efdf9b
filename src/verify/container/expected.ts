import { hostname } from "node:os";
import type { PreparedCage } from "../../cage/prepare.ts";
import { parseByteSize } from "../../config/units.ts";
import type { Host } from "../../host.ts";

/** What a cage must look like from inside, from what it was planned with. */
export type Expected = {
  user: { uid: number; gid: number };
  memoryBytes: number;
  pids: number;
  /** Processors. */
  cpus: number;
  /** Words that must be nowhere inside: who the user is, and what the machine is called. */
  marks: readonly string[];
  /** The project's path, which a mounted project has inside too: named on purpose. */
  insidePath: string;
};

/** Shorter words and those of every container would be found anywhere. */
const COMMON = new Set(["root", "/root", "user", "agent", "node", "cage", "localhost"]);

const names = (host: Host) => [host.user.name, host.home, hostname()];

/** What a prepared cage promises. */
export function planExpected(cage: PreparedCage, host: Host): Expected {
  const { limits } = cage.config;
  return {
    user: cage.user,
    memoryBytes: parseByteSize(limits.memory),
    pids: limits.pids,
    cpus: Math.min(limits.cpus, cage.engine.capabilities.cpus),
    // A mounted project is worked on as the user, with the tool in sight; only a cage that was made to
    // tell nothing promises more.
    marks: [...(cage.copy?.plainHome === undefined ? [] : ["sandcage"]), ...names(host)]
      .filter((mark) => mark.length > 3 && !COMMON.has(mark)),
    insidePath: cage.workspace.insidePath,
  };
}
