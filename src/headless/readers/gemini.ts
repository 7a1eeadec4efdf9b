import type { AgentEvent, RunUsage } from "../event.ts";
import { findArgument } from "./argument.ts";
import { createJoiner } from "./joiner.ts";
import {
  contentText,
  findAmount,
  findObject,
  findTextOf,
  type JsonObject,
  objectOf,
  textOf,
  unread,
  withoutAbsent,
} from "./json.ts";
import type { StreamReader } from "./reader.ts";

/**
 * Reads `gemini --output-format stream-json`.
 *
 * @see {@link https://github.com/google-gemini/gemini-cli/blob/main/docs/cli/headless.md}
 */
export function createGeminiReader(): StreamReader {
  const joiner = createJoiner();
  const read = (line: string): AgentEvent[] => {
    if (line.trim() === "") return [];
    const event = findObject(line);
    if (event === undefined) return [...joiner.flush(), ...unread(line)];
    if (event.type === "message") {
      const { role, content } = event;
      // The prompt, as it was given.
      if (role === "user") return [];
      const said = joiner.add("text", contentText(content));
      return event.delta === true ? said : [...said, ...joiner.flush()];
    }
    return [...joiner.flush(), ...readOther(event, joiner.last()) ?? unread(line)];
  };
  return { read, end: joiner.flush };
}

function readOther(event: JsonObject, last: string): AgentEvent[] | undefined {
  const id = withoutAbsent({ id: findTextOf(event.tool_id) });
  switch (event.type) {
    case "init": {
      const { session_id, model } = event;
      const known = { session: findTextOf(session_id), model: findTextOf(model) };
      return [{ kind: "init", ...withoutAbsent(known) }];
    }
    case "tool_use": {
      const name = textOf(event.tool_name) || "tool";
      return [{ kind: "tool", ...id, name, argument: findArgument(event.parameters) }];
    }
    case "tool_result": {
      const isError = event.status === "error";
      const text = textOf(event.output) || textOf(objectOf(event.error).message) ||
        textOf(event.status);
      return [{ kind: "result", ...id, text, isError }];
    }
    case "error":
      return [{ kind: "note", text: textOf(event.message) || "error" }];
    case "result": {
      const isError = event.status !== "success";
      const text = isError ? textOf(objectOf(event.error).message) || textOf(event.status) : last;
      return [{ kind: "done", text, isError, usage: readUsage(event) }];
    }
    default:
      return undefined;
  }
}

function readUsage(event: JsonObject): RunUsage {
  const stats = objectOf(event.stats);
  return withoutAbsent<RunUsage>({
    durationMs: findAmount(stats.duration_ms),
    inputTokens: findAmount(stats.input_tokens),
    outputTokens: findAmount(stats.output_tokens),
  });
}
