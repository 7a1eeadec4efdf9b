import assert from "node:assert/strict";
import { type Answer, openConversation } from "../../../src/acp/conversation.ts";
import {
  examine,
  type Patient,
  readEnd,
  readInitialize,
  readSession,
} from "../../../src/acp/doctor.ts";
import { readLines } from "../../../src/acp/lines.ts";

const CLAUDE: Patient = {
  name: "claude",
  title: "Claude Code",
  auth: { keys: { ANTHROPIC_API_KEY: ["h"] }, files: [".c"], login: ["claude", "/login"] },
};
const MINE: Patient = { name: "mine", title: "mine", auth: { keys: {}, files: [] } };

const LOGIN: Answer = { kind: "error", code: -32000, message: "Authentication required", ms: 20 };

Deno.test("initialize says who answered, in which version and with which logins", () => {
  const { steps, ...rest } = readInitialize({
    kind: "result",
    ms: 1234,
    result: {
      protocolVersion: 1,
      agentInfo: { name: "agent", title: "The Agent", version: "1.2.3" },
      authMethods: [{ id: "api-key", name: "API key" }, { id: "oauth" }, null, { name: "no id" }],
    },
  }, CLAUDE);
  assert.deepEqual(rest, {
    service: "claude",
    agent: { name: "The Agent", version: "1.2.3" },
    protocolVersion: 1,
    authMethods: [{ id: "api-key", name: "API key" }, { id: "oauth", name: "oauth" }],
    needsLogin: false,
    session: false,
  });
  assert.deepEqual(steps, [{
    name: "initialize",
    status: "ok",
    detail: "The Agent 1.2.3; protocol version 1; login methods: api-key, oauth (1.2 s)",
    ms: 1234,
  }]);
});

Deno.test("an agent that answers in version 2 is read as well", () => {
  const info = { name: "agent", version: "2.0.0" };
  const { steps, agent, protocolVersion } = readInitialize({
    kind: "result",
    ms: 7,
    result: { protocolVersion: 2, info, capabilities: {} },
  }, MINE);
  assert.deepEqual([agent, protocolVersion], [{ name: "agent", version: "2.0.0" }, 2]);
  assert.equal(steps[0]!.detail, "agent 2.0.0; protocol version 2; no login methods (7 ms)");
});

Deno.test("initialize with nothing in it is still an answer", () => {
  const { steps } = readInitialize({ kind: "result", ms: 5, result: {} }, MINE);
  assert.equal(steps[0]!.detail, "mine; protocol version not given; no login methods (5 ms)");
});

const SESSIONS: [string, Answer, Patient, { status: string; detail: string; fix?: string }][] = [
  [
    "a session with modes",
    {
      kind: "result",
      ms: 10,
      result: { sessionId: "s", modes: { availableModes: [{ id: "ask" }, { id: "yolo" }, 1] } },
    },
    CLAUDE,
    { status: "ok", detail: "a session in /p; modes: ask, yolo (10 ms)" },
  ],
  [
    "a login is missing, and there are ways",
    LOGIN,
    CLAUDE,
    {
      status: "fail",
      detail: "Claude Code wants a login first (20 ms)",
      fix: "Log in, one of: sandcage auth claude; sandcage auth claude --login; " +
        "sandcage secret set ANTHROPIC_API_KEY",
    },
  ],
  [
    "a login is missing, and nothing is known about it",
    LOGIN,
    MINE,
    {
      status: "fail",
      detail: "mine wants a login first (20 ms)",
      fix: "Log in inside: sandcage mine --shell (it offers oauth)",
    },
  ],
  [
    "another error",
    { kind: "error", code: -32603, message: "Internal error", ms: 3 },
    MINE,
    {
      status: "fail",
      detail: "error -32603: Internal error (3 ms)",
      fix: "See what mine says by itself: sandcage mine",
    },
  ],
  [
    "silence",
    { kind: "silence", ms: 120_000 },
    MINE,
    {
      status: "fail",
      detail: "no answer to session/new in 120.0 s",
      fix: "See what it asked for and was refused: sandcage audit",
    },
  ],
  [
    "the end of the connection",
    { kind: "ended", ms: 7 },
    MINE,
    {
      status: "fail",
      detail: "ended before it answered (7 ms)",
      fix: "Look around in its cage: sandcage mine --shell",
    },
  ],
];

