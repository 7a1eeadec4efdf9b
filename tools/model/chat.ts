import type { Answer, Conversation, Frame, Reply } from "./conversation.ts";
import { contentText, type JsonObject, objectOf, objectsOf, textOf, textsIn } from "./json.ts";

/** Reads a request of the OpenAI chat API, `POST …/chat/completions`. */
export function parseChat(body: JsonObject): Conversation {
  const messages = objectsOf(body.messages);
  const textBy = (role: string) =>
    messages.filter((message) => message.role === role)
      .map((message) => contentText(message.content)).join("\n");
  const results = messages.filter((message) => message.role === "tool");
  return {
    model: textOf(body.model),
    userText: textBy("user"),
    systemText: textBy("system"),
    tools: objectsOf(body.tools).map((tool) => ({
      name: textOf(objectOf(tool.function).name),
      custom: false,
    })),
    toolResults: results.length,
    resultTexts: textsIn(results.map(({ content }) => content)),
    stream: body.stream === true,
    wantsJson: false,
  };
}

/**
 * Formats a reply as unnamed chunks that end in `[DONE]`, or as one completion object.
 *
 * @see {@link https://platform.openai.com/docs/api-reference/chat-streaming}
 */
export function formatChat(reply: Reply, conversation: Conversation): Answer {
  const message = messageOf(reply);
  const finish = reply.kind === "call" ? "tool_calls" : "stop";
  if (!conversation.stream) {
    const choice = { index: 0, message, finish_reason: finish };
    return {
      kind: "json",
      body: { ...envelope(conversation.model, "chat.completion"), choices: [choice], usage },
    };
  }
  const chunk = (delta: JsonObject, finish_reason: string | null): Frame => ({
    data: JSON.stringify({
      ...envelope(conversation.model, "chat.completion.chunk"),
      choices: [{ index: 0, delta, finish_reason }],
    }),
  });
  return {
    kind: "frames",
    frames: [chunk(message, null), chunk({}, finish), { data: "[DONE]" }],
  };
}

const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

function envelope(model: string, object: string): JsonObject {
  return { id: "chatcmpl_scripted", object, created: 0, model };
}

function messageOf(reply: Reply): JsonObject {
  if (reply.kind === "text") return { role: "assistant", content: reply.text };
  const args = reply.input.kind === "json" ? JSON.stringify(reply.input.value) : reply.input.value;
  return {
    role: "assistant",
    tool_calls: [{
      index: 0,
      id: reply.id,
      type: "function",
      function: { name: reply.tool, arguments: args },
    }],
  };
}
