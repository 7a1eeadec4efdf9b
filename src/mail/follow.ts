import { START } from "./log.ts";
import type { MailStore } from "./store.ts";
import { summarize } from "./message.ts";
import type { AgentEvent } from "../headless/event.ts";

/** A message as an event of a run. */
export type MessageEvent = Extract<AgentEvent, { kind: "message" }>;

/**
 * Follows the messages of one service from now on.
 *
 * @returns A function that gives those that came or were delivered since its last call, in order.
 */
export function followMail(store: MailStore, service: string): () => MessageEvent[] {
  let out = { ...START, seq: store.outbox.last() };
  let into = { ...START, seq: store.delivered(service) };
  return () => {
    const events: MessageEvent[] = [];
    for (const { row, place } of store.outbox.read(out)) {
      out = place;
      if (row.service === service) events.push(toEvent("from-cage", row.message));
    }
    const delivered = store.delivered(service);
    if (delivered > into.seq) {
      for (const { row, place } of store.inbox.read(into)) {
        if (row.seq > delivered) break;
        into = place;
        if (row.service === service) events.push(toEvent("to-cage", row.message));
      }
    }
    return events;
  };
}

function toEvent(
  direction: MessageEvent["direction"],
  message: Parameters<typeof summarize>[0] & { id: string },
): MessageEvent {
  const { id, type } = message;
  return { kind: "message", direction, id, type, text: summarize(message) };
}
