import assert from "node:assert/strict";
import fc from "fast-check";
import { createRecorder, type Entry } from "../../../src/acp/record.ts";

const AT = Date.parse("2026-01-02T03:04:05Z");

async function record(entries: readonly Entry[], write?: (bytes: Uint8Array) => Promise<void>) {
  let text = "";
  const failures: unknown[] = [];
  const recorder = createRecorder(
    write ?? ((bytes) => {
      text += new TextDecoder().decode(bytes);
      return Promise.resolve();
    }),
    { nowMs: () => AT, onFailed: (error) => failures.push(error) },
  );
  for (const entry of entries) recorder.add(entry);
  await recorder.close();
  return { lines: text.split("\n").filter(Boolean).map((line) => JSON.parse(line)), failures };
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

Deno.test("a line is an entry with its time and its side, a fate follows it", async () => {
  const { lines } = await record([
    { from: "client", bytes: bytesOf('{"id":1}\n'), more: false },
    { from: "client", fate: "refused" },
    { from: "agent", bytes: new Uint8Array([0xff, 0x0a]), more: false },
  ]);
  const at = new Date(AT).toISOString();
  assert.deepEqual(lines, [
    { at, from: "client", text: '{"id":1}' },
    { at, from: "client", fate: "refused" },
    { at, from: "agent", base64: "/w==" },
  ]);
});

Deno.test("a long line in pieces is text, wherever it was cut", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme" }), fc.array(fc.nat(9)), async (text, cuts) => {
      const bytes = bytesOf(text);
      const entries: Entry[] = [];
      let at = 0;
      for (const cut of cuts) {
        entries.push({ from: "agent", bytes: bytes.subarray(at, at + cut), more: true });
        at += cut;
      }
      entries.push({ from: "agent", bytes: bytes.subarray(at), more: false });
      const { lines } = await record(entries);
      assert.equal(lines.map((line) => line.text).join(""), text.toWellFormed());
    }),
  );
});

Deno.test("a disk that is too slow loses lines and says how much, and nobody waits", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let text = "";
  const recorder = createRecorder(async (bytes) => {
    await promise;
    text += new TextDecoder().decode(bytes);
  }, { nowMs: () => AT, onFailed: assert.fail });
  const piece = bytesOf("x".repeat(1024 * 1024));
  for (let at = 0; at < 20; at++) recorder.add({ from: "agent", bytes: piece, more: false });
  resolve();
  await recorder.close();
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  const lost = lines.reduce((sum, line) => sum + (line.lost ?? 0), 0);
  const kept = lines.reduce((sum, line) => sum + (line.text?.length ?? 0), 0);
  assert.ok(lost > 0);
  assert.equal(lost + kept, 20 * piece.length);
});

Deno.test("a disk that fails is said once, and the conversation goes on", async () => {
  const { failures } = await record([
    { from: "agent", bytes: bytesOf("a\n"), more: false },
    { from: "agent", bytes: bytesOf("b\n"), more: false },
  ], () => Promise.reject(new Error("No space left on device")));
  assert.equal(failures.length, 1);
});
