/** The parts of a cage's walls, each proved in a topology of its own. */
export const SUITES = [
  "network",
  "secrets",
  "container",
  "workspace",
  "promotion",
  "acp",
  "config",
] as const;

/** One of {@link SUITES}. */
export type SuiteName = typeof SUITES[number];

/** One way to break out, and what must be seen when somebody tries it. */
export type Case = {
  /** `N05`: stable, and what people cite. */
  id: string;
  suite: SuiteName;
  /** What is tried, and that it does not get through: one line, shown with the verdict. */
  title: string;
  /** Who gains what if it did. */
  threat: string;
  /** What the observers must see, and which control must work. */
  expectation: string;
  /** Where the case comes from: a list, an advisory, a thread. */
  source: string;
  /** The hole that tests make in a cage or in sandcage, which must turn the case red. */
  brokenBy: string;
  /** Part of the subset that takes seconds. */
  quick: boolean;
};

/** What was seen of one case. */
export type Finding = {
  /** Nothing got through. */
  held: boolean;
  /** The same probe was seen, or worked, where it must: without it silence proves nothing. */
  control: boolean;
  /** What was seen, in a few words: `0 queries seen`. */
  seen: string;
  /** Lines for whoever asks why; none where it held. */
  evidence: readonly string[];
};

/** How a case ended. */
export type Verdict =
  | "pass"
  | "fail"
  /** Its control did not work: nothing is proved, which counts as a failure. */
  | "inconclusive"
  /** This cage or this engine has nothing of the kind; {@link CaseResult.seen} says why. */
  | "not-applicable";

/** One line of a report. */
export type CaseResult = {
  case: Case;
  verdict: Verdict;
  seen: string;
  evidence: readonly string[];
  /** Milliseconds. */
  durationMs: number;
};

/** What a suite is checked in: opened once, shared by its cases. */
export type OpenSuite = AsyncDisposable & {
  /**
   * @returns What was seen; a word why the case does not apply here.
   * @throws {Error} If it cannot be told, which is an inconclusive case.
   */
  check(id: string): Promise<Finding | { notApplicable: string }>;
};

/** A suite none of whose cases applies here. */
export function makeInapplicable(reason: string): OpenSuite {
  return {
    check: () => Promise.resolve({ notApplicable: reason }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Decides how a case ended. Pure. */
export function decideVerdict(finding: Finding): Verdict {
  // A wall that did not hold is told as such, whatever its control says.
  if (!finding.held) return "fail";
  return finding.control ? "pass" : "inconclusive";
}

/** Whether a run of cases proves what it set out to. Pure. */
export function isProved(results: readonly CaseResult[]): boolean {
  return results.some(({ verdict }) => verdict === "pass") &&
    results.every(({ verdict }) => verdict === "pass" || verdict === "not-applicable");
}
