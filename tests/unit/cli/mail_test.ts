import assert from "node:assert/strict";
import { type InboxOptions, runInbox } from "../../../src/cli/commands/inbox.ts";
import { runOutbox } from "../../../src/cli/commands/outbox.ts";
import type { CommandContext } from "../../../src/cli/context.ts";
import { type Diagnosis, suggest } from "../../../src/cli/diagnosis.ts";
import { formatDiagnosis } from "../../../src/cli/diagnosis_view.ts";
import { showMessages } from "../../../src/cli/mail_show.ts";
import { chooseService } from "../../../src/cli/mail_target.ts";
import { formatBad, formatMessage } from "../../../src/cli/mail_view.ts";
import { createPace } from "../../../src/cli/poll_pace.ts";
import { UserError } from "../../../src/errors.ts";
import { messagingInstructions } from "../../../src/mail/instructions.ts";
import { makeMessage } from "../../../src/mail/message.ts";
import { openMailStore } from "../../../src/mail/store.ts";
import { MESSAGE_TYPES } from "../../../src/mail/types.ts";

const message = {
  ...makeMessage("error", {
    error_type: "a\u001b[2J",
    message: "one\r\ntwo\u202e",
    recoverable: true,
  }),
  id: "msg-1",
  timestamp: "2026-01-31T08:15:00.123Z",
};

Deno.test("a message is shown in lines of which none acts on a terminal", () => {
  assert.equal(
    formatMessage({ seq: 1, id: "msg-1", service: "claude", at: "", message }),
    "error  2026-01-31T08:15:00.123Z  claude  msg-1\n" +
      "    error_type: a^[[2J\n    message: one\n        two<U+202E>\n    recoverable: true",
  );
  const bad = formatBad({ service: "claude", at: "", name: "\u001b]0;x", why: "it is a link" });
  assert.match(bad, /\^\[\]0;x: it is a link$/);
});

