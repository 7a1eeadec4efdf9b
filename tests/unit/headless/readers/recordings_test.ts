/** What real agents said, in our words. */
import assert from "node:assert/strict";
import type { AgentEvent } from "../../../../src/headless/event.ts";
import { createReader } from "../../../../src/headless/readers/create.ts";
import type { StreamFormat } from "../../../../src/headless/readers/reader.ts";

const FIXTURES = new URL("../../../fixtures/headless/", import.meta.url);
const CLOSING = "Done: every step of the prompt was carried out.";
const CODEX_NOTE: AgentEvent = {
  kind: "note",
  text:
    "Model metadata for `scripted` not found. Defaulting to fallback metadata; this can degrade performance and cause issues.",
};
const REFUSED =
  "unexpected status 401 Unauthorized: invalid x-api-key, url: http://model.test/v1/responses";

const RECORDINGS: readonly [file: string, format: StreamFormat, events: AgentEvent[]][] = [
  ["claude.work", "claude", [
    { kind: "init", session: "33589cc7-1376-4bc4-9135-ed8b7ec61259", model: "claude-opus-5-5" },
    { kind: "thinking", text: "First the file, then two commands." },
    { kind: "tool", id: "toolu_1", name: "Write", argument: "hello.txt" },
    {
      kind: "result",
      id: "toolu_1",
      text:
        "File created successfully at: hello.txt (file state is current in your context — no need to Read it back)",
      isError: false,
    },
    { kind: "tool", id: "toolu_2", name: "Bash", argument: "printf 'one\\ntwo\\n'" },
    { kind: "result", id: "toolu_2", text: "one\ntwo", isError: false },
    { kind: "tool", id: "toolu_3", name: "Bash", argument: "echo no >&2; exit 3" },
    { kind: "result", id: "toolu_3", text: "Exit code 3\nno", isError: true },
    { kind: "text", text: CLOSING },
    {
      kind: "done",
      text: CLOSING,
      isError: false,
      usage: {
        costUsd: 0.0005600000000000001,
        durationMs: 1587,
        inputTokens: 40,
        outputTokens: 20,
      },
    },
  ]],
  ["claude.failed", "claude", [
    { kind: "init", session: "3f17c07c-f7bc-4fdf-880f-4516386a18e0", model: "claude-opus-5-5" },
    { kind: "text", text: "Invalid API key · Fix external API key" },
    {
      kind: "done",
      text: "Invalid API key · Fix external API key",
      isError: true,
      usage: { costUsd: 0, durationMs: 981, inputTokens: 0, outputTokens: 0 },
    },
  ]],
  ["codex.work", "codex", [
    { kind: "init", session: "01a1ff3e-4829-7a93-99e2-3d27cbce5a7e" },
    CODEX_NOTE,
    { kind: "thinking", text: "First the file, then two commands." },
    {
      kind: "tool",
      id: "item_2",
      name: "shell",
      argument: "/bin/bash -lc \"printf '%s' 'made inside\n' > '/home/user/app/hello.txt'\"",
    },
    { kind: "result", id: "item_2", text: "completed", isError: false },
    {
      kind: "tool",
      id: "item_3",
      name: "shell",
      argument: "/bin/bash -lc \"printf 'one\\\\ntwo\\\\n'\"",
    },
    { kind: "result", id: "item_3", text: "one\ntwo\n", isError: false },
    {
      kind: "tool",
      id: "item_4",
      name: "shell",
      argument: "/bin/bash -lc 'echo no >&2; exit 3'",
    },
    { kind: "result", id: "item_4", text: "no\n", isError: true },
    { kind: "text", text: CLOSING },
    { kind: "done", text: CLOSING, isError: false, usage: { inputTokens: 40, outputTokens: 20 } },
  ]],
  ["codex.failed", "codex", [
    { kind: "init", session: "01a1ff3e-6a62-7e73-88fa-20822b55ecc3" },
    CODEX_NOTE,
    { kind: "note", text: REFUSED },
    { kind: "done", text: REFUSED, isError: true, usage: {} },
  ]],
  ["gemini.work", "gemini", [
    { kind: "init", session: "379475a0-94a0-4e71-8b34-f76cdf60043b", model: "gemini-2.5-flash" },
    {
      kind: "tool",
      id: "write_file__write_file_1795283655505_0",
      name: "write_file",
      argument: "hello.txt",
    },
    {
      kind: "result",
      id: "write_file__write_file_1795283655505_0",
      text: "success",
      isError: false,
    },
    {
      kind: "tool",
      id: "run_shell_command__run_shell_command_1795283655847_0",
      name: "run_shell_command",
      argument: "printf 'one\\ntwo\\n'",
    },
    {
      kind: "result",
      id: "run_shell_command__run_shell_command_1795283655847_0",
      text: "one\ntwo",
      isError: false,
    },
    {
      kind: "tool",
      id: "run_shell_command__run_shell_command_1795283656134_0",
      name: "run_shell_command",
      argument: "echo no >&2; exit 3",
    },
    {
      kind: "result",
      id: "run_shell_command__run_shell_command_1795283656134_0",
      text: "no",
      isError: false,
    },
    { kind: "text", text: CLOSING },
    {
      kind: "done",
      text: CLOSING,
      isError: false,
      usage: { durationMs: 1291, inputTokens: 40, outputTokens: 20 },
    },
  ]],
  ["gemini.failed", "gemini", [
    { kind: "init", session: "f89ec304-0b4c-47ac-b080-dd738b23ba12", model: "gemini-2.5-flash" },
    {
      kind: "done",
      text:
        '[API Error: {"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key","code":401,"status":"UNAUTHENTICATED"}}]',
      isError: true,
      usage: { durationMs: 0, inputTokens: 0, outputTokens: 0 },
    },
  ]],
  ["acp.work", "acp", [
    { kind: "init", session: "sess_abc123def456", model: "scripted" },
    { kind: "note", text: "plan: [x] Write the file, [ ] Run it" },
    { kind: "thinking", text: "First the file." },
    { kind: "tool", id: "call_1", name: "Write", argument: "hello.txt" },
    {
      kind: "result",
      id: "call_1",
      text: "[diff /home/user/app/hello.txt]\nFile created",
      isError: false,
    },
    { kind: "text", text: "Done: hello.txt is there." },
    {
      kind: "done",
      text: "Done: hello.txt is there.",
      isError: false,
      usage: { costUsd: 0.045, inputTokens: 35, outputTokens: 18 },
    },
  ]],
];

for (const [file, format, want] of RECORDINGS) {
  Deno.test(`the recording ${file} is read whole`, async () => {
    const text = await Deno.readTextFile(new URL(`${file}.jsonl`, FIXTURES));
    const reader = createReader(format);
    const lines = text.trimEnd().split("\n");
    assert.deepEqual([...lines.flatMap((line) => reader.read(line)), ...reader.end()], want);
  });
}
