/** What travels between an agent without a terminal and whoever gave it its work. */

/** What a field of a payload holds. */
export type FieldKind = "string" | "integer" | "boolean" | "strings";

/** What is known of one type of message. */
type TypeRules = {
  /** Who sends it. */
  from: "cage" | "outside";
  /** Fields that must be there. */
  needs: Readonly<Record<string, FieldKind>>;
  /** Fields that may be there; any further one is passed on as it is. */
  takes: Readonly<Record<string, FieldKind>>;
};

/** The eight types; images/agent/mail/envelope.mjs has the same, and a test compares them. */
export const MESSAGE_TYPES = {
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
} as const satisfies Readonly<Record<string, TypeRules>>;

/** One of the eight types. */
export type MessageType = keyof typeof MESSAGE_TYPES;

/** A message as it is written down on either side. */
export type Message = {
  /** `msg-<YYYYMMDDTHHMMSS>-<hex>`. */
  id: string;
  type: MessageType;
  /** ISO 8601 in UTC with milliseconds. */
  timestamp: string;
  payload: Record<string, unknown>;
  version: 1;
};

/** What a mailbox takes. */
export const MAIL_LIMITS = {
  /** Longest message as it is written down, in bytes. */
  messageBytes: 1_048_576,
  /** Most messages that wait on one side. */
  messages: 100_000,
  /** Most bytes that wait on one side. */
  bytes: 512 * 1_048_576,
  /** Longest id, in characters. */
  idChars: 80,
} as const;
