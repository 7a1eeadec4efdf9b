import type { Numbered } from "../mail/log.ts";
import type { BadRow, MailRow } from "../mail/store.ts";
import { visibleText } from "../transfer/visible.ts";

/** What stands before the fields of a message. */
const INDENT = "    ";

/** A message for programs: its envelope on one line, and who sent it. Pure. */
export function formatMessageJson({ seq, service, message }: Numbered<MailRow>): string {
  return JSON.stringify({ ...message, seq, service });
}

/** A message for people: nothing that an agent wrote acts on the terminal. Pure. */
export function formatMessage({ message, service }: Numbered<MailRow>): string {
  const { type, timestamp, id, payload } = message;
  const fields = Object.entries(payload).map(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value) ?? "";
    const lines = text.replace(/\s+$/, "").split(/\r?\n/).map(visibleText);
    return `${INDENT}${visibleText(name)}: ${lines.join(`\n${INDENT}${INDENT}`)}`;
  });
  return [`${type}  ${timestamp}  ${service}  ${visibleText(id)}`, ...fields].join("\n");
}

/** What was no message, on one line. Pure. */
export function formatBad({ service, name, why }: BadRow): string {
  return `${service} sent what is no message, and it was set aside inside: ` +
    `.cage/outbox/bad/${visibleText(name).slice(0, 80)}: ${visibleText(why)}`;
}
