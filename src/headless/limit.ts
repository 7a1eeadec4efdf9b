import type { AgentEvent } from "./event.ts";

/** Characters of one text in an event; all of it is among the bytes the event was read from. */
const MOST_CHARACTERS = 1024 * 1024;

/** The event with every text in it cut to what is kept; what was cut off is counted. Pure. */
export function limitEvent(event: AgentEvent): AgentEvent {
  const cuts = Object.entries(event).flatMap(([name, value]) =>
    typeof value === "string" && value.length > MOST_CHARACTERS ? [[name, cut(value)]] : []
  );
  return cuts.length === 0 ? event : { ...event, ...Object.fromEntries(cuts) };
}

function cut(text: string): string {
  const kept = text.slice(0, MOST_CHARACTERS).replace(/[\ud800-\udbff]$/, "");
  return `${kept}… (${text.length - kept.length} more characters: sandcage logs --raw)`;
}
