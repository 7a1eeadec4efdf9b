import type { Case, CaseResult, OpenSuite, SuiteName } from "./case.ts";
import { decideVerdict } from "./case.ts";

/** What a run of cases needs. */
export type RunOptions = {
  /** Opens what a suite is checked in, for the cases with these ids. */
  open: Readonly<Partial<Record<SuiteName, (ids: readonly string[]) => Promise<OpenSuite>>>>;
  /** Ends at the first case that does not pass. */
  failFast: boolean;
  /** Milliseconds, only differences count. */
  nowMs(): number;
  /** Gets each result as it comes. */
  onResult(result: CaseResult): void;
  signal?: AbortSignal | undefined;
};

/** How long one case may take, in milliseconds: one that hangs proves nothing. */
const CASE_MS = 60_000;

/**
 * Runs cases: suites beside each other, the cases of one after another, as they share observers that
 * must see nothing of anybody else.
 *
 * @returns Results in the order of the cases; fewer after a failure with {@link RunOptions.failFast}.
 */
export async function runCases(
  cases: readonly Case[],
  options: RunOptions,
): Promise<CaseResult[]> {
  const stop = new AbortController();
  const signal = options.signal === undefined
    ? stop.signal
    : AbortSignal.any([stop.signal, options.signal]);
  const suites = Map.groupBy(cases, ({ suite }) => suite);
  const results = new Map<string, CaseResult>();
  const keep = (result: CaseResult) => {
    results.set(result.case.id, result);
    options.onResult(result);
    if (options.failFast && isBroken(result)) stop.abort();
  };
  await Promise.all(
    [...suites].map(([suite, list]) => runSuite(suite, { ...options, list, keep, signal })),
  );
  options.signal?.throwIfAborted();
  return cases.flatMap(({ id }) => results.get(id) ?? []);
}

type SuiteRun = RunOptions & {
  list: readonly Case[];
  keep(result: CaseResult): void;
  signal: AbortSignal;
};

async function runSuite(suite: SuiteName, run: SuiteRun): Promise<void> {
  const { list, keep, signal, nowMs } = run;
  const startedMs = nowMs();
  let open: OpenSuite;
  try {
    const opening = run.open[suite];
    if (opening === undefined) throw new Error(`Nothing checks the suite "${suite}"`);
    open = await opening(list.map(({ id }) => id));
  } catch (error) {
    const durationMs = nowMs() - startedMs;
    for (const each of list) keep({ case: each, ...untold(error), durationMs });
    return;
  }
  await using fixture = open;
  for (const each of list) {
    if (signal.aborted) return;
    const caseMs = nowMs();
    const end = await endCase(fixture, each.id);
    keep({ case: each, ...end, durationMs: nowMs() - caseMs });
  }
}

type CaseEnd = Pick<CaseResult, "verdict" | "seen" | "evidence">;

async function endCase(fixture: OpenSuite, id: string): Promise<CaseEnd> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const seconds = CASE_MS / 1_000;
    timer = setTimeout(() => reject(new Error(`No answer within ${seconds} seconds`)), CASE_MS);
  });
  try {
    const finding = await Promise.race([fixture.check(id), late]);
    if ("notApplicable" in finding) {
      return { verdict: "not-applicable", seen: finding.notApplicable, evidence: [] };
    }
    return {
      verdict: decideVerdict(finding),
      seen: finding.seen,
      evidence: finding.evidence,
    };
  } catch (error) {
    return untold(error);
  } finally {
    clearTimeout(timer);
  }
}

function untold(error: unknown): CaseEnd {
  // What went wrong first says more than what then went wrong while clearing up.
  if (error instanceof SuppressedError) return untold(error.suppressed);
  const message = error instanceof Error ? error.message : String(error);
  const [seen = "no answer", ...evidence] = message.split("\n");
  return { verdict: "inconclusive", seen, evidence };
}

function isBroken({ verdict }: CaseResult): boolean {
  return verdict === "fail" || verdict === "inconclusive";
}
