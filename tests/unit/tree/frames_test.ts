import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  BATCH_CHARS,
  batchRows,
  createDataPacker,
  createFrameParser,
  DATA_MAX,
  formatFrame,
  type Frame,
  FrameError,
  TEXT_MAX,
  writeHeader,
} from "../../../src/tree/frames.ts";

const text = fc.record({
  kind: fc.constantFrom("hello", "request", "list", "end", "done", "failed"),
  value: fc.jsonValue(),
});
const data = fc.record({ kind: fc.constant("data"), bytes: fc.uint8Array({ maxLength: 300 }) });

Deno.test("frames are read as they were written, however they are cut", () => {
  fc.assert(fc.property(
    fc.array(fc.oneof(text, data), { maxLength: 12 }),
    fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
    (frames, cuts) => {
      const stream = join(
        frames.map((frame) =>
          "bytes" in frame
            ? formatData(frame.bytes)
            : formatFrame(frame.kind as "list", frame.value)
        ),
      );
      const wanted = frames.map((frame) =>
        "bytes" in frame
          ? { kind: "data", bytes: [...frame.bytes] }
          : { kind: frame.kind, value: JSON.parse(JSON.stringify(frame.value)) }
      );
      assert.deepEqual(mergeData(readAll(stream, cuts)), mergeData(wanted));
    },
  ));
});

Deno.test("bytes that are no frames are refused, and never taken for much", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    try {
      readAll(bytes, [7]);
    } catch (error) {
      assert.ok(error instanceof FrameError);
    }
  }));
});

const refused: [string, number[], RegExp][] = [
  ["a kind that there is not", [99, 0, 0, 0, 1], /no frame of kind 99/],
  ["data beyond its limit", [4, ...length(DATA_MAX + 1)], /A data of 131073 bytes is too long/],
  ["text beyond its limit", [3, ...length(TEXT_MAX + 1)], /A list of 1048577 bytes is too long/],
  ["a length of four gigabytes", [3, 255, 255, 255, 255], /too long/],
  ["text of no bytes", [6, 0, 0, 0, 0], /A done says nothing/],
  ["text that is no JSON", [6, 0, 0, 0, 1, 0x7b], /no JSON/],
  ["text that is no UTF-8", [6, 0, 0, 0, 3, 0x22, 0xff, 0x22], /no JSON/],
];
for (const [name, bytes, message] of refused) {
  Deno.test(`${name} is refused`, () => {
    assert.throws(() => readAll(new Uint8Array(bytes), [1]), { name: "FrameError", message });
    assert.throws(() => readAll(new Uint8Array(bytes), [1000]), { name: "FrameError", message });
  });
}

Deno.test("what is too long to be said is not said", () => {
  assert.throws(() => formatFrame("list", ["x".repeat(TEXT_MAX)]), FrameError);
});

Deno.test("small pieces of data share frames, and no byte is lost or sent twice", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: DATA_MAX * 2 }), { maxLength: 6 }),
      (lengths) => {
        const pieces = lengths.map((size, at) => new Uint8Array(size).fill(at + 1));
        const packer = createDataPacker();
        const frames = pieces.flatMap((piece) =>
          Array.from(packer.add(piece), (frame) => frame.slice())
        );
        const rest = packer.rest()?.slice();
        if (rest !== undefined) frames.push(rest);
        const total = lengths.reduce((sum, size) => sum + size, 0);
        assert.equal(frames.length, Math.ceil(total / DATA_MAX));
        const read = mergeData(readAll(join(frames), [50_000]));
        const bytes = read[0] === undefined ? [] : (read[0] as { bytes: number[] }).bytes;
        assert.deepEqual(bytes, [...join(pieces)]);
      },
    ),
    { numRuns: 15 },
  );
});

Deno.test("rows are batched in order, so that each batch fits a frame", () => {
  const rows = Array.from({ length: 50 }, (_, at) => "\u0001".repeat(4096) + at);
  const batches = [...batchRows(rows, (row) => row.length)];
  assert.deepEqual(batches.flat(), rows);
  assert.ok(batches.length > 2);
  for (const batch of batches) assert.ok(formatFrame("list", batch).length <= TEXT_MAX);
  assert.ok(batches[0]!.join("").length >= BATCH_CHARS);
  assert.deepEqual([...batchRows([], () => 1)], []);
});

function formatData(bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(5 + bytes.length);
  writeHeader(frame, { kind: "data", length: bytes.length });
  frame.set(bytes, 5);
  return frame;
}

function readAll(stream: Uint8Array, cuts: readonly number[]): unknown[] {
  const parse = createFrameParser();
  const frames: unknown[] = [];
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const size = cuts[turn % cuts.length]!;
    for (const frame of parse(stream.subarray(at, at + size))) frames.push(copy(frame));
    at += size;
  }
  return frames;
}

function copy(frame: Frame): unknown {
  return frame.kind === "data" ? { kind: "data", bytes: [...frame.bytes] } : frame;
}

/** Where one frame of data ends means nothing. */
function mergeData(frames: readonly unknown[]): unknown[] {
  const merged: unknown[] = [];
  for (const frame of frames as { kind: string; bytes?: number[] }[]) {
    const last = merged.at(-1) as { kind: string; bytes: number[] } | undefined;
    if (frame.kind !== "data") merged.push(frame);
    else if (frame.bytes!.length === 0) continue;
    else if (last?.kind === "data") { for (const byte of frame.bytes!) last.bytes.push(byte); }
    else merged.push({ kind: "data", bytes: [...frame.bytes!] });
  }
  return merged;
}

function length(bytes: number): number[] {
  return [bytes >>> 24, (bytes >>> 16) & 255, (bytes >>> 8) & 255, bytes & 255];
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
