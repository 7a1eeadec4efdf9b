/** What a group of tests came to. */
export type Tally = { passed: number; failed: number; failures: string[] };

/** How the report is read. */
export type TallyOptions = {
  /** Exit code of the runner: non-zero is at least one failure, whatever the report says. */
  code: number;
  /** A filter was given: tests it leaves out are reported as skipped and do not count. */
  filtered: boolean;
};

/**
 * Counts a JUnit report of `deno test`. Steps do not count on their own. A test that is skipped
 * without a filter is a failure: nobody would notice it otherwise.
 */
export function tallyJunit(xml: string, options: TallyOptions): Tally {
  const tally: Tally = { passed: 0, failed: 0, failures: [] };
  const cases = [...xml.matchAll(/<testcase name="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g)]
    .map(([, name, body]) => ({ title: decode(name!), body: body! }));
  const titles = new Set(cases.map(({ title }) => title));
  for (const { title, body } of cases) {
    if (isStep(title, titles)) continue;
    const skipped = body.includes("<skipped");
    if (skipped && options.filtered) continue;
    if (skipped || /<(failure|error)[ >]/.test(body)) {
      tally.failed++;
      tally.failures.push(skipped ? `${title} (skipped)` : title);
    } else tally.passed++;
  }
  if (options.code !== 0 && tally.failed === 0) {
    return { ...tally, failed: 1, failures: [`the test runner ended with ${options.code}`] };
  }
  return tally;
}

/** The files of a report that took longest, as one line; empty for a report without times. */
export function formatSlowest(xml: string, count: number): string {
  const files = [...xml.matchAll(/<testsuite name="([^"]*)"[^>]*>([\s\S]*?)<\/testsuite>/g)]
    .map(([, name, body]) => {
      const times = [...body!.matchAll(/<testcase name="([^"]*)"[^>]*time="([\d.]+)"/g)]
        .map(([, title, time]) => ({ title: decode(title!), seconds: Number(time) }));
      const titles = new Set(times.map(({ title }) => title));
      const seconds = times.filter(({ title }) => !isStep(title, titles))
        .reduce((sum, time) => sum + time.seconds, 0);
      return { name: decode(name!).replace(/^.*\//, "").replace(/_test\.ts$/, ""), seconds };
    });
  return files.toSorted((a, b) => b.seconds - a.seconds).slice(0, count)
    .filter(({ seconds }) => seconds >= 1)
    .map(({ name, seconds }) => `${name} ${Math.round(seconds)} s`).join(", ");
}

/** Adds two tallies. */
export function addTallies(one: Tally, other: Tally): Tally {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    failures: [...one.failures, ...other.failures],
  };
}

/** The line a run ends with. */
export function formatTally(tally: Tally): string {
  return `${tally.passed} passed, ${tally.failed} failed`;
}

/** No test at all is a failure too. */
export function isGreen(tally: Tally): boolean {
  return tally.failed === 0 && tally.passed > 0;
}

/** A step is reported as `TEST > STEP`, and its test by its own name. */
function isStep(title: string, titles: ReadonlySet<string>): boolean {
  for (let at = title.indexOf(" > "); at >= 0; at = title.indexOf(" > ", at + 1)) {
    if (titles.has(title.slice(0, at))) return true;
  }
  return false;
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function decode(text: string): string {
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => ENTITIES[name]!);
}
