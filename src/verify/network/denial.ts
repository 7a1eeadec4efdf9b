/** What a denial has to say. */
export type WantedDenial = { host: string; reason: string; rule: string | null | RegExp };

/** What is wrong with a denial as it arrived, head and body; nothing where it says all. Pure. */
export function findDenialProblem(text: string, want: WantedDenial): string | undefined {
  const end = text.lastIndexOf("\r\n\r\n");
  if (!/^HTTP\/[12](\.1)? 403/.test(text) || end < 0) return "the status is not 403";
  if (!/^x-gateway-blocked: \S+/mi.test(text.slice(0, end))) return "no header names the gateway";
  const body = parseBody(text.slice(end));
  if (body === undefined) return "the body is no JSON object";
  if (body.blocked !== true) return "the body does not say that it was blocked";
  if (body.retry !== false) return "the body does not say that trying again is no use";
  if (body.by !== "gateway") return "the body does not say who refuses";
  if (typeof body.hint !== "string" || body.hint === "") return "the body has no hint";
  if (body.host !== want.host) return `the host is ${JSON.stringify(body.host)}`;
  if (body.reason !== want.reason) return `the reason is ${JSON.stringify(body.reason)}`;
  const isRule = want.rule instanceof RegExp
    ? want.rule.test(String(body.rule))
    : body.rule === want.rule;
  return isRule ? undefined : `the rule is ${JSON.stringify(body.rule)}`;
}

function parseBody(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}
