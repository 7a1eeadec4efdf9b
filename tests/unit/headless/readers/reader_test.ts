import assert from "node:assert/strict";
import fc from "fast-check";
import type { AgentEvent } from "../../../../src/headless/event.ts";
import { createReader } from "../../../../src/headless/readers/create.ts";
import { STREAM_FORMATS, type StreamFormat } from "../../../../src/headless/readers/reader.ts";

function readAll(format: StreamFormat, lines: readonly unknown[]): AgentEvent[] {
  const reader = createReader(format);
  const texts = lines.map((line) => typeof line === "string" ? line : JSON.stringify(line));
  return [...texts.flatMap((line) => reader.read(line)), ...reader.end()];
}

const said = (content: unknown) => ({ type: "assistant", message: { content } });
const update = (fields: Record<string, unknown>) => {
  return { jsonrpc: "2.0", method: "session/update", params: { sessionId: "s", update: fields } };
};

const ROWS: readonly {
  name: string;
  format: StreamFormat;
  lines: readonly unknown[];
  want: AgentEvent[];
}[] = [
  {
    name: "a program without a format says each of its lines, empty ones too",
    format: "text",
    lines: ["one", "", '{"type":"result"}'],
    want: [
      { kind: "text", text: "one" },
      { kind: "text", text: "" },
      { kind: "text", text: '{"type":"result"}' },
    ],
  },
  {
    name: "a budget that ran out ends claude with an error and what it cost",
    format: "claude",
    lines: [{
      type: "result",
      subtype: "error_max_budget_usd",
      is_error: true,
      total_cost_usd: 1.25,
      errors: ["Reached maximum budget ($1)"],
    }],
    want: [{
      kind: "done",
      text: "Reached maximum budget ($1)",
      isError: true,
      usage: { costUsd: 1.25 },
    }],
  },
  {
    name: "tokens that claude took from its cache are tokens it read",
    format: "claude",
    lines: [{
      type: "result",
      subtype: "success",
      result: "ok",
      usage: {
        input_tokens: 3,
        cache_creation_input_tokens: 40,
        cache_read_input_tokens: 500,
        output_tokens: 7,
      },
    }],
    want: [{
      kind: "done",
      text: "ok",
      isError: false,
      usage: { inputTokens: 543, outputTokens: 7 },
    }],
  },
  {
    name: "one message of claude may hold several things",
    format: "claude",
    lines: [said([
      { type: "redacted_thinking", data: "x" },
      { type: "text", text: "I look." },
      { type: "server_tool_use", id: "a", name: "web_search", input: { query: "cages" } },
      { type: "web_search_tool_result", tool_use_id: "a", content: [{ type: "page", url: "u" }] },
      { type: "hologram", beam: 1 },
    ])],
    want: [
      { kind: "thinking", text: "(not shown)" },
      { kind: "text", text: "I look." },
      { kind: "tool", id: "a", name: "web_search", argument: "cages" },
      { kind: "result", id: "a", text: "[page]", isError: false },
      { kind: "text", text: '{"type":"hologram","beam":1}', isUnread: true },
    ],
  },
  {
    name: "claude that tries again says so, and what is said twice is said once",
    format: "claude",
    lines: [
      { type: "system", subtype: "api_retry", error: "authentication_failed" },
      { type: "system", subtype: "compact_boundary" },
      { type: "system", subtype: "thinking_tokens", estimated_tokens: 3 },
      { type: "stream_event", event: {} },
      { type: "rate_limit_event", rate_limit_info: { status: "allowed" } },
      { type: "rate_limit_event", rate_limit_info: { status: "allowed_warning" } },
    ],
    want: [
      { kind: "note", text: "api retry: authentication_failed" },
      { kind: "note", text: "compact boundary" },
      { kind: "note", text: "rate limit: allowed warning" },
    ],
  },
  {
    name: "what claude tells a helper is a note, an image is named",
    format: "claude",
    lines: [
      { type: "user", message: { role: "user", content: "Look for cages" } },
      {
        type: "user",
        message: {
          content: [{
            type: "tool_result",
            tool_use_id: "b",
            content: [{ type: "text", text: "seen" }, { type: "image", source: {} }],
          }],
        },
      },
    ],
    want: [
      { kind: "note", text: "Look for cages" },
      { kind: "result", id: "b", text: "seen\n[image]", isError: false },
    ],
  },
  {
    name: "codex: files, tools of servers, searches, lists and refused commands",
    format: "codex",
    lines: [
      {
        type: "item.completed",
        item: {
          id: "1",
          type: "file_change",
          status: "completed",
          changes: [{ path: "a.txt", kind: "add" }, { path: "b.txt", kind: "update" }],
        },
      },
      {
        type: "item.started",
        item: { id: "2", type: "mcp_tool_call", server: "docs", tool: "find", arguments: { q: 1 } },
      },
      {
        type: "item.completed",
        item: {
          id: "2",
          type: "mcp_tool_call",
          server: "docs",
          tool: "find",
          status: "completed",
          result: { content: [{ type: "text", text: "page" }] },
        },
      },
      { type: "item.completed", item: { id: "3", type: "web_search", query: "cages" } },
      {
        type: "item.completed",
        item: {
          id: "4",
          type: "todo_list",
          items: [{ text: "one", completed: true }, { text: "two", completed: false }],
        },
      },
      {
        type: "item.completed",
        item: { id: "5", type: "command_execution", command: "rm -rf /", status: "declined" },
      },
    ],
    want: [
      { kind: "tool", id: "1", name: "edit", argument: "add a.txt, update b.txt" },
      { kind: "result", id: "1", text: "completed", isError: false },
      { kind: "tool", id: "2", name: "docs.find", argument: '{"q":1}' },
      { kind: "result", id: "2", text: "page", isError: false },
      { kind: "tool", id: "3", name: "web_search", argument: "cages" },
      { kind: "result", id: "3", text: "", isError: false },
      { kind: "note", text: "todo: [x] one, [ ] two" },
      { kind: "tool", id: "5", name: "shell", argument: "rm -rf /" },
      { kind: "result", id: "5", text: "declined", isError: true },
    ],
  },
  {
    name: "gemini: what comes in pieces is one text, also when the stream ends in the middle",
    format: "gemini",
    lines: [
      { type: "message", role: "user", content: "the prompt" },
      { type: "message", role: "assistant", content: "Hel", delta: true },
      { type: "message", role: "assistant", content: "lo", delta: true },
      { type: "tool_use", tool_name: "read_file", tool_id: "1", parameters: { path: "a" } },
      { type: "tool_result", tool_id: "1", status: "error", error: { message: "no such file" } },
      { type: "error", severity: "warning", message: "loop detected" },
      { type: "message", role: "assistant", content: "Bye", delta: true },
    ],
    want: [
      { kind: "text", text: "Hello" },
      { kind: "tool", id: "1", name: "read_file", argument: "a" },
      { kind: "result", id: "1", text: "no such file", isError: true },
      { kind: "note", text: "loop detected" },
      { kind: "text", text: "Bye" },
    ],
  },
  {
    name: "ACP: a failed call, a refusal, an error, a cancelled turn",
    format: "acp",
    lines: [
      update({ sessionUpdate: "tool_call", toolCallId: "1", kind: "read", title: "" }),
      update({ sessionUpdate: "tool_call_update", toolCallId: "1", status: "failed" }),
      update({ sessionUpdate: "telepathy" }),
      { jsonrpc: "2.0", id: 3, error: { code: -32603, message: "no credits" } },
      { jsonrpc: "2.0", id: 4, result: { stopReason: "cancelled" } },
    ],
    want: [
      { kind: "tool", id: "1", name: "read", argument: "" },
      { kind: "result", id: "1", text: "failed", isError: true },
      {
        kind: "text",
        text: JSON.stringify(update({ sessionUpdate: "telepathy" })),
        isUnread: true,
      },
      { kind: "note", text: "no credits" },
      { kind: "done", text: "cancelled", isError: true, usage: {} },
    ],
  },
];

