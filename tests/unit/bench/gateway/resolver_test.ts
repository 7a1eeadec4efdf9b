import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { formatAnswer } from "../../../bench/gateway/resolver.ts";
import { formatQuery } from "../../../fuzz/seeds/dns.ts";

const ADDRESSES = new Map([["files.bench.test", "127.77.0.3"]]);

/** Code, number of answers, and the last four bytes. */
function read(name: string, options: { type?: number } = {}): [number, number, string] {
  const answer = Buffer.from(formatAnswer(formatQuery(name, options), ADDRESSES));
  return [answer[3]! & 15, answer.readUInt16BE(6), [...answer.subarray(-4)].join(".")];
}

Deno.test("formatAnswer() answers A for its names, in any case, and has no other type", () => {
  assert.deepEqual(read("files.bench.test"), [0, 1, "127.77.0.3"]);
  assert.deepEqual(read("FILES.bench.test"), [0, 1, "127.77.0.3"]);
  assert.deepEqual(read("files.bench.test", { type: 28 }).slice(0, 2), [0, 0]);
});

Deno.test("formatAnswer() knows no other name", () => {
  assert.deepEqual(read("other.bench.test").slice(0, 2), [3, 0]);
});
