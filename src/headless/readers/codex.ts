import type { AgentEvent } from "../event.ts";
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

/** Calls under way that are remembered; an agent that never ends one cannot fill the memory. */
const MOST_OPEN = 10_000;

/**
 * Reads `codex exec --json`.
 *
 * @see {@link https://developers.openai.com/codex/noninteractive}
 */
export function createCodexReader(): StreamReader {
  /** Ids of items whose start was told. */
  const open = new Set<string>();
  let last = "";
  const read = (line: string): AgentEvent[] => {
    if (line.trim() === "") return [];
    const event = findObject(line);
    if (event === undefined) return unread(line);
    const item = objectOf(event.item);
    switch (event.type) {
      case "thread.started":
        return [{ kind: "init", ...withoutAbsent({ session: findTextOf(event.thread_id) }) }];
      case "turn.started":
      case "item.updated":
        return [];
      case "item.started": {
        const call = findCall(item);
        const id = textOf(item.id);
        if (call !== undefined && open.size < MOST_OPEN) open.add(id);
        return call === undefined ? [] : [call];
      }
      case "item.completed": {
        if (item.type === "agent_message") last = textOf(item.text);
        const wasStarted = open.delete(textOf(item.id));
        return readCompleted(item, { wasStarted }) ?? unread(line);
      }
      case "turn.completed":
        return [{ kind: "done", text: last, isError: false, usage: readUsage(event) }];
      case "turn.failed":
        return [{ kind: "done", text: errorText(event.error), isError: true, usage: {} }];
      case "error":
        return [{ kind: "note", text: errorText(event) }];
      default:
        return unread(line);
    }
  };
  return { read, end: () => [] };
}

function readCompleted(
  item: JsonObject,
  options: { wasStarted: boolean },
): AgentEvent[] | undefined {
  switch (item.type) {
    case "agent_message":
      return [{ kind: "text", text: textOf(item.text) }];
    case "reasoning":
      return [{ kind: "thinking", text: textOf(item.text) }];
    case "error":
      return [{ kind: "note", text: errorText(item) }];
    case "todo_list":
      return [{ kind: "note", text: formatTodos(item) }];
    default: {
      const call = findCall(item);
      if (call === undefined) return undefined;
      return [...options.wasStarted ? [] : [call], readResult(item)];
    }
  }
}

/** The call an item stands for; `undefined` for what the agent says. */
function findCall(item: JsonObject): AgentEvent | undefined {
  const id = withoutAbsent({ id: findTextOf(item.id) });
  const call = (name: string, argument: string): AgentEvent => {
    return { kind: "tool", ...id, name, argument };
  };
  switch (item.type) {
    case "command_execution":
      return call("shell", textOf(item.command));
    case "file_change":
      return call("edit", formatChanges(item.changes));
    case "mcp_tool_call": {
      const name = [item.server, item.tool].map(textOf).filter((part) => part !== "").join(".");
      return call(name || "mcp", findArgument(item.arguments));
    }
    case "web_search":
      return call("web_search", textOf(item.query));
    case "collab_tool_call":
      return call(textOf(item.tool) || "agent", textOf(item.prompt));
    default:
      return undefined;
  }
}

function readResult(item: JsonObject): AgentEvent {
  const failed = ["failed", "declined"].includes(textOf(item.status));
  const code = item.exit_code;
  const output = textOf(item.aggregated_output) ||
    textOf(objectOf(item.error).message) || textOf(item.error) ||
    contentText(objectOf(item.result).content) ||
    textOf(item.status);
  return {
    kind: "result",
    ...withoutAbsent({ id: findTextOf(item.id) }),
    text: output,
    isError: failed || (typeof code === "number" && code !== 0),
  };
}

function formatChanges(changes: unknown): string {
  return objectsOf(changes).map(({ kind, path }) => `${textOf(kind)} ${textOf(path)}`.trim())
    .join(", ");
}

function formatTodos(item: JsonObject): string {
  const items = objectsOf(item.items).map(({ completed, text }) =>
    `[${completed === true ? "x" : " "}] ${textOf(text)}`
  );
  return `todo: ${items.join(", ")}`;
}

function errorText(error: unknown): string {
  return typeof error === "string" ? error : textOf(objectOf(error).message) || "error";
}

function readUsage(event: JsonObject): { inputTokens?: number; outputTokens?: number } {
  const { input_tokens, output_tokens } = objectOf(event.usage);
  return withoutAbsent({
    inputTokens: findAmount(input_tokens),
    outputTokens: findAmount(output_tokens),
  });
}
