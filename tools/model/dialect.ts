import { ANTHROPIC_TOKEN_COUNT, formatAnthropic, parseAnthropic } from "./anthropic.ts";
import { formatChat, parseChat } from "./chat.ts";
import type { Answer, Conversation, Reply } from "./conversation.ts";
import { formatGemini, parseGemini } from "./gemini.ts";
import { type JsonObject, objectOf } from "./json.ts";
import { formatResponses, parseResponses } from "./responses.ts";
import { decideReply } from "./script.ts";

/** The APIs the server speaks. */
export type Dialect = "anthropic" | "responses" | "chat" | "gemini";

/** A request routed and answered; `conversation` is absent for side endpoints. */
export type Routed = { dialect?: Dialect; conversation?: Conversation; answer: Answer };

/**
 * Answers one request; pure. `undefined` means no such endpoint.
 *
 * @param path URL path without the query.
 */
export function routeRequest(path: string, body: unknown): Routed | undefined {
  const request = objectOf(body);
  if (path.endsWith("/count_tokens")) {
    return { dialect: "anthropic", answer: { kind: "json", body: ANTHROPIC_TOKEN_COUNT } };
  }
  if (path.endsWith("/models")) {
    return { answer: { kind: "json", body: { object: "list", data: [], models: [] } } };
  }
  if (path.endsWith("/messages")) {
    return played(parseAnthropic(request), { name: "anthropic", format: formatAnthropic });
  }
  if (path.endsWith("/responses")) {
    return played(parseResponses(request), { name: "responses", format: formatResponses });
  }
  if (path.endsWith("/chat/completions")) {
    return played(parseChat(request), { name: "chat", format: formatChat });
  }
  return routeGemini(path, request);
}

/** The API key a request carries, wherever its API puts it. */
export function findKey(headers: Headers, query: URLSearchParams): string | undefined {
  return headers.get("x-api-key") ?? headers.get("x-goog-api-key") ??
    headers.get("authorization")?.replace(/^Bearer /, "") ?? query.get("key") ?? undefined;
}

function routeGemini(path: string, request: JsonObject): Routed | undefined {
  const match = /\/models\/([^/:]+):(generateContent|streamGenerateContent|countTokens)$/
    .exec(path);
  if (match === null) return undefined;
  if (match[2] === "countTokens") {
    return { dialect: "gemini", answer: { kind: "json", body: { totalTokens: 10 } } };
  }
  const call = { model: match[1]!, stream: match[2] === "streamGenerateContent" };
  return played(parseGemini(request, call), { name: "gemini", format: formatGemini });
}

type Format = (reply: Reply, conversation: Conversation) => Answer;

function played(conversation: Conversation, dialect: { name: Dialect; format: Format }): Routed {
  const answer = dialect.format(decideReply(conversation), conversation);
  return { dialect: dialect.name, conversation, answer };
}
