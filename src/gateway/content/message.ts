import { Buffer } from "node:buffer";
import type { InspectAction } from "../../policy/document.ts";
import type { Finding } from "../context.ts";
import { createBodyShape } from "./body_shape.ts";
import type { ExchangeSettings } from "./exchange.ts";
import type { HostContext } from "./host_context.ts";
import { judgeHit } from "./judge.ts";
import { replaceAll } from "./replacer.ts";

/** How strict an action is. */
const STRICTNESS: Record<InspectAction, number> = { off: 0, flag: 1, block: 2 };

/**
 * Passes one whole WebSocket message. Outward every check is as strict as it is set, but at most as
 * strict as `inspect.websocket`; a message is treated like a body. Inward real values are replaced.
 */
export function passMessage(
  message: { data: Buffer; binary: boolean },
  options: {
    direction: "out" | "in";
    settings: ExchangeSettings;
    context: HostContext;
    scheme: "http" | "https";
  },
): { data: Buffer; findings: Finding[] } {
  const { settings, context, scheme } = options;
  const { data } = message;
  if (options.direction === "in") {
    const scrubbed = context.scrubber === null ? data : replaceAll(context.scrubber, data);
    return { data: scrubbed, findings: [] };
  }
  const findings: Finding[] = [];
  const report = (finding: Finding | null) => {
    if (finding !== null && !findings.some(({ detail }) => detail === finding.detail)) {
      findings.push(finding);
    }
  };
  const { inspect, scanner, placeholders } = settings;
  const action = soften(inspect.secrets, inspect.websocket);
  const hits = scanner?.find(data, { from: 0, to: data.length }, { skip: context.homeTokens });
  for (const hit of hits ?? []) {
    const place = "a WebSocket message";
    report(judgeHit(hit, { action, context, scheme, injects: "body", place, placeholders }));
  }
  const shape = createBodyShape({
    entropy: soften(inspect.entropy, inspect.websocket),
    contentType: soften(inspect.contentType, inspect.websocket),
  }, { kind: message.binary ? "binary" : "text", report });
  shape?.write(data);
  shape?.end();
  const injector = scheme === "https" ? context.injector(isJson(data) ? "json" : "plain") : null;
  return { data: injector === null ? data : replaceAll(injector, data), findings };
}

function soften(action: InspectAction, most: InspectAction): InspectAction {
  return STRICTNESS[action] <= STRICTNESS[most] ? action : most;
}

function isJson(data: Buffer): boolean {
  return data[0] === 0x7b || data[0] === 0x5b;
}
