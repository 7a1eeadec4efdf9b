import type { ExecStreams } from "../../engine/exec.ts";
import { readLines } from "./lines.ts";
import type { Command, Event, Reply, Seen, ServerSettings } from "./types.ts";

/** The talk with the server: commands in, events out. */
export type Channel = AsyncDisposable & {
  /** Resolves when the server is ready. */
  start(settings: ServerSettings): Promise<void>;
  send(command: Command): void;
  events(): Promise<Event[]>;
  clear(): Promise<void>;
  handle(host: string, handler: Handler): void;
};

type Handler = (seen: Seen, body: string) => Promise<Reply>;

/** Talks to a server; disposing it ends the server. */
export function openChannel(streams: ExecStreams): Channel {
  const encoder = new TextEncoder();
  const events: Event[] = [];
  const handlers = new Map<string, Handler>();
  const waiting = new Map<string, { resolve(): void; reject(error: Error): void }>();
  const send = (command: Command) =>
    void streams.write(encoder.encode(`${JSON.stringify(command)}\n`)).catch(() => {});
  const wait = (key: string) =>
    new Promise<void>((resolve, reject) => waiting.set(key, { resolve, reject }));
  const settle = (key: string) => {
    waiting.get(key)?.resolve();
    waiting.delete(key);
  };
  const take = (event: Event) => {
    switch (event.kind) {
      case "ready":
        return settle("ready");
      case "synced":
        return settle(`sync ${event.id}`);
      case "failed":
        return fail(event.reason);
      case "call":
        return void handlers.get(event.host)?.(event.seen, event.body)
          .then((reply) => send({ type: "reply", call: event.call, reply }));
      default:
        events.push(event);
    }
  };
  const fail = (reason: string) => {
    for (const { reject } of waiting.values()) reject(new Error(`The internet ended: ${reason}`));
    waiting.clear();
  };
  const reading = readLines(streams, (line) => take(JSON.parse(line)))
    .then(() => fail(streams.stderr().trim() || "its output is closed"));
  let syncs = 0;
  const sync = async () => {
    const id = ++syncs;
    const synced = wait(`sync ${id}`);
    send({ type: "sync", id });
    await synced;
  };
  return {
    async start(settings) {
      const ready = wait("ready");
      send({ type: "start", settings });
      await ready;
    },
    send,
    async events() {
      await sync();
      return [...events];
    },
    async clear() {
      await sync();
      events.length = 0;
    },
    handle(host, handler) {
      handlers.set(host, handler);
      send({ type: "handle", host });
    },
    async [Symbol.asyncDispose]() {
      await streams.closeWrite().catch(() => {});
      await reading;
      await streams.close();
    },
  };
}