for (const { name, format, lines, want } of ROWS) {
  Deno.test(name, () => assert.deepEqual(readAll(format, lines), want));
}

const JSON_FORMATS = STREAM_FORMATS.filter((format) => format !== "text");

for (const format of JSON_FORMATS) {
  for (
    const line of ["not json", '{"type":', "[1]", "null", '{"no":"type"}', '{"type":"new-one"}']
  ) {
    // The protocol has answers without a type, which are none of our business.
    if (format === "acp" && line.startsWith('{"')) continue;
    Deno.test(`${format}: ${line} is kept as unread`, () => {
      assert.deepEqual(readAll(format, [line]), [{ kind: "text", text: line, isUnread: true }]);
    });
  }
}

/** Every type and every key that a reader looks at, with anything at all as values. */
const WORDS = [
  ...["system", "assistant", "user", "result", "rate_limit_event", "init", "message", "tool_use"],
  ...["tool_result", "error", "thread.started", "turn.completed", "turn.failed", "item.started"],
  ...["item.completed", "agent_message", "reasoning", "command_execution", "file_change"],
  ...["mcp_tool_call", "web_search", "todo_list", "text", "thinking", "success", "completed"],
  ...["session/update", "tool_call", "tool_call_update", "plan", "agent_message_chunk"],
  ...["agent_thought_chunk", "usage_update", "USD", "end_turn", "content", "diff"],
];
const KEYS = [
  ...["type", "subtype", "message", "content", "role", "delta", "item", "id", "status", "usage"],
  ...["result", "text", "thinking", "name", "input", "tool_use_id", "is_error", "errors", "error"],
  ...["total_cost_usd", "duration_ms", "input_tokens", "output_tokens", "stats", "tool_name"],
  ...["tool_id", "parameters", "output", "method", "params", "update", "sessionUpdate", "title"],
  ...["rawInput", "rawOutput", "locations", "entries", "cost", "amount", "currency", "stopReason"],
  ...["sessionId", "models", "changes", "items", "command", "exit_code", "arguments", "thread_id"],
];
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(...WORDS),
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie("value"), { maxKeys: 6 }),
  ),
}));
const line = fc.oneof(
  fc.string({ unit: "binary" }),
  anything.map((value) => JSON.stringify(value)),
  fc.dictionary(fc.constantFrom(...KEYS), anything, { maxKeys: 8 }).map((value) =>
    JSON.stringify(value)
  ),
);

