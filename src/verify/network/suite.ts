import type { PreparedCage } from "../../cage/prepare.ts";
import type { SessionContext } from "../../cage/session.ts";
import { defaultConfig } from "../../config/defaults.ts";
import type { OpenSuite } from "../case.ts";
import type { Guard } from "../internet/guarded.ts";
import { openGuardedSuite } from "../internet/guarded_suite.ts";
import { NETWORK_CASES } from "./cases.ts";

/** Names its scratch. */
export const NETWORK_SCRATCH = "network";

/** What the cage may reach while it is tried. */
const NETWORK: Guard["network"] = {
  allow: [
    "allowed.test",
    "also.test:8443",
    "*.wild.test",
    "https://path.test/public",
    "big.test",
    "inject.test",
    ...["meta.test", "rebind.test", "mixed.test", "flip.test"],
  ],
  block: [{ dest: "big.test", paths: ["/private"] }],
};

/** Opens the user's cage on an internet of its own. */
export function openNetworkSuite(cage: PreparedCage, context: SessionContext): Promise<OpenSuite> {
  return openGuardedSuite(NETWORK_CASES, {
    cage,
    guard: {
      name: NETWORK_SCRATCH,
      network: NETWORK,
      // What is opened here is opened for its rules, or to be looked into.
      inspect: { ...defaultConfig().inspect, hosts: ["inject.test"] },
      context,
    },
  });
}