for (const [title, answer, patient, wanted] of SESSIONS) {
  Deno.test(`session/new: ${title}`, () => {
    const step = readSession(answer, { patient, cwd: "/p", methods: [{ id: "oauth" }] });
    assert.deepEqual(step, { name: "session/new", ...wanted, ms: answer.ms });
  });
}

Deno.test("the end tells the code and the last that was said", () => {
  assert.equal(readEnd(0, { ms: 4, said: "chatter" }).status, "ok");
  assert.match(
    readEnd(4, { ms: 4, said: "a\nb\nc\nno engine" }).detail,
    /^ended with code 4: b c no engine \(4 ms\)$/,
  );
});

/** An agent that says what a function makes of each line; `undefined` ends it. */
function scripted(reply: (message: { id: number; method: string }) => string[] | undefined) {
  const told = new TransformStream<Uint8Array, Uint8Array>();
  const said = new TransformStream<Uint8Array, Uint8Array>();
  const heard: Record<string, unknown>[] = [];
  const done = (async () => {
    const writer = said.writable.getWriter();
    for await (const line of readLines(told.readable)) {
      const message = JSON.parse(line);
      heard.push(message);
      if (message.method === undefined) continue;
      const lines = reply(message);
      if (lines === undefined) break;
      for (const text of lines) await writer.write(new TextEncoder().encode(`${text}\n`));
    }
    await writer.close();
  })();
  return { heard, done, streams: { readable: said.readable, writable: told.writable } };
}

Deno.test("examine() asks as an editor would, whatever the agent says in between", async () => {
  const agent = scripted(({ id, method }) => [
    "starting up …",
    JSON.stringify({ jsonrpc: "2.0", method: "session/update", params: {} }),
    JSON.stringify({ jsonrpc: "2.0", id: "q1", method: "fs/read_text_file", params: {} }),
    JSON.stringify({
      jsonrpc: "2.0",
      id,
      result: method === "initialize" ? { protocolVersion: 1 } : { sessionId: "s" },
    }),
  ]);
  let clock = 0;
  const conversation = openConversation(agent.streams, { nowMs: () => clock += 10 });
  const found = await examine(conversation, { patient: CLAUDE, cwd: "/p" });
  conversation.end();
  await agent.done;
  assert.equal(found.session, true);
  assert.deepEqual(found.steps.map(({ name, status }) => [name, status]), [
    ["initialize", "ok"],
    ["session/new", "ok"],
    ["stdout", "warn"],
  ]);
  const asked = agent.heard.filter(({ method }) => method !== undefined);
  assert.deepEqual(asked.map(({ method }) => method), ["initialize", "session/new"]);
  assert.deepEqual(asked[1]!.params, { cwd: "/p", mcpServers: [] });
  const refused = agent.heard.filter(({ error }) => error !== undefined);
  assert.deepEqual(refused.map(({ id }) => id), ["q1", "q1"]);
});

Deno.test("examine() ends with the agent", async () => {
  const agent = scripted(() => undefined);
  const conversation = openConversation(agent.streams, { nowMs: () => 0 });
  const found = await examine(conversation, { patient: CLAUDE, cwd: "/p" });
  await agent.done;
  assert.deepEqual([found.session, found.steps.length], [false, 1]);
  assert.match(found.steps[0]!.detail, /^ended before it answered/);
});

Deno.test("an agent that never answers is not waited for longer than said", async () => {
  const agent = scripted(() => []);
  const conversation = openConversation(agent.streams, { nowMs: () => 0 });
  assert.deepEqual(await conversation.ask("x", {}, { timeoutMs: 1 }), { kind: "silence", ms: 0 });
  conversation.end();
  await agent.done;
});
