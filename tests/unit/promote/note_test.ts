import assert from "node:assert/strict";
import { join } from "node:path";
import { findNote, planNote, writeNote } from "../../../src/promote/note.ts";
import type { LookOutcome } from "../../../src/promote/look.ts";
import { makeTemp } from "../support/workspace.ts";

const AT = "2026-01-02T03:04:05.000Z";
const TO = "b".repeat(40);

const LANDED: LookOutcome = {
  kind: "landed",
  commits: 2,
  from: "a".repeat(40),
  to: TO,
  changed: [],
};
const HELD: LookOutcome = {
  kind: "waiting",
  pending: 3,
  wait: { kind: "held", reason: "detached", text: "t", hint: "h" },
};

Deno.test("a note says how the last look ended, and keeps what landed last", () => {
  const landed = { at: AT, commits: 2, to: TO };
  const first = planNote(undefined, LANDED, { at: AT });
  assert.deepEqual(first, { schema: 1, at: AT, state: "landed", pending: 0, landed });
  const sides = [{ name: "x", branch: "sandcage/a/x" }];
  const later = planNote(first, HELD, { at: "later", sides });
  assert.deepEqual(later, { schema: 1, at: "later", state: "held", pending: 3, landed, sides });
  assert.deepEqual(planNote(undefined, { kind: "idle" }, { at: AT }), {
    schema: 1,
    at: AT,
    state: "idle",
    pending: 0,
  });
});

Deno.test("a note is read as it was written; one that is not whole is none", async () => {
  await using temp = await makeTemp();
  const path = join(temp.path, "note.json");
  assert.equal(await findNote(path), undefined);
  const note = planNote(undefined, HELD, { at: AT });
  await writeNote(path, note);
  assert.deepEqual(await findNote(path), note);
  for (const text of ["", "{", "[]", '{"schema":2,"at":"x","pending":0}', '{"schema":1}']) {
    await Deno.writeTextFile(path, text);
    assert.equal(await findNote(path), undefined, text);
  }
});
