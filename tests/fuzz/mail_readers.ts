import { formatBad, formatMessage, formatMessageJson } from "../../src/cli/mail_view.ts";
import { createLineReader } from "../../src/mail/lines.ts";
import { findProblem, parseMessage, summarize } from "../../src/mail/message.ts";
import { parseSaid } from "../../src/mail/said.ts";
import { MESSAGE_TYPES } from "../../src/mail/types.ts";
import { visibleText } from "../../src/transfer/visible.ts";
import { MAIL_MATERIAL } from "./seeds/mail.ts";
import { expect, type Target } from "./target.ts";

/** Longest line that is taken; the cases have longer ones. */
const MOST_LINE = 20_000;

/** Readers of what the far end of a mailbox says: it runs where the agent rules. */
export const MAIL_READERS: readonly Target[] = [
  {
    name: "mailbox",
    material: MAIL_MATERIAL,
    read(bytes, random) {
      const whole = takeLines(bytes, () => bytes.length || 1);
      const cut = takeLines(bytes, () => 1 + random.integer(random.pick([2, 40, 5_000])));
      expect(JSON.stringify(whole) === JSON.stringify(cut), "cuts change nothing");
      for (const line of whole.lines) {
        const text = takeText(line);
        if (text !== undefined) expectMessage(text);
      }
    },
  },
];

/** Lines up to what is none: what comes after that is never read. */
function takeLines(bytes: Uint8Array, step: () => number): { lines: string[]; refused: boolean } {
  const read = createLineReader(MOST_LINE);
  const lines: string[] = [];
  try {
    for (let at = 0; at < bytes.length;) {
      const end = at + step();
      // The caller uses its bytes again.
      const piece = bytes.slice(at, end);
      lines.push(...read(piece));
      piece.fill(0);
      at = end;
    }
  } catch (error) {
    expect(error instanceof Error && !/\p{Cc}/u.test(error.message), "a refusal is one line");
    // How many came before it depends on the cuts.
    return { lines: [], refused: true };
  }
  return { lines, refused: false };
}

function takeText(line: string): string | undefined {
  let said;
  try {
    said = parseSaid(line);
  } catch (error) {
    expect(String(error).includes("nobody understands"), "only one thing is thrown");
    // A message may come as it is, too.
    return line;
  }
  if (said.kind !== "message") {
    if (said.kind === "bad") expectOneLine(formatBad({ ...said, service: "x", at: "" }));
    return undefined;
  }
  expect(said.name.length <= 255, "a name is short");
  return said.text;
}

function expectMessage(text: string): void {
  const parsed = parseMessage(text, "cage");
  if ("problem" in parsed) return expect(parsed.problem !== "", "what is refused has a problem");
  const { message } = parsed;
  expect(MESSAGE_TYPES[message.type].from === "cage", "it came the right way");
  expect(findProblem(message.type, message.payload) === undefined, "its payload is one");
  expect(/^msg-[\w-]{1,76}$/.test(message.id), "its id is harmless");
  const row = { seq: 1, id: message.id, service: "claude", at: "", message };
  expect(JSON.parse(formatMessageJson(row)).id === message.id, "programs read it");
  for (const line of formatMessage(row).split("\n")) expectOneLine(line);
  summarize(message);
}

function expectOneLine(line: string): void {
  expect(line === visibleText(line), "nothing in it acts on a terminal");
}
