import assert from "node:assert/strict";
import fc from "fast-check";
import type { AgentEvent, LoggedEvent } from "../../../src/headless/event.ts";
import { createIntake } from "../../../src/headless/intake.ts";
import { createReader } from "../../../src/headless/readers/create.ts";
import { STREAM_FORMATS, type StreamReader } from "../../../src/headless/readers/reader.ts";

/** A log that keeps in memory what it is given. */
function memoryLog() {
  const raw: Uint8Array[] = [];
  const events: LoggedEvent[] = [];
  return {
    raw,
    events,
    appendRaw: (bytes: Uint8Array) => void raw.push(bytes.slice()),
    append(added: readonly AgentEvent[]) {
      const logged = added.map((event): LoggedEvent => {
        return { seq: events.length + 1, at: "2026-01-31T08:15:00.000Z", ...event };
      });
      events.push(...logged);
      return logged;
    },
  };
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function concat(pieces: readonly Uint8Array[]): number[] {
  return pieces.flatMap((piece) => [...piece]);
}

/** Lines as the reader gets them. */
function linesOf(chunks: readonly Uint8Array[], lineBytes?: number): string[] {
  const lines: string[] = [];
  const reader: StreamReader = {
    read: (line) => (lines.push(line), []),
    end: () => [],
  };
  const intake = createIntake(memoryLog(), {
    reader,
    ...lineBytes === undefined ? {} : { lineBytes },
  });
  for (const chunk of chunks) intake.push(chunk);
  intake.end();
  return lines;
}

Deno.test("lines come without their ends, the last one needs none, an empty one is one", () => {
  assert.deepEqual(linesOf([bytesOf("a\r\n\nb\nc")]), ["a", "", "b", "c"]);
  assert.deepEqual(linesOf([]), []);
  assert.deepEqual(linesOf([bytesOf("\n")]), [""]);
});

Deno.test("bytes that are no text are read as well as they can be", () => {
  assert.deepEqual(linesOf([new Uint8Array([0xff, 0x61, 0x0a, 0xc3]), new Uint8Array([0xa9])]), [
    "\ufffda",
    "é",
  ]);
});

Deno.test("a line without an end does not fill the memory: it is read in pieces", () => {
  assert.deepEqual(linesOf([bytesOf("aaaab"), bytesOf("bbbcc\nd")], 4), [
    "aaaa",
    "bbbb",
    "cc",
    "d",
  ]);
});

const chunk = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom('{"type":"message","role":"assistant","content":"', 'x","delta":true}\n', "\n")
    .map(bytesOf),
);

for (const format of STREAM_FORMATS) {
  Deno.test(`${format}: however a stream is cut, the bytes are kept and the events are the same`, () => {
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 12 }),
        fc.infiniteStream(fc.nat(9)),
        (chunks, sizes) => {
          const whole = concat(chunks);
          const [once, cut] = [memoryLog(), memoryLog()];
          const first = createIntake(once, { reader: createReader(format) });
          const answered = [...first.push(new Uint8Array(whole)), ...first.end()];
          const second = createIntake(cut, { reader: createReader(format) });
          const buffer = new Uint8Array(16);
          for (let at = 0; at < whole.length;) {
            const size = 1 + (sizes.next().value ?? 0);
            const piece = whole.slice(at, at + size);
            // The same buffer again and again, as whoever reads a pipe has it.
            buffer.set(piece);
            second.push(buffer.subarray(0, piece.length));
            at += size;
          }
          second.end();
          assert.deepEqual(concat(once.raw), whole);
          assert.deepEqual(concat(cut.raw), whole);
          assert.deepEqual(cut.events, once.events);
          assert.deepEqual(answered, once.events);
        },
      ),
    );
  });
}

Deno.test("what is kept before it is read is there when the reader fails", () => {
  const log = memoryLog();
  const reader: StreamReader = {
    read() {
      throw new Error("a bug");
    },
    end: () => [],
  };
  assert.throws(() => createIntake(log, { reader }).push(bytesOf("a\n")));
  assert.deepEqual(concat(log.raw), [...bytesOf("a\n")]);
});
