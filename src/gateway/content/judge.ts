import type { InspectAction } from "../../policy/document.ts";
import type { Finding } from "../context.ts";
import type { HostContext } from "./host_context.ts";
import { toFinding } from "./report.ts";
import type { CompiledSecret, Hit } from "./scanner.ts";

/** Where something was met, and under what rules. */
export type Judging = {
  action: InspectAction;
  context: HostContext;
  scheme: "http" | "https";
  /** Where placeholders are replaced: everywhere here, only those of secrets for bodies, or not at all. */
  injects: "all" | "body" | "none";
  /** For people: `the body`. */
  place: string;
  /** Secrets by placeholder. */
  placeholders: ReadonlyMap<string, CompiledSecret>;
};

/** Says what follows from something that was met; `null` when all is well. */
export function judgeHit(hit: Hit, judging: Judging): Finding | null {
  const { action, context: { host }, place } = judging;
  switch (hit.kind) {
    case "secret": {
      const detail = `The value of ${hit.secret.name} (${hit.form}) in ${place} toward ${host}`;
      return toFinding(action, { reason: "secret-leak", detail });
    }
    case "token": {
      const detail =
        `A token (${hit.token.name}) in ${place} toward ${host}, where it does not belong`;
      return toFinding(action, { reason: "secret-foreign", detail });
    }
    case "placeholder":
      return judgePlaceholder(hit.placeholder, judging);
    default:
      return unreachable(hit);
  }
}

function judgePlaceholder(placeholder: string, judging: Judging): Finding | null {
  const { context, scheme, injects, place, placeholders } = judging;
  const about = (action: Finding["action"], detail: string): Finding => ({
    action,
    reason: "secret-foreign",
    detail: `${detail} ${place} toward ${context.host}`,
  });
  // An agent that printed its environment quotes it to its model in every later request: a block
  // there would end the session, and a placeholder is worth nothing outside this gateway.
  const isQuoted = injects !== "all" && context.own.size > 0;
  const foreign = isQuoted ? "flag" : "block";
  const secret = placeholders.get(placeholder);
  if (secret === undefined) return about(foreign, "A placeholder of no secret of this session in");
  const { name } = secret;
  if (!context.own.has(secret)) {
    return about(foreign, `The placeholder of ${name}, which is not for this host, in`);
  }
  if (scheme !== "https") return about("block", `The placeholder of ${name} without TLS in`);
  if (injects === "all" || (injects === "body" && secret.body)) return null;
  return about("flag", `The placeholder of ${name} was left as it is in`);
}

function unreachable(value: never): never {
  throw new Error(`Unknown hit: ${JSON.stringify(value)}`);
}
