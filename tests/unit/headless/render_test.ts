import assert from "node:assert/strict";
import fc from "fast-check";
import type { AgentEvent, LoggedEvent } from "../../../src/headless/event.ts";
import { formatLoggedEvent, parseLoggedEvent } from "../../../src/headless/parse_event.ts";
import { formatCost, formatUsage, renderEvent } from "../../../src/headless/render.ts";
import { summarizeEvent } from "../../../src/headless/run_record.ts";

const STARTED = "2026-01-31T08:15:00.000Z";

function logged(event: AgentEvent): LoggedEvent {
  return { seq: 1, at: "2026-01-31T08:15:12.340Z", ...event };
}

const ROWS: readonly [name: string, event: AgentEvent, want: string][] = [
  [
    "init with a short id",
    { kind: "init", session: "0123456789", model: "m-1" },
    "INIT session=01234567… model=m-1",
  ],
  ["init of an agent that says nothing", { kind: "init" }, "INIT"],
  ["thinking", { kind: "thinking", text: "Hm." }, "THINKING Hm."],
  [
    "a tool and its argument",
    { kind: "tool", name: "Bash", argument: "ls -l\nwc" },
    "TOOL Bash: ls -l ⏎ wc",
  ],
  [
    "a result in one line",
    { kind: "result", text: " one\n  two\n", isError: false },
    "RESULT one ⏎ two",
  ],
  ["a result that failed", { kind: "result", text: "no", isError: true }, "RESULT error: no"],
  [
    "a long result",
    { kind: "result", text: "x".repeat(999), isError: false },
    `RESULT ${"x".repeat(200)}…`,
  ],
  ["text of several lines", { kind: "text", text: "one\ntwo\r\n\n" }, "TEXT one\n    two"],
  ["a line nobody could read", { kind: "text", text: "?", isUnread: true }, "TEXT (unread) ?"],
  [
    "a message",
    { kind: "message", direction: "from-cage", id: "m", type: "task_complete", text: "all" },
    "MESSAGE from the cage: task_complete all",
  ],
  ["a note", { kind: "note", text: "wait" }, "NOTE wait"],
  [
    "an end with cost and duration",
    {
      kind: "done",
      text: "ok",
      isError: false,
      usage: { costUsd: 0.00056, durationMs: 1587, inputTokens: 40, outputTokens: 20 },
    },
    "DONE ok\n    cost=$0.0006 duration=1.6s tokens=40+20",
  ],
  [
    "an end of an agent that does not measure",
    { kind: "done", text: "bad", isError: true, usage: {} },
    "DONE error: bad\n    duration=12.3s",
  ],
  [
    "what would act on a terminal",
    { kind: "text", text: "\x1b[2J\x1b]0;title\x07 \u202eabc\x9b1m" },
    "TEXT ^[[2J^[]0;title^G <U+202E>abc<U+009B>1m",
  ],
];

for (const [name, event, want] of ROWS) {
  Deno.test(`rendered: ${name}`, () => {
    assert.equal(renderEvent(logged(event), { color: false, startedAt: STARTED }), want);
  });
}

Deno.test("only the tag is in colour", () => {
  const text = renderEvent(logged({ kind: "note", text: "a\x1b[31mb" }), { color: true });
  assert.equal(text, "\x1b[33mNOTE\x1b[0m a^[[31mb");
});

Deno.test("costs have the digits they need", () => {
  assert.deepEqual([0, 0.00012, 0.5, 1, 12.345].map(formatCost), [
    "$0.00",
    "$0.0001",
    "$0.5000",
    "$1.00",
    "$12.35",
  ]);
  assert.equal(formatUsage({}), "");
});

const text = fc.string({ unit: "binary" });
const event: fc.Arbitrary<AgentEvent> = fc.oneof(
  fc.record({ kind: fc.constant("text" as const), text }),
  fc.record({ kind: fc.constant("tool" as const), name: text, argument: text }),
  fc.record({ kind: fc.constant("result" as const), text, isError: fc.boolean() }),
  fc.record({ kind: fc.constant("init" as const), session: text, model: text }),
  fc.record({
    kind: fc.constant("done" as const),
    text,
    isError: fc.boolean(),
    usage: fc.record({ costUsd: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }) }),
  }),
);

Deno.test("whatever an agent says, nothing of it acts on a terminal, and no line looks like another event", () => {
  fc.assert(fc.property(event, (value) => {
    const lines = renderEvent(logged(value), { color: false }).split("\n");
    for (const line of lines) {
      assert.doesNotMatch(line, /[^\P{Cc}\t]|[\u202e\u2066]/u);
    }
    for (const line of lines.slice(1)) assert.match(line, /^ {4}/);
    assert.doesNotMatch(summarizeEvent(value), /[^\P{Cc}\t]/u);
  }));
});

Deno.test("an event on record is read back as it was, from one line", () => {
  fc.assert(fc.property(event, (value) => {
    const line = formatLoggedEvent(logged(value));
    assert.equal(line.indexOf("\n"), line.length - 1);
    // Half a character of UTF-16 is none in a file.
    const wanted = JSON.parse(JSON.stringify(logged(value)));
    assert.deepEqual(parseLoggedEvent(line), wanted);
  }));
});

for (
  const line of [
    ...["", "{", "null", "[]", '{"kind":"text","text":"a"}', '{"seq":1,"at":"x","kind":"text"}'],
    '{"seq":1,"at":"x","kind":"done","text":"","isError":false,"usage":{"costUsd":"1"}}',
    ...['{"seq":1,"at":"x","kind":"toString"}', '{"seq":1,"at":"x","kind":"done","text":"a"}'],
  ]
) {
  Deno.test(`no event on record: ${line}`, () => assert.equal(parseLoggedEvent(line), undefined));
}
