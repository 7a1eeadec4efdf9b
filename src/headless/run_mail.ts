import type { PreparedCage } from "../cage/prepare.ts";
import { type MailChannel, type MailHooks, openMailChannel } from "../mail/channel.ts";
import { planMailSite } from "../mail/site.ts";

/** The mailbox of a run: open from when its container runs. */
export type RunMail = {
  open(container: string): void;
  /** Takes a last look; never rejects. */
  close(): Promise<void>;
};

/** Makes the mailbox of a run; without a wish it stays closed. */
export function createRunMail(
  cage: PreparedCage,
  options: { isWanted: boolean } & Pick<MailHooks, "onMessage" | "onSaid">,
): RunMail {
  let channel: MailChannel | undefined;
  return {
    open(container) {
      if (options.isWanted) channel ??= openMailChannel(planMailSite(cage), container, options);
    },
    close: async () => await channel?.close(),
  };
}
