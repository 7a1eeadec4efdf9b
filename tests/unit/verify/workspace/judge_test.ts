import assert from "node:assert/strict";
import type { Finding } from "../../../../src/verify/case.ts";
import {
  judgeGit,
  judgeLinks,
  judgeNames,
  judgeReview,
  judgeRules,
  type Landing,
} from "../../../../src/verify/workspace/judge.ts";
import type { HostEntry } from "../../../../src/verify/workspace/landing.ts";

const JUDGES = {
  W01: judgeLinks,
  W02: judgeNames,
  W03: judgeGit,
  W04: judgeRules,
  W05: judgeReview,
} as const satisfies Record<string, (landing: Landing) => Finding>;

const file = (text: string, change: Partial<HostEntry> = {}): HostEntry =>
  ({ kind: "file", text, mode: 0o644, links: 1, ...change }) as HostEntry;

const BEFORE: [string, HostEntry][] = [
  ["free.txt", file("mine\n")],
  ["removed.txt", file("mine\n")],
  ["mine.md", file("mine\n")],
  ["ignored.log", file("mine\n")],
  ["plain", file("mine\n")],
  ["replaced", { kind: "dir" }],
  ["replaced/file", file("mine\n")],
];

const AFTER: [string, HostEntry][] = [
  ...BEFORE.filter(([path]) => path !== "removed.txt" && path !== "free.txt"),
  ["free.txt", file("theirs\n")],
  ["good", { kind: "link", target: "dir/file" }],
  ["-rf", file("dash\n")],
  ["new\nline", file("nl\n")],
];

const LISTED = [".claude/settings.json", ".envrc", ".github/workflows/ci.yml"]
  .concat(".vscode/tasks.json", "package.json");

const SHOWN = "new^Jline esc-come^[ esc-stay esc-ask esc-text";

const HELD: Landing = {
  shown: SHOWN,
  unasked: {
    code: 5,
    text: LISTED.map((path) => `"${path}": runs`).join("\n"),
    tree: new Map(BEFORE),
  },
  code: 0,
  before: new Map(BEFORE),
  after: new Map(AFTER),
  outside: new Map([["file", file("untouched\n")]]),
  canary: { inside: true, host: false },
};

function judge(landing: Landing, part: "held" | "control"): string[] {
  return Object.entries(JUDGES).filter(([, each]) => !each(landing)[part]).map(([id]) => id);
}

const after = (...entries: [string, HostEntry][]): Partial<Landing> => ({
  after: new Map([...AFTER, ...entries]),
});

Deno.test("a landing as it should be is held, with its controls", () => {
  assert.deepEqual([judge(HELD, "held"), judge(HELD, "control")], [[], []]);
});

for (
  const [what, change, id] of [
    ["a link out came", after(["system", { kind: "link", target: "/etc/passwd" }]), "W01"],
    ["a link took a file's place", after(["plain", file("host name\n")]), "W01"],
    ["a file outside was written", { outside: new Map([["file", file("theirs\n")]]) }, "W01"],
    ["a file came outside", {
      outside: new Map([["file", file("untouched\n")], ["x", file("")]]),
    }, "W01"],
    ["a pipe came", after(["fifo", { kind: "other" }]), "W02"],
    ["a setuid file came", after(["tool", file("", { mode: 0o4755 })]), "W02"],
    ["a hard link came", after(["hard", file("", { links: 2 })]), "W02"],
    ["a file of git's came", after(["sub/.git/config", file("")]), "W02"],
    ["a twin of git's came", after(["GIT~1/config", file("")]), "W02"],
    ["a name acted on the terminal", { shown: `${SHOWN}\x1b[31m` }, "W02"],
    ["a name acted on it in one byte", { shown: `${SHOWN}\x9b31m` }, "W02"],
    ["a name turned text around", { shown: `${SHOWN}\u202e` }, "W02"],
    ["a name made a line of its own", { shown: `${SHOWN}\nline` }, "W02"],
    ["what was planted ran", { canary: { inside: true, host: true } }, "W03"],
    ["a protected file was replaced", after(["mine.md", file("theirs\n")]), "W04"],
    ["an ignored file was replaced", after(["ignored.log", file("theirs\n")]), "W04"],
    ["it came without a yes", { unasked: { ...HELD.unasked, code: 0 } }, "W05"],
    ["one was not named", { unasked: { ...HELD.unasked, text: '".envrc": ' } }, "W05"],
    ["something came before", {
      unasked: { ...HELD.unasked, tree: new Map([...BEFORE, ["x", file("")]]) },
    }, "W05"],
  ] as const
) {
  Deno.test(`${id} does not hold when ${what}`, () => {
    assert.deepEqual(judge({ ...HELD, ...change }, "held"), [id]);
  });
}

Deno.test("an export that brought nothing proves nothing", () => {
  const nothing = { ...HELD, code: 1, after: new Map(BEFORE) };
  assert.deepEqual(judge(nothing, "control"), Object.keys(JUDGES));
  assert.deepEqual(judge({ ...HELD, shown: "" }, "control"), ["W02"]);
  const quiet = { ...HELD, canary: { inside: false, host: false } };
  assert.deepEqual(judge(quiet, "control"), ["W03"]);
});
