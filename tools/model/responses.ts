import type { Answer, Conversation, Frame, Reply } from "./conversation.ts";
import { contentText, type JsonObject, objectsOf, textOf, textsIn } from "./json.ts";

const RESULT_TYPES = [
  "function_call_output",
  "custom_tool_call_output",
  "local_shell_call_output",
];

/** Reads a request of the OpenAI responses API, `POST …/responses`. */
export function parseResponses(body: JsonObject): Conversation {
  const items = typeof body.input === "string"
    ? [{ role: "user", content: body.input }]
    : objectsOf(body.input);
  const results: JsonObject[] = items.filter((item: JsonObject) =>
    RESULT_TYPES.includes(textOf(item.type))
  );
  return {
    model: textOf(body.model),
    userText: items.filter((item) => item.role === "user")
      .map((item) => contentText(item.content)).join("\n"),
    systemText: [
      textOf(body.instructions),
      ...items.filter((item) => item.role === "developer" || item.role === "system")
        .map((item) => contentText(item.content)),
    ].join("\n"),
    tools: objectsOf(body.tools).map((tool) => ({
      name: textOf(tool.name) || textOf(tool.type),
      custom: tool.type === "custom",
    })),
    toolResults: results.length,
    resultTexts: textsIn(results.map(({ output }) => output)),
    stream: body.stream === true,
    wantsJson: false,
  };
}

/**
 * Formats a reply as response events, or as one response object.
 *
 * @see {@link https://platform.openai.com/docs/api-reference/responses-streaming}
 */
export function formatResponses(reply: Reply, conversation: Conversation): Answer {
  const item = itemOf(reply);
  if (!conversation.stream) {
    return {
      kind: "json",
      body: {
        ...completed,
        object: "response",
        status: "completed",
        output: [...thoughtOf(reply), item],
      },
    };
  }
  const text: Frame[] = reply.kind === "text"
    ? [
      frame("response.output_item.added", {
        output_index: 0,
        item: { ...item, content: [] },
      }),
      frame("response.output_text.delta", {
        item_id: item.id,
        output_index: 0,
        content_index: 0,
        delta: reply.text,
      }),
    ]
    : [];
  return {
    kind: "frames",
    frames: [
      frame("response.created", { response: { id: completed.id } }),
      ...thoughtOf(reply).map((thought) =>
        frame("response.output_item.done", { output_index: 0, item: thought })
      ),
      ...text,
      frame("response.output_item.done", { output_index: 0, item }),
      frame("response.completed", { response: completed }),
    ],
  };
}

const completed = {
  id: "resp_scripted",
  usage: {
    input_tokens: 10,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 5,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 15,
  },
};

function thoughtOf({ thinking }: Reply): JsonObject[] {
  if (thinking === undefined) return [];
  const summary = [{ type: "summary_text", text: thinking }];
  return [{ type: "reasoning", id: "rs_scripted", summary }];
}

function itemOf(reply: Reply): JsonObject {
  if (reply.kind === "text") {
    return {
      type: "message",
      role: "assistant",
      id: "msg_scripted",
      content: [{ type: "output_text", text: reply.text }],
    };
  }
  const call = { id: `item_${reply.id}`, call_id: reply.id, name: reply.tool };
  return reply.input.kind === "text"
    ? { type: "custom_tool_call", ...call, input: reply.input.value }
    : { type: "function_call", ...call, arguments: JSON.stringify(reply.input.value) };
}

function frame(event: string, data: JsonObject): Frame {
  return { event, data: JSON.stringify({ type: event, ...data }) };
}
