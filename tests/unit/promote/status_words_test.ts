import assert from "node:assert/strict";
import { findNote, planNote, writeNote } from "../../../src/promote/note.ts";
import type { LookOutcome } from "../../../src/promote/look.ts";
import { describeLook, formatLook, formatWords } from "../../../src/promote/status_words.ts";

const BRANCH = { branch: "refs/heads/feature/x" };

const OUTCOMES: Record<string, LookOutcome> = {
  idle: { kind: "idle" },
  landed: {
    kind: "landed",
    commits: 1,
    from: "a".repeat(40),
    to: "b".repeat(40),
    changed: ["a", "b"],
  },
  held: {
    kind: "waiting",
    pending: 3,
    wait: { kind: "held", reason: "detached", text: "Commits wait: no branch", hint: "Go back" },
  },
  paused: {
    kind: "waiting",
    pending: 1,
    wait: {
      kind: "paused",
      reason: "collision",
      text: "Commits wait: in the way",
      hint: "Move it",
      paths: Array.from({ length: 12 }, (_, index) => `p${index}`),
    },
  },
  failed: { kind: "failed", failure: { kind: "too-big", text: "Too large", hint: "Less" } },
};

for (
  const [name, log, state, pending] of [
    ["idle", 'idle: Everything that is committed is on "feature/x"', "idle", 0],
    ["landed", 'landed: 1 commit landed on "feature/x": 2 files, now at bbbbbbbbbbbb', "landed", 0],
    ["held", "held (3 commits): Commits wait: no branch; Go back", "held", 3],
    ["failed", "failed: Too large; Less", "failed", 0],
  ] as const
) {
  Deno.test(`a look that is ${name} in words`, () => {
    const outcome = OUTCOMES[name]!;
    const words = describeLook(outcome, BRANCH);
    assert.equal(formatLook(words, { pending }), log);
    const note = planNote(undefined, outcome, { at: "2026-11-21T00:00:00.000Z" });
    assert.deepEqual([note.state, note.pending], [state, pending]);
  });
}

Deno.test("a look that only tells says what would land", () => {
  const words = describeLook(OUTCOMES.landed!, { ...BRANCH, act: "tell" });
  assert.equal(words.text, '1 commit would land on "feature/x": 2 files');
});

Deno.test("paths in the way are named, and counted where they are many", () => {
  const lines = formatWords(describeLook(OUTCOMES.paused!, BRANCH)).split("\n");
  assert.deepEqual([lines[0], lines[1], lines.at(-3), lines.at(-2), lines.at(-1)], [
    "Commits wait: in the way",
    "  p0",
    "  p9",
    "  and 2 more",
    "Move it",
  ]);
});

Deno.test("a note keeps what landed last, and one that is cut short is none", async () => {
  const path = await Deno.makeTempFile();
  try {
    const landed = planNote(undefined, OUTCOMES.landed!, { at: "2026-11-21T00:00:00.000Z" });
    const later = planNote(landed, OUTCOMES.idle!, { at: "2026-11-21T00:00:05.000Z" });
    assert.deepEqual(later.landed, landed.landed);
    await writeNote(path, later);
    assert.deepEqual(await findNote(path), later);
    await Deno.writeTextFile(path, '{"schema":1,"at"');
    assert.equal(await findNote(path), undefined);
    await Deno.writeTextFile(path, "{}");
    assert.equal(await findNote(path), undefined);
    assert.equal(await findNote(`${path}.none`), undefined);
  } finally {
    await Deno.remove(path);
  }
});
