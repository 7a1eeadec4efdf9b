import assert from "node:assert/strict";
import { type Answer, formatFrame } from "../../../../tools/model/conversation.ts";
import { findKey, routeRequest } from "../../../../tools/model/dialect.ts";

const PROMPT = "write a.txt: hi";

/** One request per API: the first turn, and the same with the tool's result in its history. */
const CASES = [
  {
    dialect: "anthropic",
    path: "/v1/messages",
    first: {
      model: "claude",
      messages: [{ role: "user", content: [{ type: "text", text: PROMPT }] }],
      tools: [{ name: "Write" }],
    },
    after: {
      model: "claude",
      messages: [
        { role: "user", content: PROMPT },
        { role: "assistant", content: [{ type: "tool_use", id: "toolu_1" }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1" }] },
      ],
      tools: [{ name: "Write" }],
    },
  },
  {
    dialect: "responses",
    path: "/v1/responses",
    first: {
      model: "gpt",
      input: [{ type: "message", role: "user", content: [{ type: "input_text", text: PROMPT }] }],
      tools: [{ type: "function", name: "exec_command" }],
    },
    after: {
      model: "gpt",
      input: [
        { type: "message", role: "user", content: PROMPT },
        { type: "function_call_output", call_id: "call_1", output: "" },
      ],
      tools: [{ type: "function", name: "exec_command" }],
    },
  },
  {
    dialect: "chat",
    path: "/v1/chat/completions",
    first: {
      model: "gpt",
      messages: [{ role: "user", content: PROMPT }],
      tools: [{ type: "function", function: { name: "write" } }],
    },
    after: {
      model: "gpt",
      messages: [{ role: "user", content: PROMPT }, { role: "tool", content: "ok" }],
      tools: [{ type: "function", function: { name: "write" } }],
    },
  },
  {
    dialect: "gemini",
    path: "/v1beta/models/gemini-2.5-flash:generateContent",
    first: {
      contents: [{ role: "user", parts: [{ text: PROMPT }] }],
      tools: [{ functionDeclarations: [{ name: "write_file" }] }],
    },
    after: {
      contents: [
        { role: "user", parts: [{ text: PROMPT }] },
        { role: "user", parts: [{ functionResponse: { name: "write_file" } }] },
      ],
      tools: [{ functionDeclarations: [{ name: "write_file" }] }],
    },
  },
] as const;

for (const { dialect, path, first, after } of CASES) {
  for (const stream of [false, true]) {
    const way = stream ? "streams" : "answers";
    const where = stream ? path.replace(":generate", ":streamGenerate") : path;
    Deno.test(`${dialect} ${way} a tool call first`, async (t) => {
      await t.assertSnapshot(printAnswer(where, { ...first, stream }));
    });
    Deno.test(`${dialect} ${way} text once the tool ran`, async (t) => {
      await t.assertSnapshot(printAnswer(where, { ...after, stream }));
    });
  }
}

Deno.test("routeRequest() knows no endpoint outside the four APIs", () => {
  assert.equal(routeRequest("/v1/nothing", {}), undefined);
});

for (const body of [undefined, null, 7, "text", [], { messages: 3, tools: "x" }]) {
  Deno.test(`routeRequest() answers text to the malformed body ${JSON.stringify(body)}`, () => {
    const answer = routeRequest("/v1/messages", body)?.answer;
    assert.match(JSON.stringify(answer), /Hello from the scripted model/);
  });
}

for (
  const [name, headers, query] of [
    ["x-api-key", { "x-api-key": "k" }, ""],
    ["authorization", { authorization: "Bearer k" }, ""],
    ["x-goog-api-key", { "x-goog-api-key": "k" }, ""],
    ["the query", {}, "key=k"],
  ] as const
) {
  Deno.test(`findKey() finds the key in ${name}`, () => {
    assert.equal(findKey(new Headers(headers), new URLSearchParams(query)), "k");
  });
}

function printAnswer(path: string, body: unknown): string {
  const answer: Answer | undefined = routeRequest(path, body)?.answer;
  assert.ok(answer !== undefined);
  return answer.kind === "json"
    ? JSON.stringify(answer.body, null, 2)
    : answer.frames.map(formatFrame).join("");
}
