import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import {
  type ArchiveEntry,
  formatArchiveHeader,
  parseArchiveBlock,
} from "../../../src/courier/archive_header.ts";

const BLOCK = 512;

const bytes = (maxLength: number) =>
  fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength })
    .map((codes) => Buffer.from(codes).toString("latin1").replaceAll("/", "_"));

const entries: fc.Arbitrary<ArchiveEntry> = fc.record({
  path: bytes(300),
  kind: fc.constantFrom("file", "dir", "link", "hardLink"),
  mode: fc.integer({ min: 0, max: 0o7777 }),
  size: fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 50 })),
  mtimeMs: fc.integer({ min: 0, max: 4e12 }),
  target: fc.oneof(fc.constant(""), bytes(300)),
});

Deno.test("what a checkpoint says of an entry is read as it was written, with every name", () => {
  fc.assert(fc.property(entries, (entry) => {
    assert.deepEqual(parseHeader(formatArchiveHeader(entry)), { ...entry });
  }));
});

Deno.test("a time that is no number is refused, though its sum is right", () => {
  const [entry] = fc.sample(entries, { numRuns: 1, seed: 1 });
  const block = Buffer.from(formatArchiveHeader({ ...entry!, path: "a", target: "" }));
  const sum = Number.parseInt(block.toString("latin1", 148, 154), 8);
  const before = block.subarray(500, 503).reduce((all, byte) => all + byte, 0);
  block.write("xyz", 500, "latin1");
  const after = block.subarray(500, 503).reduce((all, byte) => all + byte, 0);
  block.write((sum - before + after).toString(8).padStart(6, "0"), 148, "latin1");
  assert.throws(() => parseArchiveBlock(block), /The checkpoint is damaged: a time is none/);
});

Deno.test("a size below 0 is refused, though its sum is right", () => {
  const [entry] = fc.sample(entries, { numRuns: 1, seed: 1 });
  const block = Buffer.from(formatArchiveHeader({ ...entry!, path: "a", target: "", size: 7 }));
  const sum = Number.parseInt(block.toString("latin1", 148, 154), 8);
  const before = block.subarray(124, 126).reduce((all, byte) => all + byte, 0);
  block.write("-1", 124, "latin1");
  const after = block.subarray(124, 126).reduce((all, byte) => all + byte, 0);
  block.write((sum - before + after).toString(8).padStart(6, "0"), 148, "latin1");
  assert.throws(() => parseArchiveBlock(block), /The checkpoint is damaged: a number is below 0/);
});

Deno.test("a block that was changed is refused", () => {
  fc.assert(fc.property(entries, fc.nat({ max: BLOCK - 1 }), (entry, at) => {
    const block = Buffer.from(formatArchiveHeader(entry).subarray(0, BLOCK));
    // Of the sum, its last two bytes say nothing.
    fc.pre(at !== 154 && at !== 155);
    block[at] = block[at]! ^ 0x15;
    assert.throws(() => parseArchiveBlock(block), /The checkpoint is damaged/);
  }));
});

Deno.test("zeros are the end", () => {
  assert.deepEqual(parseArchiveBlock(Buffer.alloc(BLOCK)), { type: "end" });
});

function parseHeader(blocks: Buffer): ArchiveEntry {
  const long: { path?: string; target?: string } = {};
  for (let at = 0;; at += BLOCK) {
    const block = parseArchiveBlock(blocks.subarray(at, at + BLOCK));
    if (block.type === "end") throw new Error("it ended");
    if (block.type === "entry") {
      assert.equal(at + BLOCK, blocks.length);
      const entry = { ...block.entry, ...long };
      return { ...entry, path: entry.kind === "dir" ? entry.path.slice(0, -1) : entry.path };
    }
    const text = blocks.toString("latin1", at + BLOCK, at + BLOCK + block.size - 1);
    if (block.type === "longPath") long.path = text;
    else long.target = text;
    at += Math.ceil(block.size / BLOCK) * BLOCK;
  }
}
