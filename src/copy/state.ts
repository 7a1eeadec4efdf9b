import { isAbandoned } from "./claim.ts";
import type { CopyRecord } from "./record.ts";
import type { KnownSession } from "../cage/sessions.ts";

/** How things stand with a copy cage, as far as this machine knows without asking an engine. */
export type CopyState =
  /** Its files are being copied in. */
  | "filling"
  /** Whoever copied them in is gone; nothing in it is anybody's work. */
  | "interrupted"
  /** Something runs in it. */
  | "running"
  | "stopped";

/** What each state is to people. */
export const STATE_WORDS: Readonly<Record<CopyState, string>> = {
  filling: "being made",
  interrupted: "never finished",
  running: "running",
  stopped: "stopped",
};

/** Finds how things stand with a cage; needs no engine. */
export async function findCopyState(
  copy: Pick<CopyRecord, "id" | "state">,
  options: { stateDir: string; sessions: readonly Pick<KnownSession, "live" | "record">[] },
): Promise<CopyState> {
  if (copy.state === "filling") {
    return await isAbandoned(copy, options.stateDir) ? "interrupted" : "filling";
  }
  const isLive = options.sessions.some(({ live, record }) => live && record.cageId === copy.id);
  return isLive ? "running" : "stopped";
}
