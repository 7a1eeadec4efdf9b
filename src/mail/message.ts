import {
  type FieldKind,
  MAIL_LIMITS,
  type Message,
  MESSAGE_TYPES,
  type MessageType,
} from "./types.ts";

/** A message as it was read, or why what came is none. */
export type ParsedMessage = { message: Message } | { problem: string };

/** Who has sent it. */
export type Sender = "cage" | "outside";

const HOLDS: Readonly<Record<FieldKind, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  integer: (value) => Number.isSafeInteger(value),
  boolean: (value) => typeof value === "boolean",
  strings: (value) => Array.isArray(value) && value.every((one) => typeof one === "string"),
};

const WORDS: Readonly<Record<FieldKind, string>> = {
  string: "text",
  integer: "a whole number",
  boolean: "true or false",
  strings: "a list of texts",
};

/** Types that one side sends. */
export function listTypes(from: Sender): MessageType[] {
  return (Object.keys(MESSAGE_TYPES) as MessageType[])
    .filter((type) => MESSAGE_TYPES[type].from === from);
}

/**
 * What is wrong with a payload of a type, in words for people; `undefined` when nothing is. Fields
 * that nobody asks for are fine, and so is `null` for one that may be left out. Pure.
 */
export function findProblem(type: string, payload: unknown): string | undefined {
  if (!isType(type)) {
    return `there is no type ${JSON.stringify(type)}; there are ${
      Object.keys(MESSAGE_TYPES).join(", ")
    }`;
  }
  if (!isRecord(payload)) return "the payload is no JSON object";
  const { needs, takes }: { needs: Fields; takes: Fields } = MESSAGE_TYPES[type];
  for (const [field, kind] of Object.entries(needs)) {
    if (!Object.hasOwn(payload, field)) return `${type} needs "${field}": ${WORDS[kind]}`;
    if (!HOLDS[kind](payload[field])) return `"${field}" of ${type} must be ${WORDS[kind]}`;
  }
  for (const [field, kind] of Object.entries(takes)) {
    if (!Object.hasOwn(payload, field) || payload[field] === null) continue;
    if (!HOLDS[kind](payload[field])) return `"${field}" of ${type} must be ${WORDS[kind]}`;
  }
  return undefined;
}

type Fields = Readonly<Record<string, FieldKind>>;

/** ISO 8601 in UTC with milliseconds, as both sides write it. */
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** An id is shown, and is part of a file's name inside. */
const ID = /^msg-[\w-]+$/;

/** Reads what came as a message; nothing of it is believed. Pure. */
export function parseMessage(text: string, from: Sender): ParsedMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "it is no JSON" };
  }
  if (!isRecord(value)) return { problem: "it is no JSON object" };
  const { id, type, timestamp, payload, version } = value;
  if (typeof id !== "string" || id.length > MAIL_LIMITS.idChars || !ID.test(id)) {
    return { problem: "it has no id that is one" };
  }
  if (typeof type !== "string") return { problem: "it has no type" };
  if (typeof timestamp !== "string" || !TIMESTAMP.test(timestamp)) {
    return { problem: "it has no timestamp in UTC with milliseconds" };
  }
  if (version !== 1) return { problem: "it is of no known version" };
  const problem = findProblem(type, payload);
  if (problem !== undefined) return { problem };
  const known = type as MessageType;
  if (MESSAGE_TYPES[known].from !== from) {
    return { problem: `${type} is sent the other way only` };
  }
  return {
    message: { id, type: known, timestamp, payload: payload as Message["payload"], version: 1 },
  };
}

/** A message with an id of its own. */
export function makeMessage(type: MessageType, payload: Message["payload"]): Message {
  const timestamp = new Date().toISOString();
  const stamp = timestamp.slice(0, 19).replaceAll(/[-:]/g, "");
  const random = crypto.getRandomValues(new Uint8Array(8));
  const hex = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { id: `msg-${stamp}-${hex}`, type, timestamp, payload, version: 1 };
}

/** The field of each type that says most. */
const MAIN_FIELD: Readonly<Record<MessageType, string>> = {
  task_complete: "summary",
  progress_update: "status",
  info_request: "description",
  error: "message",
  going_idle: "reason",
  info_response: "content",
  ack: "acked_id",
  task_revision: "instructions",
};

/** What a message says, for a line of a log: its main field, then the others. Pure. */
export function summarize({ type, payload }: Pick<Message, "type" | "payload">): string {
  const main = MAIN_FIELD[type];
  const rest = Object.entries(payload).filter(([field]) => field !== main)
    .map(([field, value]) => `${field}=${typeof value === "string" ? value : formatValue(value)}`);
  const first = payload[main];
  return [...(typeof first === "string" ? [first] : []), ...rest].join("  ");
}

function formatValue(value: unknown): string {
  return JSON.stringify(value) ?? "";
}

function isType(type: string): type is MessageType {
  return Object.hasOwn(MESSAGE_TYPES, type);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
