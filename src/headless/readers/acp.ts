import type { AgentEvent } from "../event.ts";
import { findArgument } from "./argument.ts";
import { createJoiner } from "./joiner.ts";
import {
  contentText,
  findAmount,
  findObject,
  findTextOf,
  type JsonObject,
  objectOf,
  objectsOf,
  textOf,
  unread,
  withoutAbsent,
} from "./json.ts";
import type { StreamReader } from "./reader.ts";

/** Updates that say nothing about the work. */
const SILENT = [
  "user_message_chunk",
  "available_commands_update",
  "current_mode_update",
  "config_option_update",
  "session_info_update",
];

/**
 * Reads what an agent sends over the Agent Client Protocol: updates, and the answers to
 * `session/new` (`init`) and `session/prompt` (`done`). Whoever drives the agent gives every line.
 *
 * @see {@link https://agentclientprotocol.com/protocol/prompt-turn}
 */
export function createAcpReader(): StreamReader {
  const joiner = createJoiner();
  let costUsd: number | undefined;
  const called = new Set<string>();
  // Some agents tell of a call first when they ask whether it may be made.
  const readCallOnce = (update: JsonObject): AgentEvent[] => {
    const id = findTextOf(update.toolCallId);
    if (id !== undefined && called.has(id)) return [];
    if (id !== undefined) called.add(id);
    return [readCall(update)];
  };
  const readUpdate = (update: JsonObject): AgentEvent[] | undefined => {
    const kind = textOf(update.sessionUpdate);
    if (kind === "agent_message_chunk") return joiner.add("text", chunkText(update));
    if (kind === "agent_thought_chunk") return joiner.add("thinking", chunkText(update));
    if (SILENT.includes(kind)) return [];
    if (kind === "usage_update") {
      const { amount, currency } = objectOf(update.cost);
      if (currency === "USD") costUsd = findAmount(amount);
      return [];
    }
    const events = kind === "tool_call"
      ? [...readCallOnce(update), ...readResult(update)]
      : readWork(update, kind);
    return events === undefined ? undefined : [...joiner.flush(), ...events];
  };
  const read = (line: string): AgentEvent[] => {
    if (line.trim() === "") return [];
    const message = findObject(line);
    if (message === undefined) return [...joiner.flush(), ...unread(line)];
    if (message.method === "session/update") {
      return readUpdate(objectOf(objectOf(message.params).update)) ?? unread(line);
    }
    if (message.method === "session/request_permission") {
      return [...joiner.flush(), ...readCallOnce(objectOf(objectOf(message.params).toolCall))];
    }
    // Other questions of the agent, which the driver answers.
    if (message.method !== undefined) return [];
    if (message.error !== undefined) {
      const text = textOf(objectOf(message.error).message) || "error";
      return [...joiner.flush(), { kind: "note", text }];
    }
    const result = objectOf(message.result);
    if (typeof result.stopReason === "string") {
      return [...joiner.flush(), readStop(result, { last: joiner.last(), costUsd })];
    }
    if (typeof result.sessionId !== "string") return [];
    const model = findTextOf(objectOf(result.models).currentModelId);
    return [{ kind: "init", session: result.sessionId, ...withoutAbsent({ model }) }];
  };
  return { read, end: joiner.flush };
}

function chunkText(update: JsonObject): string {
  return contentText([update.content]);
}

function readWork(update: JsonObject, kind: string): AgentEvent[] | undefined {
  switch (kind) {
    case "tool_call_update":
      return readResult(update);
    case "plan": {
      const entries = objectsOf(update.entries).map(({ status, content }) =>
        `[${status === "completed" ? "x" : " "}] ${textOf(content)}`
      );
      return [{ kind: "note", text: `plan: ${entries.join(", ")}` }];
    }
    default:
      return undefined;
  }
}

function readCall(update: JsonObject): AgentEvent {
  const place = textOf(objectsOf(update.locations)[0]?.path);
  return {
    kind: "tool",
    ...withoutAbsent({ id: findTextOf(update.toolCallId) }),
    name: textOf(update.title) || textOf(update.kind) || "tool",
    argument: findArgument(update.rawInput) || place,
  };
}

/** What a call led to, once it is over. */
function readResult(update: JsonObject): AgentEvent[] {
  if (update.status !== "completed" && update.status !== "failed") return [];
  const pieces = objectsOf(update.content).map((piece) =>
    piece.type === "content"
      ? contentText([piece.content])
      : `[${[piece.type, piece.path].map(textOf).filter((part) => part !== "").join(" ")}]`
  );
  const output = update.rawOutput === undefined ? "" : findArgument(update.rawOutput);
  return [{
    kind: "result",
    ...withoutAbsent({ id: findTextOf(update.toolCallId) }),
    text: pieces.join("\n") || output || update.status,
    isError: update.status === "failed",
  }];
}

function readStop(
  result: JsonObject,
  options: { last: string; costUsd: number | undefined },
): AgentEvent {
  const reason = textOf(result.stopReason);
  const { inputTokens, outputTokens } = objectOf(result.usage);
  return {
    kind: "done",
    text: reason === "end_turn" ? options.last : reason.replaceAll("_", " "),
    isError: reason !== "end_turn",
    usage: withoutAbsent({
      costUsd: options.costUsd,
      inputTokens: findAmount(inputTokens),
      outputTokens: findAmount(outputTokens),
    }),
  };
}
