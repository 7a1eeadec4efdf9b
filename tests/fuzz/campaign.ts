import { findGrowthProblem, makeGrowth } from "./grow.ts";
import { type Case, findProblem, kindOf, makeCase, play, SLOWEST_MS } from "./play.ts";
import { shrink } from "./shrink.ts";
import { addVerdict, emptyTally, type Tally } from "./tally.ts";
import type { Finding, Target } from "./target.ts";

/** What was done and what it showed. */
export type Outcome = { cases: number; tally: Tally; findings: Finding[] };

/** How many cases are read, and which. */
export type CampaignOptions = {
  seed: number;
  cases: number;
  /** Number of the first one. Defaults to 0. */
  first?: number;
  /** When it is over, whatever is left, as `performance.now()` tells it. */
  endMs?: number;
  /** Called before a case, of each {@link PACE} or, with `every`, of all. */
  onCase?(index: number): void;
  every?: boolean;
};

/** One case of so many is a long one: whether time grows with its square. */
export const GROW_EVERY = 10_000;

/** How many cases are read between two looks at the time. */
const PACE = 64;

/** Reads cases of one target in this process; every case follows from the seed and its number. */
export function runTarget(target: Target, options: CampaignOptions): Outcome {
  const { seed, cases, first = 0, endMs = Infinity } = options;
  const tally = emptyTally();
  const kinds = new Map<string, Finding>();
  let index = first;
  for (; index < first + cases; index++) {
    if (index % PACE === 0 && performance.now() > endMs) break;
    if (options.every === true || index % PACE === 0) options.onCase?.(index);
    if (index % GROW_EVERY === GROW_EVERY - 1) {
      const growth = makeGrowth(target, { seed, index });
      const problem = findGrowthProblem(growth, (long) => play(target, long));
      if (problem !== undefined) note(kinds, { target, index, problem, tried: growth.small });
    }
    const tried = makeCase(target, { seed, index });
    const played = play(target, tried);
    if ("verdict" in played) addVerdict(tally, played.verdict);
    const problem = "problem" in played
      ? played.problem
      : played.tookMs > SLOWEST_MS
      ? findProblem(target, tried)
      : undefined;
    if (problem !== undefined) note(kinds, { target, index, problem, tried });
  }
  return { cases: index - first, tally, findings: [...kinds.values()] };
}

type Seen = { target: Target; index: number; problem: string; tried: Case };

/** The first of a kind is made as short as it can be; the others are counted. */
function note(kinds: Map<string, Finding>, { target, index, problem, tried }: Seen): void {
  const kind = kindOf(problem);
  const known = kinds.get(kind);
  if (known !== undefined) {
    known.times = (known.times ?? 1) + 1;
    return;
  }
  const { draw } = tried;
  const input = shrink(tried.bytes, (bytes) => {
    const again = findProblem(target, { bytes, draw });
    return again !== undefined && kindOf(again) === kind;
  });
  kinds.set(kind, { target: target.name, index, problem, input, draw, times: 1 });
}
