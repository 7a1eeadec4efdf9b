import { join } from "node:path";
import { lockFile } from "../files.ts";
import { type KnownIds, openKnownIds } from "./known_ids.ts";
import { type MailLog, type Numbered, openLog, type Place, START } from "./log.ts";
import { type MailFs, mailFs } from "./mail_fs.ts";
import { parseMessage } from "./message.ts";
import { MAIL_LIMITS, type Message } from "./types.ts";

/** A message on record. */
export type MailRow = {
  id: string;
  /** Service of the agent that sent it or is to get it. */
  service: string;
  /** When it came to the host, ISO 8601. */
  at: string;
  message: Message;
};

/** Something that was in an outbox and is no message. */
export type BadRow = {
  service: string;
  at: string;
  /** Name of its file inside, as an agent has chosen it. */
  name: string;
  why: string;
};

/** What one look at an outbox has brought. */
export type Collected = {
  /** On record now, for the first time. */
  added: Numbered<MailRow>[];
  /** Names inside that need not be kept there any more. */
  taken: string[];
  /** Names that hold no message, and why. */
  refused: { name: string; why: string }[];
  /** No more is taken before somebody has seen what is there. */
  isFull: boolean;
};

/** A file of an outbox as it came. */
export type Found = { name: string; text: string };

/** The messages of a cage on the host. */
export type MailStore = {
  /** Where it is. */
  dir: string;
  /** Messages of agents, in the order in which they came. */
  outbox: MailLog<MailRow>;
  /** Messages for agents, in the order in which they were sent. */
  inbox: MailLog<MailRow>;
  /** Malformed ones. */
  bad: MailLog<BadRow>;
  /** Takes what was found in an outbox; when it resolves it lasts. */
  collect(found: readonly Found[], service: string): Promise<Collected>;
  /** Writes down what was set aside inside, unless it is known or there is very much of it. */
  addBad(rows: readonly Pick<BadRow, "name" | "why">[], service: string): Promise<void>;
  /** Writes down a message for an agent. @throws {MailFull} */
  queue(message: Message, service: string): Promise<Numbered<MailRow>>;
  /** Messages that an agent has not got yet, oldest first. */
  undelivered(service: string): Numbered<MailRow>[];
  /** Number of the last message that an agent has got. */
  delivered(service: string): number;
  setDelivered(service: string, seq: number): void;
  /** How far somebody has seen the messages of agents, or the malformed ones. */
  cursor(of: Shown): Place;
  setCursor(of: Shown, place: Place): void;
};

/** What a cursor is of. */
export type Shown = "outbox" | "bad";

/** No more messages are taken for an agent that takes none. */
export class MailFull extends Error {
  /** For messages. */
  override readonly name = "MailFull";
}

/** Malformed ones beyond are not written down: an agent could make any number of them. */
const MOST_BAD = 1_000;

