import { pause } from "../pause.ts";
import { isHeld, takeChannel } from "./channel_lock.ts";
import { type MailLink, openLink } from "./link.ts";
import { findMailPlace, type MailPlace, openMailStreams } from "./place.ts";
import type { MailSite } from "./site.ts";
import { type MailStore, openMailStore } from "./store.ts";

/** How a single look at a mailbox went. */
export type CollectOutcome =
  | { kind: "done"; place: MailPlace["kind"] }
  /** A run keeps its channel open: what is sent comes by itself. */
  | { kind: "held" };

/** How long somebody else's single look is waited for, in milliseconds. */
const OTHERS_MS = 60_000;
const OTHERS_LOOK_MS = 50;

/**
 * Takes the messages out of a mailbox and delivers what waits for its agent, once.
 *
 * @throws {Error} If the mailbox cannot be reached, or no more can be taken.
 */
export async function collectMail(
  site: MailSite,
  options: { onSaid(line: string): void; signal?: AbortSignal | undefined },
): Promise<CollectOutcome> {
  const { signal } = options;
  const store = openMailStore(site.dir);
  const deadline = Date.now() + OTHERS_MS;
  for (;;) {
    signal?.throwIfAborted();
    const lock = await takeChannel(site, { isHeld: false });
    if (lock !== undefined) {
      try {
        return await collectOnce(site, { store, onSaid: options.onSaid });
      } finally {
        lock[Symbol.dispose]();
      }
    }
    if (await isHeld(site)) return { kind: "held" };
    if (Date.now() > deadline) throw new Error("another command holds the mailbox");
    await pause(OTHERS_LOOK_MS, signal);
  }
}

async function collectOnce(
  site: MailSite,
  options: { store: MailStore; onSaid(line: string): void },
): Promise<CollectOutcome> {
  const place = await findMailPlace(site);
  if (place.kind === "nowhere") return { kind: "done", place: place.kind };
  let problem: unknown = "it was not asked";
  const why = await useLink(site, place, {
    ...options,
    onChange() {},
    async use(link) {
      try {
        await link.settle();
        await link.deliver();
        problem = undefined;
      } catch (error) {
        problem = error;
      }
      await link.close();
    },
  });
  if (problem === undefined) return { kind: "done", place: place.kind };
  throw problem instanceof Error ? problem : new Error(why ?? "it ended");
}

/** What a link is used for. */
export type LinkUse = {
  store: MailStore;
  onChange(): void;
  onSaid(line: string): void;
  use(link: MailLink): Promise<void>;
};

/** Opens a link for as long as it is used; answers why it ended, if it did by itself. */
export async function useLink(
  site: MailSite,
  place: Exclude<MailPlace, { kind: "nowhere" }>,
  options: LinkUse,
): Promise<string | undefined> {
  try {
    const streams = await openMailStreams(site, place);
    const link = openLink(streams, { ...options, service: site.service });
    await options.use(link);
    return await link.ended;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
