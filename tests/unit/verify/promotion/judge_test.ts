import assert from "node:assert/strict";
import type { Finding } from "../../../../src/verify/case.ts";
import {
  type Attempt,
  judgeBomb,
  judgeCrossing,
  judgeGuarded,
  judgeHooks,
  judgeInside,
  judgeRefs,
  judgeRewritten,
  judgeWords,
  type Promotion,
} from "../../../../src/verify/promotion/judge.ts";
import type { CrossedCommit, CrossedSide } from "../../../../src/verify/promotion/look.ts";
import { COMMITTED, MARKS, USER } from "../../../../src/verify/promotion/place.ts";

const JUDGES = {
  P01: judgeCrossing,
  P02: judgeGuarded,
  P04: judgeRewritten,
  P11: judgeHooks,
  P12: judgeBomb,
  P13: judgeRefs,
  P14: judgeInside,
  P15: judgeWords,
} as const satisfies Record<string, (promotion: Promotion) => Finding>;

const WAITS: Attempt = {
  what: "something",
  before: "same",
  after: "same",
  code: 5,
  unnamed: [],
  resumed: true,
};

const USERS = [`author ${USER.name} <${USER.email}>`, `committer ${USER.name} <${USER.email}>`];
const GHOST = ["author Ghost <g@x>", "committer Ghost <g@x>"];

const PLAIN: CrossedCommit = {
  message: "one\n",
  parents: [-1],
  dates: [" 1 +0000", " 2 +0000"],
  others: ["encoding x"],
  people: GHOST,
};

const INNER: CrossedSide = {
  commits: [PLAIN, { ...PLAIN, message: "two\n", parents: [0, -1] }],
  changes: ":000000 100644 0 1 A\ta\n",
  files: "100644 blob 1\ta",
};

const OUTER: CrossedSide = {
  ...INNER,
  commits: INNER.commits.map((commit) => ({ ...commit, people: USERS })),
};

const HELD: Promotion = {
  inside: `README ${COMMITTED}`,
  crossing: { inner: INNER, outer: OUTER, made: 2, landed: "a1", again: "a1" },
  guarded: [WAITS, WAITS],
  rewritten: { ...WAITS, isOffered: true },
  hooks: { ran: [], fires: { inside: true, hook: true, filter: true }, filtered: WAITS },
  bomb: { ...WAITS, left: [] },
  refs: {
    made: ["refs/heads/review", "own"],
    allowed: ["refs/heads/review", "own"],
    wanted: "own",
  },
  said: 'Commits wait: "e^[[31msc.txt/keep" is in a directory',
};

function judge(promotion: Promotion, part: "held" | "control"): string[] {
  return Object.entries(JUDGES).filter(([, each]) => !each(promotion)[part]).map(([id]) => id);
}

Deno.test("a promotion as it should be is held, with its controls", () => {
  assert.deepEqual([judge(HELD, "held"), judge(HELD, "control")], [[], []]);
});

const crossing = (change: Partial<Promotion["crossing"]>): Partial<Promotion> => ({
  crossing: { ...HELD.crossing, ...change },
});

const landed = (change: Partial<CrossedCommit>): Partial<Promotion> =>
  crossing({
    outer: { ...OUTER, commits: [{ ...OUTER.commits[0]!, ...change }, OUTER.commits[1]!] },
  });

const moved: Attempt = { ...WAITS, after: "other" };
const taken: Attempt = { ...WAITS, code: 0 };

for (
  const [what, change, id] of [
    ["a message has lost its end", landed({ message: "one" }), "P01"],
    ["a commit has another parent", landed({ parents: [] }), "P01"],
    ["a date is another", landed({ dates: [" 1 +0000", " 3 +0000"] }), "P01"],
    ["a header is gone", landed({ others: [] }), "P01"],
    ["a commit is the agent's", landed({ people: GHOST }), "P01"],
    [
      "a commit is missing",
      crossing({ outer: { ...OUTER, commits: OUTER.commits.slice(1) } }),
      "P01",
    ],
    ["a commit changes another file", crossing({ outer: { ...OUTER, changes: "" } }), "P01"],
    ["a file is another", crossing({ outer: { ...OUTER, files: "100755 blob 1\ta" } }), "P01"],
    ["made again it is another", crossing({ again: "b2" }), "P01"],
    ["something of the user's changed", { guarded: [WAITS, moved] }, "P02"],
    ["it was not refused", { guarded: [taken, WAITS] }, "P02"],
    ["a path was not named", { guarded: [{ ...WAITS, unnamed: ["a"] }] }, "P02"],
    ["the branch was rewritten", { rewritten: { ...moved, isOffered: true } }, "P04"],
    ["rewritten history landed", { rewritten: { ...taken, isOffered: true } }, "P04"],
    ["a hook ran", { hooks: { ...HELD.hooks, ran: ["a hook"] } }, "P11"],
    ["a filter had nothing in its way", { hooks: { ...HELD.hooks, filtered: taken } }, "P11"],
    ["what is too large landed", { bomb: { ...taken, left: [] } }, "P12"],
    ["something of it stayed", { bomb: { ...WAITS, left: ["tmp_x"] } }, "P12"],
    ["a tag came", { refs: { ...HELD.refs, made: ["own", "refs/tags/v9"] } }, "P13"],
    ["a branch was moved", { refs: { ...HELD.refs, made: ["own", "refs/heads/x, moved"] } }, "P13"],
    ...Object.values(MARKS).map((mark) =>
      [`${mark} is inside`, { inside: `${HELD.inside} ${mark}` }, "P14"] as const
    ),
    ["the user's name is inside", { inside: `${HELD.inside} ${USER.name}` }, "P14"],
    ["a name acted on the terminal", { said: `${HELD.said} e\x1b[31msc.txt` }, "P15"],
    ["a C1 byte acted on it", { said: `${HELD.said} \x9b31m` }, "P15"],
  ] as const
) {
  Deno.test(`${id} does not hold when ${what}`, () => {
    assert.deepEqual(judge({ ...HELD, ...change }, "held"), [id]);
  });
}

for (
  const [what, change, ids] of [
    ["fewer commits were made than meant", crossing({ made: 3 }), ["P01"]],
    ["no merge was among them", {
      crossing: {
        ...HELD.crossing,
        inner: { ...INNER, commits: [PLAIN] },
        outer: { ...OUTER, commits: [OUTER.commits[0]!] },
        made: 1,
      },
    }, ["P01"]],
    ["nothing landed afterwards", { guarded: [WAITS, { ...WAITS, resumed: false }] }, ["P02"]],
    ["nothing was tried", { guarded: [] }, ["P02"]],
    ["it came on no branch", { rewritten: { ...WAITS, isOffered: false } }, ["P04"]],
    ["the hook would not have run", {
      hooks: { ...HELD.hooks, fires: { inside: true, hook: false, filter: true } },
    }, ["P11"]],
    ["the next commit did not land", { bomb: { ...WAITS, left: [], resumed: false } }, ["P12"]],
    ["no ref came at all", { refs: { ...HELD.refs, made: [] } }, ["P13"]],
    ["nothing was looked at", { inside: "" }, ["P14"]],
    ["the name was not told", { said: "Commits wait" }, ["P15"]],
  ] as const
) {
  Deno.test(`${ids.join()} proves nothing when ${what}`, () => {
    const promotion = { ...HELD, ...change };
    assert.deepEqual([judge(promotion, "control"), judge(promotion, "held")], [ids, []]);
  });
}
