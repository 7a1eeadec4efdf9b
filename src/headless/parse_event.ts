import type { LoggedEvent } from "./event.ts";

const KINDS: Readonly<Record<LoggedEvent["kind"], readonly string[]>> = {
  init: [],
  thinking: ["text"],
  text: ["text"],
  tool: ["name", "argument"],
  result: ["text"],
  message: ["direction", "id", "type", "text"],
  note: ["text"],
  done: ["text"],
};

/** Reads a line of the events on record; `undefined` for none, or one that was cut short. Pure. */
export function parseLoggedEvent(line: string): LoggedEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const event = value as Readonly<Record<string, unknown>>;
  const kind = String(event.kind);
  if (!Object.hasOwn(KINDS, kind)) return undefined;
  const isWhole = Number.isSafeInteger(event.seq) && typeof event.at === "string" &&
    KINDS[kind as LoggedEvent["kind"]].every((name) => typeof event[name] === "string") &&
    (kind !== "done" || isUsage(event.usage));
  return isWhole ? value as LoggedEvent : undefined;
}

function isUsage(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { costUsd, durationMs, inputTokens, outputTokens } = value as Record<string, unknown>;
  return [costUsd, durationMs, inputTokens, outputTokens].every((amount) =>
    amount === undefined || typeof amount === "number"
  );
}

/**
 * What a terminal could act on though JSON leaves it as it is: DEL, C1, what turns the direction of
 * text, what has no width.
 */
const UNSAFE =
  /[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

/** An event as its line on record, newline included: safe on a terminal, too. Pure. */
export function formatLoggedEvent(event: LoggedEvent): string {
  const json = JSON.stringify(event).replace(
    UNSAFE,
    (text) =>
      Array.from(
        { length: text.length },
        (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`,
      ).join(""),
  );
  return `${json}\n`;
}
