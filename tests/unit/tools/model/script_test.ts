import assert from "node:assert/strict";
import type { Conversation } from "../../../../tools/model/conversation.ts";
import { CLOSING_TEXT, decideReply, findCwd, parseSteps } from "../../../../tools/model/script.ts";

function conversation(change: Partial<Conversation>): Conversation {
  return {
    model: "m",
    userText: "write a.txt: hello world\nrun: id",
    systemText: "",
    tools: [],
    toolResults: 0,
    resultTexts: [],
    stream: true,
    wantsJson: false,
    ...change,
  };
}

Deno.test("parseSteps() reads write and run lines and passes over prose", () => {
  assert.deepEqual(
    parseSteps("Please do:\n  write src/a.txt: one: two \nrun: ls -l\nwrite nothing"),
    [
      { kind: "write", file: "src/a.txt", content: "one: two\n" },
      { kind: "run", command: "ls -l" },
    ],
  );
});

for (
  const [agent, text, want] of [
    ["codex", "<environment_context>\n  <cwd>/work/my project</cwd>", "/work/my project"],
    ["claude", "Primary working directory: /srv/p\nOther: x", "/srv/p"],
    ["opencode", "Working directory: /srv/p", "/srv/p"],
    ["an agent that says nothing", "You are helpful.", undefined],
  ] as const
) {
  Deno.test(`findCwd() finds ${want} in the words of ${agent}`, () => {
    assert.equal(findCwd(text), want);
  });
}

for (
  const [tool, input] of [
    ["Write", { file_path: "/p/a.txt", content: "hello world\n" }],
    ["write_file", { file_path: "/p/a.txt", content: "hello world\n" }],
    ["write", { filePath: "/p/a.txt", content: "hello world\n" }],
    ["exec_command", { cmd: "printf '%s' 'hello world\n' > '/p/a.txt'", yield_time_ms: 30_000 }],
    ["shell", { command: ["sh", "-c", "printf '%s' 'hello world\n' > '/p/a.txt'"] }],
  ] as const
) {
  Deno.test(`decideReply() writes through ${tool} when it is offered`, () => {
    const tools = [{ name: "Read", custom: false }, { name: tool, custom: false }];
    assert.deepEqual(decideReply(conversation({ tools, systemText: "<cwd>/p</cwd>" })), {
      kind: "call",
      id: "call_1",
      tool,
      input: { kind: "json", value: input },
    });
  });
}

Deno.test("decideReply() scripts codex's custom exec tool", () => {
  const reply = decideReply(
    conversation({ tools: [{ name: "exec", custom: true }], toolResults: 1 }),
  );
  assert.deepEqual(reply, {
    kind: "call",
    id: "call_2",
    tool: "exec",
    input: {
      kind: "text",
      value: 'text(await tools.exec_command({ cmd: "id", yield_time_ms: 30000 }));',
    },
  });
});

Deno.test("decideReply() quotes what a shell would read", () => {
  const tools = [{ name: "Bash", custom: false }];
  const reply = decideReply(conversation({ userText: "write it's.txt: $HOME 'x'", tools }));
  assert.deepEqual(reply.kind === "call" && reply.input.value, {
    command: `printf '%s' '$HOME '\\''x'\\''\n' > 'it'\\''s.txt'`,
    description: "Scripted step",
  });
});

Deno.test("decideReply() closes when every step has a result", () => {
  const tools = [{ name: "Write", custom: false }];
  assert.deepEqual(decideReply(conversation({ tools, toolResults: 2 })), {
    kind: "text",
    text: CLOSING_TEXT,
  });
});

Deno.test("decideReply() answers text when no fitting tool is offered", () => {
  assert.equal(decideReply(conversation({ tools: [] })).kind, "text");
});

Deno.test("decideReply() answers JSON to a request that wants JSON", () => {
  const reply = decideReply(conversation({ wantsJson: true }));
  assert.equal(reply.kind === "text" && JSON.parse(reply.text).next_speaker, "user");
});

Deno.test("a task_revision that a tool has printed is carried out after the prompt, once", () => {
  const revision = {
    id: "msg-20260101T000000-0",
    type: "task_revision",
    payload: { instructions: "run: echo two" },
  };
  const printed = `Output:\n${JSON.stringify(revision)}\nexit code 0`;
  const told = { userText: "run: echo one", tools: [{ name: "Bash", custom: false }] };
  const input = (toolResults: number, resultTexts: string[]) =>
    decideReply(conversation({ ...told, toolResults, resultTexts }));
  assert.match(JSON.stringify(input(1, [printed])), /echo two/);
  assert.equal(input(2, [printed, printed]).kind, "text");
  assert.equal(input(1, [printed.slice(0, 40)]).kind, "text");
});

Deno.test("decideReply() thinks before its first answer where the prompt says so, and once", () => {
  const userText = "think: First this.\nrun: id";
  const tools = [{ name: "Bash", custom: false }];
  const [first, second] = [0, 1].map((toolResults) =>
    decideReply(conversation({ userText, tools, toolResults }))
  );
  assert.deepEqual([first!.kind, first!.thinking], ["call", "First this."]);
  assert.deepEqual(second, { kind: "text", text: CLOSING_TEXT });
});
