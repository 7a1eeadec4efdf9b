import assert from "node:assert/strict";
import { formatPromoteStatus } from "../../../src/cli/promote_words.ts";
import type { PromoteStatus } from "../../../src/promote/cage/status.ts";

const STATUS: PromoteStatus = {
  name: "web",
  id: "web-0a0a0a",
  mode: "promote",
  cage: "running",
  branch: "user/w\x1bork",
  base: "a".repeat(40),
  state: "paused",
  text: "Commits wait",
  pending: 2,
  paths: ["a.txt", "b.txt"],
  landed: { at: "2026-01-02T05:00:05.000Z", commits: 1, to: "b".repeat(40) },
  identity: { name: "Ada \x1b[2J", email: "ada@example.com" },
  project: "/w/w\neb",
  service: "claude",
  createdAt: "2026-01-02T03:04:05.000Z",
  sessions: [{ id: "01234567", service: "claude", startedAt: "2026-01-02T05:00:05.000Z" }],
  sides: [
    { name: "fix/it", branch: "sandcage/web-0a0a0a/fix/it" },
    { name: "gone" },
    { name: "kept", problem: "it is\x1b checked out" },
  ],
  review: [{ path: ".en\x1bvrc", reason: "direnv runs it" }],
  problems: ["what held it was killed\x07"],
  next: "Remove them\nor commit them",
};

const AT = { nowMs: Date.parse("2026-01-02T05:04:05Z") };

Deno.test("the status of a promoted cage is a line for each thing, and nothing acts on a terminal", () => {
  assert.equal(
    formatPromoteStatus(STATUS, AT),
    [
      "cage     web (web-0a0a0a), running",
      "branch   user/w^[ork of /w/w^Jeb",
      "state    paused: Commits wait",
      "         a.txt",
      "         b.txt",
      "pending  2 commits",
      "landed   1 commit 4m ago, up to bbbbbbbbbbbb",
      "author   Ada ^[[2J <ada@example.com>",
      "service  claude",
      "made     2h ago, of aaaaaaaaaaaa",
      "session  claude since 4m ago (01234567)",
      "side     fix/it is on sandcage/web-0a0a0a/fix/it",
      "side     gone: removed here",
      "side     kept stays inside: it is^[ checked out",
      "review   .en^[vrc: direnv runs it",
      "problem  what held it was killed^G",
      "next     Remove them or commit them",
      "",
    ].join("\n"),
  );
});

Deno.test("what cannot be told is left out, and nothing landed is said", () => {
  const { pending: _pending, landed: _landed, ...rest } = STATUS;
  const text = formatPromoteStatus({ ...rest, sides: [], review: [], problems: [] }, AT);
  assert.match(text, /^landed +nothing yet$/m);
  assert.doesNotMatch(text, /^(pending|side|review|problem) /m);
});

Deno.test("of a long review the first are shown, and how many more there are", () => {
  const review = Array.from({ length: 25 }, (_, at) => ({ path: `p${at}`, reason: "r" }));
  const text = formatPromoteStatus({ ...STATUS, review }, AT);
  assert.equal(text.match(/^review /gm)?.length, 21);
  assert.match(text, /^review +and 5 more: --json$/m);
});
