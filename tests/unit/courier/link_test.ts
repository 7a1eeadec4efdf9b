import assert from "node:assert/strict";
import { createLink, CutError } from "../../../src/courier/link.ts";
import {
  createDataPacker,
  createFrameParser,
  formatFrame,
  type Frame,
  FrameError,
} from "../../../src/tree/frames.ts";

/** A link whose input is given, and what it wrote. */
function open(input: Uint8Array, pieceBytes = 3) {
  const written: Frame[] = [];
  const parse = createFrameParser();
  let at = 0;
  const link = createLink({
    read(buffer) {
      const piece = input.subarray(at, at + Math.min(pieceBytes, buffer.length));
      buffer.set(piece);
      at += piece.length;
      return piece.length;
    },
    write(bytes) {
      for (const frame of parse(bytes)) {
        written.push(frame.kind === "data" ? { ...frame, bytes: frame.bytes.slice() } : frame);
      }
    },
  });
  return { link, written };
}

function join(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

function data(...bytes: number[]): Uint8Array {
  const packer = createDataPacker();
  assert.deepEqual([...packer.add(new Uint8Array(bytes))], []);
  return packer.rest()!.slice();
}

Deno.test("a request is its rows, its data and its end, and the next one follows", () => {
  const { link } = open(join(
    ...[formatFrame("request", { op: "change" }), formatFrame("list", [1, 2])],
    ...[formatFrame("list", [3]), data(7, 8), data(9), formatFrame("end", null)],
    formatFrame("request", { op: "scan" }),
  ));
  assert.deepEqual(link.next(), { kind: "request", value: { op: "change" } });
  assert.deepEqual([...link.rows()], [1, 2, 3]);
  assert.deepEqual(Array.from(link.data(), (bytes) => [...bytes]).flat(), [7, 8, 9]);
  assert.deepEqual(link.next(), { kind: "request", value: { op: "scan" } });
  assert.deepEqual([...open(formatFrame("end", null)).link.rows()], []);
  assert.equal(link.next(), undefined);
});

Deno.test("input that ends in the middle is a cut, between requests it is the end", () => {
  const half = join(formatFrame("list", [1]), data(1, 2));
  assert.throws(() => {
    const { link } = open(half);
    return [[...link.rows()], [...link.data()]];
  }, CutError);
  assert.throws(() => [...open(formatFrame("list", [1])).link.rows()], CutError);
  assert.throws(() => open(new Uint8Array(0)).link.expectEnd(), CutError);
  assert.equal(open(new Uint8Array(0)).link.next(), undefined);
});

Deno.test("a frame out of its place is refused", () => {
  assert.throws(() => open(data(1)).link.expectEnd(), FrameError);
  assert.throws(() => [...open(formatFrame("list", [1])).link.data()], FrameError);
  assert.throws(() => [...open(formatFrame("list", { no: "list" })).link.rows()], FrameError);
});

Deno.test("what is sent arrives whole, the small pieces together", () => {
  const { link, written } = open(new Uint8Array(0));
  link.send("hello", { protocol: 1 });
  link.sendData([new Uint8Array([1]), new Uint8Array([2, 3]), new Uint8Array(0)]);
  link.send("done", undefined);
  assert.deepEqual(written, [
    { kind: "hello", value: { protocol: 1 } },
    { kind: "data", bytes: new Uint8Array([1, 2, 3]) },
    { kind: "done", value: null },
  ]);
});
