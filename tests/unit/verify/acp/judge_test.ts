import assert from "node:assert/strict";
import type { Finding } from "../../../../src/verify/case.ts";
import {
  type Ask,
  type Conversation,
  judgeBytes,
  judgeLent,
  judgeLinks,
  judgeOpenings,
  judgeSpellings,
  judgeWords,
  READY,
  type Spelling,
} from "../../../../src/verify/acp/judge.ts";

const JUDGES = {
  R01: judgeBytes,
  R02: judgeLent,
  R03: judgeOpenings,
  R11: judgeSpellings,
  R12: judgeLinks,
  R13: judgeWords,
} as const satisfies Record<string, (conversation: Conversation) => Finding>;

const bytes = (text: string) => new TextEncoder().encode(text);

const REFUSED: Ask = { what: "a thing", reached: false, isAllowed: false };
const ALLOWED: Ask = { what: "another", reached: true, isAllowed: true };
const FINE: Spelling = { what: "fine", reached: ['{"method":"_fine"}'], isHarmless: true };
const ASKED = '{"method":"fs/write_text_file","params":{"path":"/etc/verify"}}';

const DIRECT = { code: 7, stdout: bytes("sent\nend\n"), stderr: "noise that is no message\n" };

const HELD: Conversation = {
  mirror: { sent: bytes("sent"), relayed: { ...DIRECT, stderr: "" }, direct: DIRECT },
  signals: [{ name: "SIGINT", code: 130, want: 130, lines: [READY] }],
  left: [],
  offered: { terminal: false },
  asks: [REFUSED, ALLOWED],
  openings: [REFUSED, ALLOWED],
  tools: { missing: true, present: false },
  spellings: [FINE, { what: "odd", reached: [], isHarmless: false }],
  links: [REFUSED, ALLOWED],
  said: 'Refused: cannot do "^[[2Jowned"\n',
};

function judge(conversation: Conversation, part: "held" | "control"): string[] {
  return Object.entries(JUDGES).filter(([, each]) => !each(conversation)[part]).map(([id]) => id);
}

Deno.test("a conversation as it should be is held, with its controls", () => {
  assert.deepEqual([judge(HELD, "held"), judge(HELD, "control")], [[], []]);
});

const relayed = (change: Partial<Conversation["mirror"]["relayed"]>): Partial<Conversation> => ({
  mirror: { ...HELD.mirror, relayed: { ...HELD.mirror.relayed, ...change } },
});

const signal = (
  change: Partial<Conversation["signals"][number]>,
): Pick<Conversation, "signals"> => ({ signals: [{ ...HELD.signals[0]!, ...change }] });

const reached = (line: string): Partial<Conversation> => ({
  spellings: [FINE, { what: "odd", reached: [line], isHarmless: false }],
});

const through: Ask = { ...REFUSED, reached: true };

for (
  const [what, change, id] of [
    ["a byte is another", relayed({ stdout: bytes("sEnt\nend\n") }), "R01"],
    ["a byte is missing at the end", relayed({ stdout: bytes("sent\nend") }), "R01"],
    ["the relay said something of its own", relayed({ stdout: bytes("sent\nend\n!") }), "R01"],
    ["the exit code is another", relayed({ code: 0 }), "R01"],
    ["a signal ended it otherwise", signal({ code: 137 }), "R01"],
    ["a signal made it speak", signal({ lines: [READY, "oops"] }), "R01"],
    ["a container stayed", { left: ["api-shell-1"] }, "R01"],
    ["the terminal was offered", { offered: { terminal: true } }, "R02"],
    ["nothing tells what was offered", { offered: undefined }, "R02"],
    ["a request came through", { asks: [through, ALLOWED] }, "R02"],
    ["a session opened elsewhere", { openings: [through, ALLOWED] }, "R03"],
    ["a missing tool was not told", { tools: { missing: false, present: false } }, "R03"],
    ["a link led out", { links: [through, ALLOWED] }, "R12"],
    ["it came as it is", reached(ASKED), "R11"],
    ["it came with escapes", reached(ASKED.replace("fs/w", "\\u0066s\\/w")), "R11"],
    ["it came below something", reached(`[{},${ASKED}]`), "R11"],
    ["an escape was said", { said: "owned \x1b[2J" }, "R13"],
    ["a C1 escape was said", { said: "owned \x9b2J" }, "R13"],
    ["text was turned around", { said: "owned \u202e" }, "R13"],
  ] as const
) {
  Deno.test(`${id} does not hold when ${what}`, () => {
    assert.deepEqual(judge({ ...HELD, ...change }, "held"), [id]);
  });
}

for (
  const [what, change, id] of [
    ["the agent did not give back what it got", {
      mirror: { ...HELD.mirror, sent: bytes("other") },
    }, "R01"],
    ["the agent was quiet", {
      mirror: { ...HELD.mirror, direct: { ...DIRECT, stderr: "" } },
    }, "R01"],
    ["the agent ended otherwise", {
      mirror: { ...HELD.mirror, direct: { ...DIRECT, code: 1 }, relayed: { ...DIRECT, code: 1 } },
    }, "R01"],
    ["no signal was sent", { signals: [] }, "R01"],
    ["what waits did not start", signal({ lines: [] }), "R01"],
    [
      "files of the project are refused",
      { asks: [REFUSED, { ...ALLOWED, reached: false }] },
      "R02",
    ],
    ["the project is refused", { openings: [REFUSED] }, "R03"],
    ["every tool is told", { tools: { missing: true, present: true } }, "R03"],
    ["harmless ones are refused", { spellings: [{ ...FINE, reached: [] }] }, "R11"],
    ["links within are refused", { links: [REFUSED] }, "R12"],
    ["the word was not told", { said: "" }, "R13"],
  ] as const
) {
  Deno.test(`${id} proves nothing when ${what}`, () => {
    const conversation = { ...HELD, ...change };
    assert.deepEqual([judge(conversation, "control"), judge(conversation, "held")], [[id], []]);
  });
}
