import { Buffer } from "node:buffer";
import { formatBad, formatMessage, formatMessageJson } from "../../src/cli/mail_view.ts";
import { createLineReader } from "../../src/mail/lines.ts";
import { openLog, type Place } from "../../src/mail/log.ts";
import type { MailFs } from "../../src/mail/mail_fs.ts";
import { findProblem, parseMessage, summarize } from "../../src/mail/message.ts";
import { parseSaid } from "../../src/mail/said.ts";
import { MESSAGE_TYPES } from "../../src/mail/types.ts";
import { visibleText } from "../../src/transfer/visible.ts";
import {
  drawLog,
  MAIL_MATERIAL,
  makeMailMessage,
  makeSaid,
  MESSAGE_MATERIAL,
  ROWS_MATERIAL,
} from "./seeds/mail.ts";
import type { Random } from "./random.ts";
import { expect, type Target, type Verdict } from "./target.ts";

/** Longest line that is taken; the cases have longer ones. */
const MOST_LINE = 20_000;

/** Readers of what the far end of a mailbox says, where the agent rules, and of what is on record. */
export const MAIL_READERS: readonly Target[] = [
  {
    name: "mailbox/lines",
    material: MAIL_MATERIAL,
    make: makeSaid,
    read(bytes, random) {
      const whole = takeLines(bytes, () => bytes.length || 1);
      const cut = takeLines(bytes, () => 1 + random.integer(random.pick([2, 40, 5_000])));
      expect(JSON.stringify(whole) === JSON.stringify(cut), "cuts change nothing");
      if (whole.refused !== undefined) return { refused: whole.refused };
      for (const line of whole.lines) {
        const said = takeText(line);
        // What comes after that is never looked at.
        if (said === undefined) return { refused: "it says what nobody understands" };
        if (said.text !== undefined) expectMessage(said.text);
      }
      return "accepted";
    },
  },
  {
    name: "mailbox/messages",
    material: MESSAGE_MATERIAL,
    make: makeMailMessage,
    read: (bytes) => expectMessage(new TextDecoder().decode(bytes)),
  },
  { name: "mailbox/record", material: ROWS_MATERIAL, make: drawLog, read: readLog },
];

/** Lines up to what is none: what comes after that is never read. */
function takeLines(
  bytes: Uint8Array,
  step: () => number,
): { lines: string[]; refused?: string } {
  const read = createLineReader(MOST_LINE);
  const lines: string[] = [];
  try {
    for (let at = 0; at < bytes.length;) {
      const end = at + step();
      // The caller uses its bytes again.
      const piece = bytes.slice(at, end);
      for (const line of read(piece)) lines.push(line);
      piece.fill(0);
      at = end;
    }
  } catch (error) {
    expect(error instanceof Error && !/\p{Cc}/u.test(error.message), "a refusal is one line");
    // How many came before it depends on the cuts, and so does which of two faults is met first.
    return { lines: [], refused: "it says no lines of text" };
  }
  return { lines };
}

/** A message, if a line is one; nothing for what no far end says. */
function takeText(line: string): { text?: string } | undefined {
  let said;
  try {
    said = parseSaid(line);
  } catch (error) {
    expect(String(error).includes("nobody understands"), "only one thing is thrown");
    return undefined;
  }
  if (said.kind !== "message") {
    if (said.kind === "bad") expectOneLine(formatBad({ ...said, service: "x", at: "" }));
    return {};
  }
  expect(said.name.length <= 255, "a name is short");
  return { text: said.text };
}

function expectMessage(text: string): Verdict {
  const parsed = parseMessage(text, "cage");
  if ("problem" in parsed) {
    expect(parsed.problem !== "", "what is refused has a problem");
    return { refused: parsed.problem };
  }
  const { message } = parsed;
  expect(MESSAGE_TYPES[message.type].from === "cage", "it came the right way");
  expect(findProblem(message.type, message.payload) === undefined, "its payload is one");
  expect(/^msg-[\w-]{1,76}$/.test(message.id), "its id is harmless");
  const row = { seq: 1, id: message.id, service: "claude", at: "", message };
  expect(JSON.parse(formatMessageJson(row)).id === message.id, "programs read it");
  for (const line of formatMessage(row).split("\n")) expectOneLine(line);
  summarize(message);
  return "accepted";
}

function expectOneLine(line: string): void {
  expect(line === visibleText(line), "nothing in it acts on a terminal");
}

/** What a log on a disk holds after whatever became of it: rows in order, and room for the next. */
function readLog(bytes: Uint8Array<ArrayBuffer>, random: Random): Verdict {
  const files = new Map<string, Uint8Array>([["/log/000000000001.jsonl", bytes]]);
  const log = openLog<{ id: string }>("/log", { fs: memoryFs(files) });
  const rows = [...log.read({ seq: 0, segment: "", offset: 0 })].map(({ row }) => row.seq);
  expect(rows.every((seq, index) => seq === index + 1), "rows are numbered without gaps");
  const place: Place = {
    seq: random.pick([0, 1, rows.length, 1e15, -1]),
    segment: random.pick(["000000000001.jsonl", "../x", "", "000000000009.jsonl"]),
    offset: random.pick([0, 1, bytes.length, bytes.length + 1, -1, 2 ** 50, random.integer(200)]),
  };
  for (const { row } of log.read(place)) expect(row.seq > place.seq, "what was seen stays seen");
  const [added] = log.add([{ id: "next" }]);
  expect(added?.seq === rows.length + 1 && log.last() === rows.length + 1, "the next row is next");
  const again = [...log.read({ seq: 0, segment: "", offset: 0 })];
  expect(again.length === rows.length + 1 && again.at(-1)?.row.id === "next", "nothing is lost");
  const text = new TextDecoder().decode(bytes);
  return rows.length === text.split("\n").filter((line) => line !== "").length
    ? "accepted"
    : { refused: "what follows the last whole row" };
}

function memoryFs(files: Map<string, Uint8Array>): MailFs {
  const get = (path: string) => {
    const bytes = files.get(path);
    if (bytes === undefined) throw new Deno.errors.NotFound(path);
    return bytes;
  };
  return {
    append: (path, bytes) =>
      void files.set(path, Buffer.concat([files.get(path) ?? Buffer.alloc(0), bytes])),
    replace: (path, text) => void files.set(path, new TextEncoder().encode(text)),
    truncate: (path, size) => void files.set(path, get(path).subarray(0, size)),
    remove: (path) => void files.delete(path),
    size: (path) => files.get(path)?.length,
    read(path, { from, to }) {
      // A disk cannot seek before the start of a file.
      if (from < 0) throw new Deno.errors.InvalidData("a place before the start");
      return get(path).slice(from, to);
    },
    list: (dir) =>
      [...files.keys()].filter((path) => path.startsWith(`${dir}/`))
        .map((path) => path.slice(dir.length + 1)).sort(),
    makeDir() {},
  };
}
