import { mutate } from "./mutate.ts";
import { createRandom, seedOf } from "./random.ts";
import type { Finding, Target } from "./target.ts";

/** Longest that one case may keep a reader, in milliseconds: far beyond any pause of the machine. */
const SLOWEST_MS = 1000;

/** What was done and what it showed. */
export type Outcome = { cases: number; findings: Finding[] };

/** Reads cases of one target in this process; every case follows from the seed and its number. */
export function runTarget(
  target: Target,
  options: { seed: number; cases: number; first?: number },
): Outcome {
  const { seed, cases, first = 0 } = options;
  const findings: Finding[] = [];
  for (let index = first; index < first + cases; index++) {
    const random = createRandom(seedOf(seed, { target: target.name, index }));
    const bytes = mutate(random, target.material);
    const startedMs = performance.now();
    try {
      target.read(bytes, random);
    } catch (error) {
      const problem = error instanceof Error ? error.stack ?? error.message : String(error);
      findings.push({ target: target.name, index, problem });
    }
    const tookMs = performance.now() - startedMs;
    if (tookMs > SLOWEST_MS) {
      findings.push({ target: target.name, index, problem: `it took ${tookMs.toFixed(0)} ms` });
    }
  }
  return { cases, findings };
}
