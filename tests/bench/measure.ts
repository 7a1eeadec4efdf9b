/** One thing to time; `prepare` comes before each run and does not count. */
export type Subject = { name: string; prepare?(): Promise<void>; run(): Promise<void> };

/** Times of one subject in milliseconds, in the order they were taken. */
export type Timing = { name: string; samplesMs: number[] };

/**
 * Times all subjects round by round, so that a slow minute of the machine hits them alike. The
 * first round warms up and does not count.
 */
export async function measure(subjects: readonly Subject[], rounds: number): Promise<Timing[]> {
  const timings = subjects.map(({ name }): Timing => ({ name, samplesMs: [] }));
  for (let round = 0; round <= rounds; round++) {
    for (const [index, subject] of subjects.entries()) {
      await subject.prepare?.();
      const startedMs = performance.now();
      await subject.run();
      if (round > 0) timings[index]!.samplesMs.push(performance.now() - startedMs);
    }
  }
  return timings;
}

/** Middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** A target: one subject's median against another's, or against a time in milliseconds. */
export type Target = { subject: string; limit: { times: string; of: number } | { ms: number } };

/** A target and what came out. */
export type Verdict = { target: string; measured: string; held: boolean };

/** Compares medians with targets. Pure. */
export function judge(timings: readonly Timing[], targets: readonly Target[]): Verdict[] {
  const medianOf = (name: string) =>
    median(timings.find((timing) => timing.name === name)?.samplesMs ?? []);
  return targets.map(({ subject, limit }) => {
    const value = medianOf(subject);
    if ("ms" in limit) {
      return {
        target: `${subject} ≤ ${limit.ms} ms`,
        measured: `${value.toFixed(0)} ms`,
        held: value <= limit.ms,
      };
    }
    const ratio = value / medianOf(limit.times);
    return {
      target: `${subject} ≤ ${limit.of} × ${limit.times}`,
      measured: `${ratio.toFixed(2)} ×`,
      held: ratio <= limit.of,
    };
  });
}

/** Both tables as text. */
export function formatBench(timings: readonly Timing[], verdicts: readonly Verdict[]): string {
  const rows = timings.map(({ name, samplesMs }) => [
    name,
    `${median(samplesMs).toFixed(0)} ms`,
    `${Math.min(...samplesMs).toFixed(0)}–${Math.max(...samplesMs).toFixed(0)} ms`,
  ]);
  const judged = verdicts.map((verdict) => [
    verdict.target,
    verdict.measured,
    verdict.held ? "held" : "missed",
  ]);
  return [
    ...formatRows([["what", "median", "range"], ...rows]),
    "",
    ...formatRows([["target", "measured", ""], ...judged]),
  ].join("\n");
}

function formatRows(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()
  );
}
