import { visibleText } from "../transfer/visible.ts";
import type { AgentEvent, RunRecord, RunState, RunUsage } from "./event.ts";

/** Characters of the last event that a record keeps. */
const LAST_CHARACTERS = 200;

const STATES: Readonly<Record<RunState, { live: boolean }>> = {
  starting: { live: true },
  running: { live: true },
  done: { live: false },
  failed: { live: false },
  "timed-out": { live: false },
  "over-budget": { live: false },
  "out-of-memory": { live: false },
  stopped: { live: false },
  "cut-off": { live: false },
};

/** Whether a run in this state may still say something. */
export function isLiveState(state: RunState): boolean {
  return STATES[state].live;
}

/** Reads a record; `undefined` for none, or one of no known schema. Pure. */
export function parseRunRecord(text: string | undefined): RunRecord | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRunRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRunRecord(value: unknown): value is RunRecord {
  if (typeof value !== "object" || value === null) return false;
  const record = value as Partial<RunRecord>;
  return record.schema === 1 &&
    [record.id, record.cageId, record.service, record.startedAt].every(isText) &&
    isText(record.state) && Object.hasOwn(STATES, record.state!) &&
    typeof record.usage === "object" && record.usage !== null &&
    Number.isSafeInteger(record.events) &&
    [record.endedAt, record.reason, record.last, record.lastAt].every((text) =>
      text === undefined || isText(text)
    ) &&
    (record.exit === undefined || Number.isSafeInteger(record.exit));
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** What is known of the usage after more of it came. Pure. */
export function mergeUsage(known: RunUsage, events: readonly AgentEvent[]): RunUsage {
  let usage = known;
  for (const event of events) if (event.kind === "done") usage = { ...usage, ...event.usage };
  return usage;
}

/** One line about an event, with nothing in it that acts on a terminal. Pure. */
export function summarizeEvent(event: AgentEvent): string {
  const line = visibleText(describe(event).replace(/\s+/g, " ").trim());
  return line.length <= LAST_CHARACTERS ? line : `${line.slice(0, LAST_CHARACTERS - 1)}…`;
}

function describe(event: AgentEvent): string {
  switch (event.kind) {
    case "init":
      return `init ${event.model ?? ""}`;
    case "thinking":
      return `thinking: ${head(event.text)}`;
    case "tool":
      return `${event.name}: ${head(event.argument)}`;
    case "result":
      return event.isError ? `failed: ${head(event.text)}` : `result: ${head(event.text)}`;
    case "message":
      return `${event.direction === "from-cage" ? "sent" : "got"} ${event.type}: ${
        head(event.text)
      }`;
    case "done":
      return `done: ${head(event.text)}`;
    case "text":
    case "note":
      return head(event.text);
    default: {
      const nothing: never = event;
      return nothing;
    }
  }
}

/** The start of a text that may have megabytes. */
function head(text: string): string {
  return text.slice(0, 4 * LAST_CHARACTERS);
}
