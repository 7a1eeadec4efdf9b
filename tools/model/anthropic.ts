import type { Answer, Conversation, Frame, Reply } from "./conversation.ts";
import { contentText, type JsonObject, objectOf, objectsOf, textOf, textsIn } from "./json.ts";

/** Reads a request of the Anthropic messages API, `POST …/v1/messages`. */
export function parseAnthropic(body: JsonObject): Conversation {
  const messages = objectsOf(body.messages);
  const blocks = messages.flatMap((message) => objectsOf(message.content));
  const results = blocks.filter((block) => block.type === "tool_result");
  return {
    model: textOf(body.model),
    userText: messages.filter((message) => message.role === "user")
      .map((message) => contentText(message.content)).join("\n"),
    systemText: contentText(body.system),
    tools: objectsOf(body.tools).map((tool) => ({ name: textOf(tool.name), custom: false })),
    toolResults: results.length,
    resultTexts: textsIn(results.map(({ content }) => content)),
    stream: body.stream === true,
    wantsJson: false,
  };
}

/**
 * Formats a reply: six kinds of events, or one message object.
 *
 * @see {@link https://docs.anthropic.com/en/docs/build-with-claude/streaming}
 */
export function formatAnthropic(reply: Reply, conversation: Conversation): Answer {
  const stop = reply.kind === "call" ? "tool_use" : "end_turn";
  if (!conversation.stream) {
    const message = {
      ...envelope(conversation.model),
      content: [...thoughtOf(reply), blockOf(reply)],
    };
    return { kind: "json", body: { ...message, stop_reason: stop } };
  }
  const message = { ...envelope(conversation.model), content: [], stop_reason: null };
  const thought = thoughtOf(reply);
  const index = thought.length;
  return {
    kind: "frames",
    frames: [
      frame("message_start", { message }),
      ...thought.flatMap(thoughtFrames),
      frame("content_block_start", { index, content_block: emptyBlockOf(reply) }),
      frame("content_block_delta", { index, delta: deltaOf(reply) }),
      frame("content_block_stop", { index }),
      frame("message_delta", {
        delta: { stop_reason: stop, stop_sequence: null },
        usage: { output_tokens: 5 },
      }),
      frame("message_stop", {}),
    ],
  };
}

/** Answer to `…/count_tokens`. */
export const ANTHROPIC_TOKEN_COUNT = { input_tokens: 10 };

function envelope(model: string): JsonObject {
  return {
    id: "msg_scripted",
    type: "message",
    role: "assistant",
    model,
    stop_sequence: null,
    usage: {
      input_tokens: 10,
      output_tokens: 5,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
    },
  };
}

type Thought = { type: "thinking"; thinking: string; signature: string };

function thoughtOf({ thinking }: Reply): Thought[] {
  return thinking === undefined ? [] : [{ type: "thinking", thinking, signature: "c2NyaXB0ZWQ=" }];
}

function thoughtFrames({ type, thinking, signature }: Thought): Frame[] {
  return [
    frame("content_block_start", {
      index: 0,
      content_block: { type, thinking: "", signature: "" },
    }),
    frame("content_block_delta", { index: 0, delta: { type: "thinking_delta", thinking } }),
    frame("content_block_delta", { index: 0, delta: { type: "signature_delta", signature } }),
    frame("content_block_stop", { index: 0 }),
  ];
}

function blockOf(reply: Reply): JsonObject {
  if (reply.kind === "text") return { type: "text", text: reply.text };
  return { type: "tool_use", id: toolId(reply.id), name: reply.tool, input: inputOf(reply) };
}

function emptyBlockOf(reply: Reply): JsonObject {
  return reply.kind === "text" ? { type: "text", text: "" } : { ...blockOf(reply), input: {} };
}

function deltaOf(reply: Reply): JsonObject {
  return reply.kind === "text"
    ? { type: "text_delta", text: reply.text }
    : { type: "input_json_delta", partial_json: JSON.stringify(inputOf(reply)) };
}

function inputOf(reply: Extract<Reply, { kind: "call" }>): JsonObject {
  return reply.input.kind === "json" ? objectOf(reply.input.value) : { input: reply.input.value };
}

/** Claude Code expects the API's own prefix. */
function toolId(id: string): string {
  return id.replace(/^call_/, "toolu_");
}

function frame(event: string, data: JsonObject): Frame {
  return { event, data: JSON.stringify({ type: event, ...data }) };
}
