import type { Answer, Conversation, Reply } from "./conversation.ts";
import { contentText, type JsonObject, objectOf, objectsOf, textOf, textsIn } from "./json.ts";

/** What the URL of a Gemini request says; its body names neither. */
export type GeminiCall = { model: string; stream: boolean };

/** Reads a Gemini request, `POST …/models/MODEL:generateContent` or `:streamGenerateContent`. */
export function parseGemini(body: JsonObject, call: GeminiCall): Conversation {
  const contents = objectsOf(body.contents);
  const parts = contents.flatMap((content) => objectsOf(content.parts));
  const generation = objectOf(body.generationConfig);
  const results = parts.flatMap(({ functionResponse }) => functionResponse ?? []);
  return {
    model: call.model,
    userText: contents.filter((content) => content.role !== "model")
      .map((content) => contentText(content.parts)).join("\n"),
    systemText: contentText(objectOf(body.systemInstruction).parts),
    tools: objectsOf(body.tools).flatMap((tool) =>
      objectsOf(tool.functionDeclarations).map((declared) => ({
        name: textOf(declared.name),
        custom: false,
      }))
    ),
    toolResults: results.length,
    resultTexts: textsIn(results.map((result) => objectOf(result).response)),
    stream: call.stream,
    wantsJson: generation.responseJsonSchema !== undefined ||
      generation.responseSchema !== undefined,
  };
}

/**
 * Formats a reply: the same object, as one unnamed event or as the body.
 *
 * @see {@link https://ai.google.dev/api/generate-content}
 */
export function formatGemini(reply: Reply, conversation: Conversation): Answer {
  const body = {
    candidates: [{
      content: { role: "model", parts: [...thoughtOf(reply), partOf(reply)] },
      finishReason: "STOP",
      index: 0,
    }],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
    modelVersion: conversation.model,
  };
  return conversation.stream
    ? { kind: "frames", frames: [{ data: JSON.stringify(body) }] }
    : { kind: "json", body };
}

function thoughtOf({ thinking }: Reply): JsonObject[] {
  return thinking === undefined ? [] : [{ text: thinking, thought: true }];
}

function partOf(reply: Reply): JsonObject {
  if (reply.kind === "text") return { text: reply.text };
  const args = reply.input.kind === "json" ? reply.input.value : { input: reply.input.value };
  return { functionCall: { name: reply.tool, args } };
}
