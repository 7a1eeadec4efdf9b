import { join } from "node:path";
import { ensurePrivateDir } from "../files.ts";
import { watchDirectory } from "../headless/wake.ts";
import { pause } from "../pause.ts";
import { takeChannel } from "./channel_lock.ts";
import { collectMail, useLink } from "./collect.ts";
import { followMail, type MessageEvent } from "./follow.ts";
import type { MailLink } from "./link.ts";
import type { MailSite } from "./site.ts";
import { openMailStore } from "./store.ts";

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

/** Pauses before a link that ended is opened again, in milliseconds. */
const AGAIN_MS = { first: 100, most: 5_000 } as const;

/** How long a look at the store may be late where the system tells of no change, in milliseconds. */
const LOOK_MS = 1_000;

/** How long the last word of a link may take, in milliseconds. */
const SETTLE_MS = 5_000;

/** How long the last look may take when the container has gone, in milliseconds. */
const LAST_MS = 12_000;

/**
 * Keeps a channel to the mailbox of a running container open, whatever becomes of the program at
 * its other end. Does not wait for it, and never fails: what is wrong is said.
 */
export function openMailChannel(
  site: MailSite,
  container: string,
  options: MailHooks,
): MailChannel {
  const { onMessage, onSaid, signal } = options;
  const store = openMailStore(site.dir);
  const follow = followMail(store, site.service);
  const ending = new AbortController();
  const ended = signal === undefined ? ending.signal : AbortSignal.any([ending.signal, signal]);
  let link: MailLink | undefined;

  const tell = () => {
    try {
      for (const event of follow()) onMessage(event);
    } catch (error) {
      onSaid(`Messages cannot be read: ${error}`);
    }
  };

  /** One link; answers why it ended by itself. */
  const keepOne = async () => {
    const startedMs = Date.now();
    const why = await useLink(site, { kind: "running", container }, {
      store,
      onChange: tell,
      onSaid,
      async use(opened) {
        link = opened;
        const close = () => void opened.close();
        ended.addEventListener("abort", close, { once: true });
        if (ended.aborted) close();
        // A home that is full takes no message, and must not keep those of the agent from coming.
        await opened.settle().catch(() => {});
        await opened.deliver().catch(() => {});
        await opened.ended;
        link = undefined;
      },
    });
    return { why, wasLong: Date.now() - startedMs > AGAIN_MS.most };
  };

  const keep = async () => {
    let wait: number = AGAIN_MS.first;
    let said: string | undefined;
    while (!ended.aborted) {
      const lock = await takeChannel(site, { isHeld: true });
      if (lock === undefined) {
        await pause(AGAIN_MS.first, ended);
        continue;
      }
      try {
        const { why, wasLong } = await keepOne();
        if (ended.aborted) return;
        // Nothing is lost while it is away: messages wait inside.
        if (why !== undefined && why !== said) onSaid(`The mailbox is out of reach: ${said = why}`);
        if (wasLong) wait = AGAIN_MS.first;
      } finally {
        lock[Symbol.dispose]();
      }
      await pause(wait, ended);
      wait = Math.min(2 * wait, AGAIN_MS.most);
    }
  };

  /** What others write down for the agent is seen here. */
  const watch = async () => {
    const inbox = join(store.dir, "inbox");
    await ensurePrivateDir(inbox);
    const changes = watchDirectory(inbox);
    try {
      while (!ended.aborted) {
        await changes.wait(LOOK_MS, ended);
        tell();
        await link?.deliver().catch(() => {});
      }
    } finally {
      changes[Symbol.dispose]();
    }
  };

  const running = Promise.all([keep(), watch()]).catch((error) => {
    onSaid(`The mailbox is closed: ${error instanceof Error ? error.message : error}`);
  });

  return {
    async close() {
      const isLast = signal?.aborted !== true;
      const isSettled = isLast && await settle(link);
      ending.abort();
      // Whoever waits for the end of the run does not wait for an engine that hangs.
      await within(SETTLE_MS, running);
      // The container may have ended with messages that nobody had taken.
      if (isLast && !isSettled) {
        const looked = collectMail(site, { onSaid }).catch((error) => {
          onSaid(`The mailbox could not be looked at once more: ${error.message}`);
        });
        await within(LAST_MS, looked);
      }
      tell();
    },
  };
}

/** Whether everything that had been sent is on record. */
async function settle(link: MailLink | undefined): Promise<boolean> {
  const settled = link?.settle().then(() => true, () => false);
  return await within(SETTLE_MS, settled ?? Promise.resolve(false)) === true;
}

/** Waits for work, but not for ever: `undefined` when it takes too long. */
async function within<Result>(ms: number, work: Promise<Result>): Promise<Result | undefined> {
  const done = new AbortController();
  try {
    return await Promise.race([work, pause(ms, done.signal).then(() => undefined)]);
  } finally {
    done.abort();
  }
}
