import type { ExecStreams } from "../engine/exec.ts";
import { visibleText } from "../transfer/visible.ts";
import { createLineReader } from "./lines.ts";
import { formatOrder, parseSaid, PROTOCOL } from "./said.ts";
import type { Found, MailStore } from "./store.ts";
import { MAIL_LIMITS } from "./types.ts";

/** The program at the far end of a mailbox, while it runs. */
export type MailLink = {
  /** Resolves when it has ended, with what it had to say; never rejects. */
  ended: Promise<string | undefined>;
  /**
   * Waits until everything that had been sent is on record.
   *
   * @throws {Error} If the link ends first, says nothing for long, or no more can be taken.
   */
  settle(): Promise<void>;
  /** Delivers what waits for the agent, oldest first. @throws {Error} As {@link settle} does. */
  deliver(): Promise<void>;
  close(): Promise<void>;
};

/** What a link works on. */
export type LinkOptions = {
  store: MailStore;
  service: string;
  /** Called after messages came or were delivered. */
  onChange(): void;
  /** Gets what people should know. */
  onSaid(line: string): void;
};

/** Longest line: a message whose every byte is escaped in six, and a name. */
const MOST_LINE = 6 * MAIL_LIMITS.messageBytes + 65_536;

/** A far end that says nothing for so long is given up, in milliseconds. */
const SILENT_MS = 60_000;

/** Pause before messages are tried again that could not be written down, in milliseconds. */
const AGAIN_MS = 2_000;

/** Takes messages in and out through a program whose streams these are. */
export function openLink(streams: ExecStreams, options: LinkOptions): MailLink {
  const { store, service, onChange, onSaid } = options;
  const encoder = new TextEncoder();
  const asked: Waiter[] = [];
  const outgoing: { seq: number; waiter: Waiter }[] = [];
  let untaken: Found[] = [];
  let hasEnded = false;
  let saidLast: string | undefined;
  let heardMs = performance.now();
  let writing: Promise<void> = Promise.resolve();

  const write = (order: Record<string, unknown>) => {
    const bytes = encoder.encode(formatOrder(order));
    writing = writing.then(() => streams.write(bytes));
    // The reading side tells how it ended.
    writing.catch(() => {});
  };

  /** Says a thing once, until another is to be said. */
  let told = "";
  const tell = (line: string) => {
    if (line !== told) onSaid(told = line);
  };

  async function take(found: readonly Found[]): Promise<void> {
    untaken.push(...found);
    if (untaken.length === 0) return;
    const { taken, refused, isFull, added } = await store.collect(untaken, service);
    if (refused.length > 0) await store.addBad(refused, service);
    const done = new Set([...taken, ...refused.map(({ name }) => name)]);
    untaken = untaken.filter(({ name }) => !done.has(name));
    if (taken.length > 0) write({ kind: "taken", names: taken });
    for (const { name } of refused) write({ kind: "refused", name });
    if (isFull) {
      tell(
        `No more messages are taken: ${MAIL_LIMITS.messages} wait already, or ` +
          `${MAIL_LIMITS.bytes / 1_048_576} MiB of them; the rest stays inside until they are read`,
      );
      failAll(asked, "no more messages are taken before those that wait are read");
    } else told = "";
    if (added.length > 0 || refused.length > 0) onChange();
  }

  async function takeSafely(found: readonly Found[]): Promise<void> {
    try {
      await take(found);
    } catch (error) {
      // They stay inside, and are tried again.
      const why = error instanceof Error ? error.message : String(error);
      tell(`Messages cannot be written down: ${why}`);
      failAll(asked, why);
    }
  }

  async function hear(lines: readonly string[]): Promise<void> {
    const said = lines.map(parseSaid);
    const found: Found[] = [];
    const bad: { name: string; why: string }[] = [];
    for (const one of said) {
      if (one.kind === "message") found.push({ name: one.name, text: one.text });
      else if (one.kind === "bad") bad.push({ name: one.name, why: one.why });
    }
    await takeSafely(found);
    if (bad.length > 0) {
      await store.addBad(bad, service);
      onChange();
    }
    let delivered = 0;
    for (const one of said) {
      switch (one.kind) {
        case "hello":
          if (one.protocol !== PROTOCOL) throw new Error("its image is of another version");
          break;
        case "idle":
          if (untaken.length === 0) asked.shift()?.resolve();
          break;
        case "delivered": {
          const next = outgoing[0];
          if (next?.seq !== one.seq) throw new Error("it confirms what it was not given");
          outgoing.shift();
          delivered = one.seq;
          store.setDelivered(service, one.seq);
          next.waiter.resolve();
          break;
        }
        case "failed":
          throw new Error(one.why);
        case "message":
        case "bad":
          break;
        default:
          one satisfies never;
      }
    }
    if (delivered > 0) onChange();
  }

  const again = setInterval(() => {
    if (untaken.length > 0) void takeSafely([]);
    if ((asked.length > 0 || outgoing.length > 0) && performance.now() - heardMs > SILENT_MS) {
      saidLast ??= "it says nothing any more";
      void streams.close();
    }
  }, AGAIN_MS);

  const ended = (async () => {
    const read = createLineReader(MOST_LINE);
    try {
      for (let bytes; (bytes = await streams.read()) !== undefined;) {
        heardMs = performance.now();
        const lines = read(bytes);
        if (lines.length > 0) await hear(lines);
      }
      saidLast ??= streams.stderr().trim().split("\n").at(-1) || undefined;
    } catch (error) {
      saidLast ??= error instanceof Error ? error.message : String(error);
    }
    hasEnded = true;
    clearInterval(again);
    await streams.close().catch(() => {});
    const why = saidLast === undefined ? undefined : visibleText(saidLast).slice(0, 300);
    failAll(asked, why ?? "it ended");
    failAll(outgoing.splice(0).map(({ waiter }) => waiter), why ?? "it ended");
    return why;
  })();

  return {
    ended,
    settle() {
      if (hasEnded) return Promise.reject(new Error("it has ended"));
      heardMs = performance.now();
      const waiter = makeWaiter();
      asked.push(waiter);
      write({ kind: "look" });
      return waiter.done;
    },
    async deliver() {
      if (hasEnded) throw new Error("it has ended");
      heardMs = performance.now();
      const after = outgoing.at(-1)?.seq ?? 0;
      for (const { seq, id, message } of store.undelivered(service)) {
        if (seq <= after) continue;
        outgoing.push({ seq, waiter: makeWaiter() });
        write({ kind: "deliver", seq, id, text: JSON.stringify(message) + "\n" });
      }
      await Promise.all(outgoing.map(({ waiter }) => waiter.done));
    },
    async close() {
      await writing.catch(() => {});
      await streams.closeWrite().catch(() => {});
      const late = setTimeout(() => void streams.close(), AGAIN_MS);
      await ended;
      clearTimeout(late);
    },
  };
}

type Waiter = { done: Promise<void>; resolve(): void; reject(error: Error): void };

function makeWaiter(): Waiter {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => {});
  return { done: promise, resolve, reject };
}

function failAll(waiters: Waiter[], why: string): void {
  for (const { reject } of waiters.splice(0)) reject(new Error(why));
}
