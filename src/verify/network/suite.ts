import type { PreparedCage } from "../../cage/prepare.ts";
import type { SessionContext } from "../../cage/session.ts";
import type { OpenSuite } from "../case.ts";
import { openGuardedSuite } from "../internet/guarded_suite.ts";
import { NETWORK_CASES } from "./cases.ts";

/** Names its scratch. */
export const NETWORK_SCRATCH = "network";

/** What the cage may reach while it is tried. */
const ALLOW = ["allowed.test"];

/** Opens the user's cage on an internet of its own. */
export function openNetworkSuite(cage: PreparedCage, context: SessionContext): Promise<OpenSuite> {
  const network = { allow: ALLOW };
  return openGuardedSuite(NETWORK_CASES, {
    cage,
    guard: { name: NETWORK_SCRATCH, network, context },
  });
}
