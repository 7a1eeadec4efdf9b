import type { ExecStreams } from "../../engine/exec.ts";
import { readLines } from "./lines.ts";
import { makeOutcomes, type Outcomes } from "./outcomes.ts";
import type { Answer, Probe, Question } from "./probe/types.ts";

/** A program in a container that runs probes; see `PROBE_COMMAND`. Disposing it ends the program. */
export type Prober = AsyncDisposable & {
  /**
   * Runs some probes at once. Lists of one prober may overlap.
   *
   * @throws {Error} If the program has ended, or takes too long.
   */
  run(probes: readonly Probe[]): Promise<Outcomes>;
};

/** Longest run of a list of probes, in milliseconds. */
const PROBES_MS = 60_000;

/**
 * Talks to a program that has been started.
 *
 * @param options.timeoutMs Longest run of a list. Defaults to {@link PROBES_MS}.
 */
export function openProber(streams: ExecStreams, options: { timeoutMs?: number } = {}): Prober {
  const { timeoutMs = PROBES_MS } = options;
  const waiting = new Map<number, PromiseWithResolvers<Outcomes>>();
  let asked = 0;
  let end: Error | undefined;
  const fail = (error: Error) => {
    end ??= error;
    for (const { reject } of waiting.values()) reject(end);
    waiting.clear();
  };
  const take = ({ id, outcomes, error }: Answer) => {
    const wait = waiting.get(id);
    waiting.delete(id);
    if (outcomes !== undefined) wait?.resolve(makeOutcomes(outcomes));
    else wait?.reject(new Error(`The probes did not run: ${error}`));
  };
  const reading = readLines(streams, (line) => take(JSON.parse(line))).then(
    () => fail(new Error(`The probes ended: ${streams.stderr().trim() || "nothing was said"}`)),
    (error) => fail(error instanceof Error ? error : new Error(String(error))),
  );
  return {
    async run(probes) {
      if (end !== undefined) throw end;
      const question: Question = { id: ++asked, probes };
      const wait = Promise.withResolvers<Outcomes>();
      waiting.set(question.id, wait);
      // It takes its own list along only: the others are in threads of their own.
      const timer = setTimeout(() => {
        const seconds = timeoutMs / 1_000;
        take({ id: question.id, error: `they took longer than ${seconds} seconds` });
      }, timeoutMs);
      try {
        const line = new TextEncoder().encode(`${JSON.stringify(question)}\n`);
        // One that is gone says so where its output is read.
        await streams.write(line).catch(() => {});
        return await wait.promise;
      } finally {
        clearTimeout(timer);
      }
    },
    async [Symbol.asyncDispose]() {
      await streams.closeWrite().catch(() => {});
      await reading;
      await streams.close();
    },
  };
}
