// What a message is: the eight types, what each has to say, and the envelope around it.
import { randomBytes } from "node:crypto";

export const LIMITS = { messageBytes: 1_048_576, messages: 100_000, idChars: 80 };

export const TYPES = {
  task_complete: { from: "cage", needs: { summary: "string", exit_code: "integer" }, takes: {} },
  progress_update: { from: "cage", needs: { status: "string" }, takes: { detail: "string" } },
  info_request: {
    from: "cage",
    needs: { request_id: "string", description: "string" },
    takes: { paths: "strings" },
  },
  error: {
    from: "cage",
    needs: { error_type: "string", message: "string", recoverable: "boolean" },
    takes: {},
  },
  going_idle: { from: "cage", needs: {}, takes: { reason: "string" } },
  info_response: {
    from: "outside",
    needs: { request_id: "string", content: "string" },
    takes: {},
  },
  ack: { from: "outside", needs: {}, takes: { acked_id: "string" } },
  task_revision: { from: "outside", needs: { instructions: "string" }, takes: {} },
};

const HOLDS = {
  string: (value) => typeof value === "string",
  integer: (value) => Number.isSafeInteger(value),
  boolean: (value) => typeof value === "boolean",
  strings: (value) => Array.isArray(value) && value.every((one) => typeof one === "string"),
};

const WORDS = {
  string: "text",
  integer: "a whole number",
  boolean: "true or false",
  strings: "a list of texts",
};

// What is wrong with a payload; undefined when nothing is.
export function findProblem(type, payload) {
  const rules = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (rules === undefined) {
    return `there is no type ${JSON.stringify(type)}; there are ${Object.keys(TYPES).join(", ")}`;
  }
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) {
    return "the payload is no JSON object";
  }
  for (const [field, kind] of Object.entries(rules.needs)) {
    if (!Object.hasOwn(payload, field)) return `${type} needs "${field}": ${WORDS[kind]}`;
    if (!HOLDS[kind](payload[field])) return `"${field}" of ${type} must be ${WORDS[kind]}`;
  }
  for (const [field, kind] of Object.entries(rules.takes)) {
    if (!Object.hasOwn(payload, field) || payload[field] === null) continue;
    if (!HOLDS[kind](payload[field])) return `"${field}" of ${type} must be ${WORDS[kind]}`;
  }
  return undefined;
}

// A message with a new id. 16 hex digits: 100,000 in one second do not collide.
export function makeMessage(type, payload) {
  const timestamp = new Date().toISOString();
  const stamp = timestamp.slice(0, 19).replaceAll(/[-:]/g, "");
  const id = `msg-${stamp}-${randomBytes(8).toString("hex")}`;
  return { id, type, timestamp, payload, version: 1 };
}