/** Opens the messages of a cage. Nothing is made before the first of them. */
export function openMailStore(dir: string, options: { fs?: MailFs } = {}): MailStore {
  const fs = options.fs ?? mailFs();
  const log = <Row extends object>(name: string) => openLog<Row>(join(dir, name), { fs });
  const [outbox, inbox] = [log<MailRow>("outbox"), log<MailRow>("inbox")];
  const bad = log<BadRow>("bad");
  const pathOf = (name: string) => join(dir, name);
  const lock = (name: string) => lockFile(pathOf(`${name}.lock`));
  const cursor = (of: Shown) => parsePlace(findText(fs, pathOf(`${of}.cursor.json`)));

  let known: KnownIds | undefined;
  const openIds = () => {
    if (known?.isCurrent() !== true) {
      known = openKnownIds(pathOf("outbox.ids"), { fs, log: outbox });
    }
    return known;
  };

  /** What may still come; what was seen goes to make room. */
  function findRoom(): { messages: number; bytes: number } {
    const seen = cursor("outbox").seq;
    if (outbox.bytes() > MAIL_LIMITS.bytes / 2) outbox.forget(seen);
    return {
      messages: MAIL_LIMITS.messages - (outbox.last() - seen),
      bytes: MAIL_LIMITS.bytes - outbox.bytes(),
    };
  }

  const delivered = (service: string) => {
    const value = parseJson(findText(fs, pathOf(`inbox.${service}.json`)));
    return Number.isSafeInteger(value) ? value as number : 0;
  };

  /** Up to where every agent has got its messages. */
  function leastDelivered(): number {
    const services = fs.list(dir).flatMap((name) => /^inbox\.(.+)\.json$/.exec(name)?.[1] ?? []);
    return Math.min(...services.map(delivered), inbox.last());
  }

  return {
    dir,
    outbox,
    inbox,
    bad,
    async collect(found, service) {
      using _lock = await lock("outbox");
      const ids = openIds();
      const room = findRoom();
      const rows = new Map<string, MailRow>();
      const collected: Collected = { added: [], taken: [], refused: [], isFull: false };
      const names: string[] = [];
      let bytes = 0;
      for (const { name, text } of found) {
        const parsed = parseMessage(text, "cage");
        if ("problem" in parsed) {
          collected.refused.push({ name, why: parsed.problem });
          continue;
        }
        const { message } = parsed;
        if (!ids.has(message.id) && !rows.has(message.id)) {
          bytes += text.length;
          if (rows.size >= room.messages || bytes > room.bytes) {
            collected.isFull = true;
            break;
          }
          const at = new Date().toISOString();
          rows.set(message.id, { id: message.id, service, at, message });
        }
        names.push(name);
      }
      const added = outbox.add([...rows.values()]);
      ids.add(added.map(({ id }) => id));
      return { ...collected, added, taken: names };
    },
    async addBad(rows, service) {
      if (rows.length === 0) return;
      using _lock = await lock("bad");
      const known = new Set<string>();
      for (const { row } of bad.read(START)) known.add(`${row.service}\0${row.name}\0${row.why}`);
      const at = new Date().toISOString();
      const fresh = rows.map(({ name, why }) => ({ service, at, name, why }))
        .filter(({ name, why }) => !known.has(`${service}\0${name}\0${why}`));
      bad.add(fresh.slice(0, Math.max(0, MOST_BAD - bad.last())));
    },
    async queue(message, service) {
      using _lock = await lock("inbox");
      if (inbox.bytes() > MAIL_LIMITS.bytes / 2) inbox.forget(leastDelivered());
      const bytes = JSON.stringify(message).length;
      if (
        inbox.last() - delivered(service) >= MAIL_LIMITS.messages ||
        inbox.bytes() + bytes > MAIL_LIMITS.bytes
      ) throw new MailFull("no more messages are taken: those before were not delivered");
      const at = new Date().toISOString();
      return inbox.add([{ id: message.id, service, at, message }])[0]!;
    },
    undelivered(service) {
      const from = delivered(service);
      const rows: Numbered<MailRow>[] = [];
      for (const { row } of inbox.read({ ...START, seq: from })) {
        if (row.service === service) rows.push(row);
      }
      return rows;
    },
    delivered,
    setDelivered(service, seq) {
      if (delivered(service) < seq) fs.replace(pathOf(`inbox.${service}.json`), `${seq}\n`);
    },
    cursor,
    setCursor(of, place) {
      fs.makeDir(dir);
      fs.replace(pathOf(`${of}.cursor.json`), JSON.stringify(place) + "\n");
    },
  };
}

function findText(fs: MailFs, path: string): string | undefined {
  if (fs.size(path) === undefined) return undefined;
  return new TextDecoder().decode(fs.read(path, { from: 0 }));
}

function parsePlace(text: string | undefined): Place {
  const value = parseJson(text);
  const isPlace = typeof value === "object" && value !== null && "seq" in value &&
    Number.isSafeInteger(value.seq) && "segment" in value && typeof value.segment === "string" &&
    "offset" in value && Number.isSafeInteger(value.offset);
  return isPlace ? value as Place : START;
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
