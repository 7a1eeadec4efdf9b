import { lockFile } from "../files.ts";
import { join } from "node:path";
import { START } from "../mail/log.ts";
import type { MailStore } from "../mail/store.ts";
import type { MessageType } from "../mail/types.ts";
import type { Io } from "../io.ts";
import { formatBad, formatMessage, formatMessageJson } from "./mail_view.ts";

/** How messages are shown. */
export type ShowOptions = {
  io: Pick<Io, "out" | "warn">;
  json: boolean;
  /** Those that were seen before as well; what was seen stays as it is then. Defaults to false. */
  all?: boolean;
};

/** Messages that are printed together. */
const BATCH = 256;

/**
 * Prints the messages that nobody has seen, the oldest first, and then marks them as seen: killed in
 * between, it prints some of them again. Of several commands at once each message is printed by one.
 *
 * @returns Types of what was printed.
 */
export async function showMessages(
  store: MailStore,
  { io, json, all = false }: ShowOptions,
): Promise<MessageType[]> {
  const lock = await lockFile(join(store.dir, "reader.lock"));
  try {
    showBad(store, io);
    const shown: MessageType[] = [];
    const lines: string[] = [];
    let place = all ? START : store.cursor("outbox");
    const flush = () => {
      if (lines.length === 0) return;
      io.out(lines.splice(0).join("\n"));
      if (!all) store.setCursor("outbox", place);
    };
    for (const read of store.outbox.read(place)) {
      lines.push(json ? formatMessageJson(read.row) : formatMessage(read.row));
      shown.push(read.row.message.type);
      place = read.place;
      if (lines.length >= BATCH) flush();
    }
    flush();
    return shown;
  } finally {
    lock[Symbol.dispose]();
  }
}

/** Says once what was no message. */
function showBad(store: MailStore, io: ShowOptions["io"]): void {
  let place = store.cursor("bad");
  const before = place.seq;
  for (const read of store.bad.read(place)) {
    io.warn(formatBad(read.row));
    place = read.place;
  }
  if (place.seq > before) store.setCursor("bad", place);
}
