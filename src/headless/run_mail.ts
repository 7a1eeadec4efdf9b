import type { PreparedCage } from "../cage/prepare.ts";
import { type MailChannel, type MailHooks, openMailChannel } from "../mail/channel.ts";
import { planMailSite } from "../mail/site.ts";

/** The mailbox of a run: open from when its container runs. */
export type RunMail = {
  open(container: string): void;
  /** Takes a last look; never rejects. Later calls wait for the first. */
  close(): Promise<void>;
};

/** How long it is waited whether the mailbox is only away because its run has ended, in milliseconds. */
const SAID_LATE_MS = 3_000;

/** Makes the mailbox of a run; without a wish it stays closed. */
export function createRunMail(
  cage: PreparedCage,
  options: { isWanted: boolean } & Pick<MailHooks, "onMessage" | "onSaid">,
): RunMail {
  const { isWanted, onMessage, onSaid } = options;
  const late = new Set<ReturnType<typeof setTimeout>>();
  let channel: MailChannel | undefined;
  let closing: Promise<void> | undefined;
  const say = (line: string) => {
    if (closing !== undefined) return onSaid(line);
    const timer = setTimeout(() => {
      late.delete(timer);
      onSaid(line);
    }, SAID_LATE_MS);
    late.add(timer);
  };
  return {
    open(container) {
      if (!isWanted || closing !== undefined) return;
      channel ??= openMailChannel(planMailSite(cage), container, { onMessage, onSaid: say });
    },
    close() {
      for (const timer of late) clearTimeout(timer);
      return closing ??= channel?.close() ?? Promise.resolve();
    },
  };
}
