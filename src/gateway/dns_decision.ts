import { decideName } from "../policy/decide.ts";
import type { GatewayContext } from "./context.ts";
import { createDeniedNames } from "./denied_names.ts";
import type { DecideName } from "./dns_server.ts";

/** Decides for DNS by the policy in force, and tells of denied names. */
export function createDecideName(
  context: Pick<GatewayContext, "snapshot" | "audit" | "isOpen">,
): DecideName {
  const denied = createDeniedNames();
  return (name) => {
    // Without a place for the denial nothing is answered: the agent asks again later.
    if (!context.isOpen()) return "unavailable";
    const decision = name === null
      ? { verdict: "deny", reason: "name" } as const
      : decideName(context.snapshot().policy, name);
    if (decision.verdict === "allow") return "allow";
    const host = name?.toLowerCase();
    if (denied.isNews(host ?? "")) {
      context.audit({
        kind: "dns",
        decision: "deny",
        reason: decision.reason,
        ...(host === undefined ? { detail: "a name that no host has" } : { host }),
        ..."rule" in decision && decision.rule !== undefined ? { rule: decision.rule } : {},
      });
    }
    return "deny";
  };
}
