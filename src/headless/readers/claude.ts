import type { AgentEvent, RunUsage } from "../event.ts";
import { findArgument } from "./argument.ts";
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

/** Lines that say nothing a person wants to know, or what another line says again. */
const SILENT = ["stream_event", "keep_alive", "control_request", "control_response"];

/** The same among the lines of type `system`. */
const SILENT_SYSTEM = [
  "status",
  "hook_started",
  "hook_progress",
  "hook_response",
  "task_progress",
  "thinking_tokens",
];

/**
 * Reads `claude -p --output-format stream-json --verbose`.
 *
 * @see {@link https://code.claude.com/docs/en/headless}
 */
export function createClaudeReader(): StreamReader {
  return { read: readLine, end: () => [] };
}

function readLine(line: string): AgentEvent[] {
  if (line.trim() === "") return [];
  const event = findObject(line);
  if (event === undefined) return unread(line);
  switch (event.type) {
    case "system":
      return readSystem(event);
    case "assistant":
      return readBlocks(event, readSaid) ?? unread(line);
    case "user":
      return readBlocks(event, readAnswered) ?? unread(line);
    case "result":
      return [readResult(event)];
    case "rate_limit_event":
      return readRateLimit(event);
    default:
      return SILENT.includes(textOf(event.type)) ? [] : unread(line);
  }
}

function readSystem(event: JsonObject): AgentEvent[] {
  const subtype = textOf(event.subtype);
  if (subtype === "init") {
    const { session_id, model } = event;
    return [{
      kind: "init",
      ...withoutAbsent({ session: findTextOf(session_id), model: findTextOf(model) }),
    }];
  }
  if (SILENT_SYSTEM.includes(subtype)) return [];
  const said = [event.message, event.content, event.summary, event.error].map(findTextOf)
    .find((text) => text !== undefined);
  const name = subtype.replaceAll("_", " ") || "system";
  return [{ kind: "note", text: said === undefined ? name : `${name}: ${said}` }];
}

function readBlocks(
  event: JsonObject,
  read: (block: JsonObject) => AgentEvent[],
): AgentEvent[] | undefined {
  const { content } = objectOf(event.message);
  if (typeof content === "string") return read({ type: "text", text: content });
  return Array.isArray(content) ? objectsOf(content).flatMap(read) : undefined;
}

function readSaid(block: JsonObject): AgentEvent[] {
  const type = textOf(block.type);
  if (type === "text") return said("text", block.text);
  if (type === "thinking") return said("thinking", block.thinking);
  if (type === "redacted_thinking") return [{ kind: "thinking", text: "(not shown)" }];
  if (type.endsWith("tool_use")) {
    return [{
      kind: "tool",
      ...withoutAbsent({ id: findTextOf(block.id) }),
      name: textOf(block.name) || "tool",
      argument: findArgument(block.input),
    }];
  }
  return readAnswered(block);
}

function readAnswered(block: JsonObject): AgentEvent[] {
  const type = textOf(block.type);
  if (type.endsWith("tool_result")) {
    return [{
      kind: "result",
      ...withoutAbsent({ id: findTextOf(block.tool_use_id) }),
      text: contentText(block.content),
      isError: block.is_error === true,
    }];
  }
  // What is put to a helper of the agent, or said in the user's place.
  if (type === "text") return said("note", block.text);
  return unread(JSON.stringify(block));
}

function said(kind: "text" | "thinking" | "note", text: unknown): AgentEvent[] {
  const words = textOf(text);
  return words.trim() === "" ? [] : [{ kind, text: words }];
}

function readRateLimit(event: JsonObject): AgentEvent[] {
  const status = textOf(objectOf(event.rate_limit_info).status);
  return status === "" || status === "allowed"
    ? []
    : [{ kind: "note", text: `rate limit: ${status.replaceAll("_", " ")}` }];
}

function readResult(event: JsonObject): AgentEvent {
  const subtype = textOf(event.subtype);
  const errors = Array.isArray(event.errors) ? event.errors.map(String).join("\n") : "";
  return {
    kind: "done",
    text: textOf(event.result) || errors || subtype.replaceAll("_", " "),
    isError: event.is_error === true || (subtype !== "" && subtype !== "success"),
    usage: readUsage(event),
  };
}

function readUsage(event: JsonObject): RunUsage {
  const usage = objectOf(event.usage);
  const input = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"]
    .map((name) => findAmount(usage[name]));
  const known = input.filter((amount) => amount !== undefined);
  return withoutAbsent<RunUsage>({
    costUsd: findAmount(event.total_cost_usd),
    durationMs: findAmount(event.duration_ms),
    inputTokens: known.length === 0 ? undefined : known.reduce((sum, amount) => sum + amount, 0),
    outputTokens: findAmount(usage.output_tokens),
  });
}