Deno.test("messages are printed once, and what is malformed is said once", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const store = openMailStore(dir);
    const found = Array.from({ length: 600 }, (_, n) => {
      const text = JSON.stringify(makeMessage("progress_update", { status: `${n}` }));
      return { name: `${n}.json`, text };
    });
    await store.collect(found, "claude");
    await store.addBad([{ name: "x", why: "y" }], "claude");
    const printed: string[] = [];
    const said: string[] = [];
    const io = {
      out: (text: string) => printed.push(text),
      warn: (text: string) => said.push(text),
    };
    const lines = () => printed.splice(0).join("\n").split("\n").filter((line) => line !== "");
    // A terminal that goes away in the middle.
    let left = 2;
    const broken = { ...io, out: (text: string) => left-- > 1 ? io.out(text) : fail() };
    await assert.rejects(() => showMessages(store, { io: broken, json: true }));
    const first = lines();
    await showMessages(store, { io, json: true });
    const all = [...first, ...lines()].map((line) => JSON.parse(line));
    assert.deepEqual(all.map(({ seq }) => seq), Array.from({ length: 600 }, (_, n) => n + 1));
    assert.deepEqual(await showMessages(store, { io, json: true }), []);
    assert.equal((await showMessages(store, { io, json: true, all: true })).length, 600);
    assert.equal(said.length, 1);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

function fail(): never {
  throw new Deno.errors.BrokenPipe("nobody reads");
}

const NOBODY = { words: {}, run: undefined, running: [], homes: [], known: "claude" };
const MEANT: [string, Parameters<typeof chooseService>[0], string][] = [
  [
    "what is named, whatever runs",
    { ...NOBODY, words: { service: "codex" }, running: ["shell"] },
    "codex",
  ],
  ["a run that lives", {
    ...NOBODY,
    run: { service: "gemini", state: "running" },
    running: ["shell"],
  }, "gemini"],
  ["what runs, rather than the last run", {
    ...NOBODY,
    run: { service: "gemini", state: "done" },
    running: ["shell"],
  }, "shell"],
  ["the usual one of several that run", { ...NOBODY, running: ["a", "claude"] }, "claude"],
  ["the last run where nothing runs", {
    ...NOBODY,
    run: { service: "claude", state: "done" },
    homes: ["shell"],
  }, "claude"],
  ["what has a home where nothing was launched", { ...NOBODY, homes: ["shell"] }, "shell"],
  ["the first service before anything", NOBODY, "claude"],
];
for (const [name, facts, want] of MEANT) {
  Deno.test(`a message is meant for ${name}`, () => assert.equal(chooseService(facts), want));
}

const CALM: Omit<Diagnosis, "suggestion"> = {
  cage: "web",
  id: "web-1",
  service: "claude",
  agent: { state: "alive", pid: 7, command: "claude \u001b[2J" },
  run: { id: "r", state: "running", startedAt: "2026-01-31T08:15:00.123Z", events: 1 },
  outbox: { unseen: 0, all: 0, malformed: 0 },
  inbox: { waiting: 0 },
  log: ["TOOL Bash: ls"],
  problems: [],
};
const last = (type: string) => ({ ...CALM.outbox, all: 1, last: { type, at: "now" } });
const done = { ...CALM.run!, state: "done" as const };
const SUGGESTED: [string, Omit<Diagnosis, "suggestion">, RegExp][] = [
  ["works", CALM, /logs web -f/],
  [
    "has sent something",
    { ...CALM, outbox: { ...CALM.outbox, unseen: 2 } },
    /outbox web \(2 messages\)/,
  ],
  ["is done and waits", { ...CALM, outbox: last("task_complete") }, /task_revision.*diff web/],
  ["asks", { ...CALM, outbox: last("info_request") }, /inbox web info_response/],
  ["has not fetched what it was sent", { ...CALM, inbox: { waiting: 1 } }, /cage-wait/],
  ["is a zombie", { ...CALM, agent: { state: "zombie", pid: 7, command: "x" } }, /stop web/],
  [
    "is gone in the middle of its run",
    { ...CALM, agent: { state: "absent" } },
    /no agent is there/,
  ],
  ["has ended well", {
    ...CALM,
    agent: { state: "absent" },
    run: done,
    outbox: last("task_complete"),
  }, /export web/],
  [
    "has ended without a word",
    { ...CALM, agent: { state: "absent" }, run: done },
    /without task_complete/,
  ],
  ["cannot be seen", { ...CALM, agent: { state: "unknown" } }, /doctor/],
];
for (const [name, found, want] of SUGGESTED) {
  Deno.test(`what to do with an agent that ${name}`, () => assert.match(suggest(found), want));
}

const context = {
  host: { cwd: "/", stateDir: "/nowhere", env: {}, home: "/nowhere" },
  io: { out() {}, talk() {}, warn() {} },
} as unknown as CommandContext;

const REFUSED: [string, Partial<InboxOptions>, RegExp][] = [
  [
    "a type of the agent's",
    { type: "task_complete", payload: "{}" },
    /Cannot send "task_complete"/,
  ],
  ["a type that there is not", { type: "__proto__", payload: "{}" }, /Cannot send "__proto__"/],
  ["no payload", { type: "task_revision" }, /is missing/],
  ["what is no JSON", { type: "task_revision", payload: "{" }, /no JSON/],
  ["a list", { type: "ack", payload: "[]" }, /no JSON object/],
  ["a field that is missing", { type: "task_revision", payload: "{}" }, /needs "instructions"/],
  [
    "a field of another kind",
    { type: "info_response", payload: '{"request_id": 1, "content": ""}' },
    /"request_id" of info_response must be text/,
  ],
  ["two payloads", { type: "ack", payload: "{}", payloadFile: "-" }, /contradict/],
  ["a file that is not there", { type: "ack", payloadFile: "/nowhere/x" }, /no such file/],
  [
    "what is too long",
    { type: "task_revision", payload: JSON.stringify({ instructions: "x".repeat(1_100_000) }) },
    /longer than 1048576 bytes/,
  ],
  ["a cage that there is not", { type: "ack" }, /Cannot find cage "web"/],
];
for (const [name, options, why] of REFUSED) {
  Deno.test(`sandcage inbox refuses ${name}, before anything is sent`, async () => {
    await assert.rejects(
      () => runInbox({ cage: "web", type: "ack", ...options }, context),
      (error) => error instanceof UserError && error.exit === 2 && why.test(error.message),
    );
  });
}

for (const bad of ["", "0", "-1", "x", "1e3", "5 min", "99999999"]) {
  Deno.test(`sandcage outbox --poll refuses the time ${JSON.stringify(bad)}`, async () => {
    const poll = { timeout: bad, interval: "1", maxInterval: "1", diagnose: true };
    await assert.rejects(
      () => runOutbox({ all: false, json: false, poll }, context),
      (error) => error instanceof UserError && error.exit === 2 && /--timeout/.test(error.message),
    );
  });
}

Deno.test("after three looks in vain the next ones are farther apart, until something comes", () => {
  const pace = createPace({ intervalMs: 10_000, maxIntervalMs: 30_000 });
  const waits = [0, 0, 0, 0, 0, 0, 2, 0, 0, 0].map((came) => pace(came) / 1000);
  assert.deepEqual(waits, [10, 10, 15, 22.5, 30, 30, 10, 10, 10, 15]);
});

Deno.test("a diagnosis is in lines of which none acts on a terminal", () => {
  assert.equal(
    formatDiagnosis({
      ...CALM,
      work: {
        dirs: [{ name: "project", pending: { inner: 6, deleted: 0, host: 1, conflicts: 0 } }, {
          name: "lib",
        }],
        commits: 1,
        branch: "main",
      },
      suggestion: "Wait",
    }),
    "cage    web, claude\nagent   alive: claude ^[[2J\nrun     running (r, 1 event)\n" +
      "outbox  empty\ninbox   nothing waits\n" +
      "work    project: 6 changes inside, 1 change here; lib: unknown; " +
      "1 commit not here yet, on main\nlog\n  TOOL Bash: ls\nnext    Wait\n",
  );
});

Deno.test("an agent is told of every message that it can send or get, in few words", () => {
  const text = messagingInstructions();
  for (const type of Object.keys(MESSAGE_TYPES)) {
    if (type !== "going_idle") assert.ok(text.includes(type), type);
  }
  assert.ok(text.length < 2_500);
  assert.ok(!text.includes("sandcage"));
  // What it is shown can be sent.
  for (const [, type, json] of text.matchAll(/cage-send (\w+) '(.+)'$/gm)) {
    assert.ok(Object.hasOwn(MESSAGE_TYPES, type!));
    assert.ok(JSON.parse(json!));
  }
});
