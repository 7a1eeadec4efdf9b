/** What the two ends of a mailbox say to each other: JSON, a line each. */
import { MAIL_LIMITS } from "./types.ts";

/** Raised with every change of what they say. */
export const PROTOCOL = 1;

/** What the far end of a mailbox says. It runs where the agent rules: it may say anything. */
export type Said =
  | { kind: "hello"; protocol: number }
  | { kind: "message"; name: string; text: string }
  | { kind: "bad"; name: string; why: string }
  | { kind: "idle" }
  | { kind: "delivered"; seq: number }
  | { kind: "failed"; why: string };

/**
 * An order to the far end: JSON on one line, whatever its reader takes for the end of one. Node's
 * takes U+2028 and U+2029, which may stand in JSON as they are.
 */
export function formatOrder(order: Record<string, unknown>): string {
  const escaped = JSON.stringify(order)
    .replace(/[\u2028\u2029]/g, (end) => `\\u${end.charCodeAt(0).toString(16)}`);
  return `${escaped}\n`;
}

/** Reads a line of the far end. @throws {Error} For what no program of ours says. */
export function parseSaid(line: string): Said {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error("it says what nobody understands");
  }
  if (typeof value === "object" && value !== null && "kind" in value) {
    const said = value as Record<string, unknown>;
    switch (said.kind) {
      case "hello":
        if (typeof said.protocol === "number") return { kind: "hello", protocol: said.protocol };
        break;
      case "message":
        if (isName(said.name) && typeof said.text === "string" && isShort(said.text)) {
          return { kind: "message", name: said.name, text: said.text };
        }
        break;
      case "bad":
        if (isName(said.name) && typeof said.why === "string") {
          return { kind: "bad", name: said.name, why: said.why.slice(0, 200) };
        }
        break;
      case "idle":
        return { kind: "idle" };
      case "delivered":
        if (Number.isSafeInteger(said.seq)) {
          return { kind: "delivered", seq: said.seq as number };
        }
        break;
      case "failed":
        if (typeof said.why === "string") return { kind: "failed", why: said.why };
        break;
    }
  }
  throw new Error("it says what nobody understands");
}

function isName(name: unknown): name is string {
  return typeof name === "string" && name.length <= 255;
}

/** The far end reads no more; who says more is no far end of ours. */
function isShort(text: string): boolean {
  return text.length <= MAIL_LIMITS.messageBytes;
}
