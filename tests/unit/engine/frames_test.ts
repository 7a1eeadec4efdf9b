import assert from "node:assert/strict";
import fc from "fast-check";
import { createFrameReader } from "../../../src/engine/frames.ts";

Deno.test("createFrameReader() parts two streams, however the frames are cut", () => {
  const frame = fc.record({
    stream: fc.constantFrom(1, 2),
    payload: fc.uint8Array({ maxLength: 50 }),
  });
  fc.assert(
    fc.property(fc.array(frame), fc.integer({ min: 1, max: 40 }), (frames, size) => {
      const bytes = frames.flatMap(({ stream, payload }) => [
        ...[stream, 0, 0, 0, 0, 0, 0, payload.length],
        ...payload,
      ]);
      const read = createFrameReader();
      const out: Record<number, number[]> = { 1: [], 2: [] };
      for (let at = 0; at < bytes.length; at += size) {
        let rest = new Uint8Array(bytes.slice(at, at + size));
        while (rest.length > 0) {
          const { stream, piece, length } = read(rest);
          if (piece.length > 0) out[stream]!.push(...piece);
          assert.ok(length > 0);
          rest = rest.subarray(length);
        }
      }
      for (const which of [1, 2]) {
        const want = frames.filter(({ stream }) => stream === which)
          .flatMap(({ payload }) => [...payload]);
        assert.deepEqual(out[which], want);
      }
    }),
  );
});
