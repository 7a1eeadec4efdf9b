import assert from "node:assert/strict";
import fc from "fast-check";
import {
  forgetHeld,
  heldFiles,
  type HeldRecord,
  observeHeld,
  parseHeldRecord,
  writeHeldRecord,
} from "../../../src/hold/held.ts";
import { passLines } from "../../../src/hold/client.ts";
import { lockFile } from "../../../src/files.ts";

const KEY = { cageId: "api-1a2b3c", name: "desk" };
const RECORD: HeldRecord = {
  schema: 1,
  pid: 4711,
  service: "claude",
  startedAt: "2026-01-02T03:04:05.000Z",
};

Deno.test("observeHeld() tells absent, starting, ready and cut off, by the lock alone", async () => {
  const stateDir = await Deno.makeTempDir();
  try {
    const files = heldFiles(stateDir, KEY);
    assert.deepEqual(await observeHeld(stateDir, KEY), { kind: "absent" });
    assert.deepEqual([...Deno.readDirSync(stateDir)], [], "looking makes nothing");
    {
      using _lock = await lockFile(files.lock);
      assert.deepEqual(await observeHeld(stateDir, KEY), { kind: "starting", record: undefined });
      await writeHeldRecord(files, RECORD);
      assert.deepEqual(await observeHeld(stateDir, KEY), { kind: "starting", record: RECORD });
      const ready = { ...RECORD, container: "c" };
      await writeHeldRecord(files, ready);
      assert.deepEqual(await observeHeld(stateDir, KEY), {
        kind: "ready",
        record: ready,
        container: "c",
      });
    }
    const cut = await observeHeld(stateDir, KEY);
    assert.equal(cut.kind, "cut-off");
    await forgetHeld(files);
    assert.deepEqual(await observeHeld(stateDir, KEY), { kind: "absent" });
  } finally {
    await Deno.remove(stateDir, { recursive: true });
  }
});

for (
  const [title, text] of [
    ["nothing", undefined],
    ["half a record", '{"schema":1,"pid":'],
    ["a list", "[]"],
    ["another schema", JSON.stringify({ ...RECORD, schema: 2 })],
    ["a process id that is none", JSON.stringify({ ...RECORD, pid: "1" })],
    ["a container that is no name", JSON.stringify({ ...RECORD, container: 7 })],
  ] as const
) {
  Deno.test(`parseHeldRecord() takes ${title} for none`, () => {
    assert.equal(parseHeldRecord(text), undefined);
  });
}

Deno.test("passLines() gives every line, however the bytes are cut", async () => {
  const line = fc.string({ maxLength: 20 }).map((text) => text.replace(/[\r\n\ufeff]/g, ""));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 7 }), async (lines, size) => {
      const bytes = new TextEncoder().encode(lines.map((text) => `${text}\n`).join(""));
      const pieces = Array.from(
        { length: Math.ceil(bytes.length / size) },
        (_, index) => bytes.slice(index * size, (index + 1) * size),
      );
      const seen: string[] = [];
      await passLines(ReadableStream.from(pieces), (text) => seen.push(text));
      assert.deepEqual(seen, lines);
    }),
  );
});

Deno.test("passLines() passes a line without end on in pieces", async () => {
  const seen: string[] = [];
  const piece = new TextEncoder().encode("x".repeat(5_000));
  await passLines(ReadableStream.from([piece, piece]), (text) => seen.push(text));
  assert.equal(seen.join("").length, 10_000);
  assert.ok(seen.length > 1);
});