for (const format of STREAM_FORMATS) {
  Deno.test(`${format}: whatever comes, it is read without an error, and as events of the contract`, () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        for (const event of readAll(format, lines)) checkEvent(event);
      }),
      { numRuns: 500 },
    );
  });

  Deno.test(`${format}: a line that is no object of JSON is never lost`, () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const strange = lines.filter((text) => text.trim() !== "" && !isObject(text));
        const kept = readAll(format, lines).flatMap((event) =>
          event.kind === "text" && (format === "text" || event.isUnread) ? [event.text] : []
        );
        for (const text of strange) assert.ok(kept.includes(text), text);
      }),
    );
  });
}

function isObject(text: string): boolean {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function checkEvent(event: AgentEvent): void {
  // Nothing that JSON would change: no undefined, no infinite number, every text a text.
  assert.deepEqual(JSON.parse(JSON.stringify(event)), event);
  switch (event.kind) {
    case "init":
      for (const text of [event.session, event.model]) assert.ok(text === undefined || text !== "");
      return;
    case "tool":
      assert.deepEqual([typeof event.name, typeof event.argument], ["string", "string"]);
      assert.notEqual(event.name, "");
      return;
    case "result":
    case "done":
      assert.equal(typeof event.isError, "boolean");
      assert.equal(typeof event.text, "string");
      return;
    case "thinking":
    case "text":
    case "note":
      assert.equal(typeof event.text, "string");
      return;
    case "message":
      assert.fail("no agent makes messages of the mailbox");
  }
}
