import type { AgentEvent, LoggedEvent } from "../../src/headless/event.ts";
import { createIntake } from "../../src/headless/intake.ts";
import { formatLoggedEvent, parseLoggedEvent } from "../../src/headless/parse_event.ts";
import { createReader } from "../../src/headless/readers/create.ts";
import { STREAM_FORMATS, type StreamFormat } from "../../src/headless/readers/reader.ts";
import { renderEvent } from "../../src/headless/render.ts";
import { summarizeEvent } from "../../src/headless/run_record.ts";
import { bytesOf } from "./bytes.ts";
import { expect, type Target } from "./target.ts";

const FIXTURES = new URL("../fixtures/headless/", import.meta.url);

/** What means something to a reader of a stream, or to the terminal it is shown on. */
const TOKENS = [
  ...["\n", "\r\n", "{", "}", "null", "[]", '"type":', '"text":', '"content":', '"is_error":true'],
  ...['"system"', '"result"', '"item.completed"', '"message"', '"session/update"', '"delta":true'],
  ...["\u001b[2J", "\\u001b]0;x\\u0007", "\u009b2J", "\u202e", "\\ud800", "\u0000", "1e999", "-0"],
];

/** What an agent without a terminal says is believed in nothing, kept and shown. */
export const STREAM_READERS: readonly Target[] = STREAM_FORMATS.map((format) => ({
  name: `acp/${format}-stream`,
  material: { seeds: readSeeds(format), tokens: TOKENS.map(bytesOf), longest: 4096 },
  // A stream is believed in nothing, kept and shown, whatever is in it.
  takesAll: true,
  read(bytes, random) {
    const whole = take(format, bytes, { step: () => bytes.length });
    const cut = take(format, bytes, { step: () => 1 + random.integer(random.pick([2, 80, 900])) });
    expect(same(whole.raw, bytes) && same(cut.raw, bytes), "every byte is kept, none twice");
    expect(JSON.stringify(whole.events) === JSON.stringify(cut.events), "cuts change nothing");
    for (const event of whole.events) expectShown(event);
    return "accepted";
  },
}));

function expectShown(event: LoggedEvent): void {
  const line = formatLoggedEvent(event);
  expect(line.indexOf("\n") === line.length - 1, "an event is one line on record");
  expect(!/[^\P{Cc}\n]/u.test(line), "nothing on record acts on a terminal");
  const back = parseLoggedEvent(line);
  expect(JSON.stringify(back) === JSON.stringify(event), "an event is read back as it was");
  const shown = renderEvent(event, { color: false });
  expect(!/[^\P{Cc}\n\t]|[\u202a-\u202e]/u.test(shown), "nothing shown acts on a terminal");
  expect(!/\p{Cc}/u.test(summarizeEvent(event).replaceAll("\t", "")), "the summary is one line");
}

function take(
  format: StreamFormat,
  bytes: Uint8Array,
  options: { step(): number },
): { raw: Uint8Array; events: LoggedEvent[] } {
  const raw = new Uint8Array(bytes.length);
  const events: LoggedEvent[] = [];
  let kept = 0;
  const intake = createIntake({
    appendRaw(line) {
      expect(kept + line.length <= raw.length, "no byte comes twice");
      raw.set(line, kept);
      kept += line.length;
    },
    append(added: readonly AgentEvent[]) {
      const at = "2026-01-31T08:15:00.000Z";
      const logged = added.map((event, index): LoggedEvent => {
        return { seq: events.length + index + 1, at, ...event };
      });
      events.push(...logged);
      return logged;
    },
  }, { reader: createReader(format) });
  for (let at = 0; at < bytes.length;) {
    const next = at + options.step();
    intake.push(bytes.subarray(at, next));
    at = next;
  }
  intake.end();
  return { raw: raw.subarray(0, kept), events };
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function readSeeds(format: StreamFormat): Uint8Array[] {
  const names = [...Deno.readDirSync(FIXTURES)].map(({ name }) => name)
    .filter((name) => name.endsWith(".jsonl") && (format === "text" || name.startsWith(format)));
  return names.sort().map((name) => Deno.readFileSync(new URL(name, FIXTURES)));
}
