import { mutate } from "./mutate.ts";
import { createRandom, seedOf } from "./random.ts";
import type { Target, Verdict } from "./target.ts";

/** One input, and what the reader's own chance is made of. */
export type Case = { bytes: Uint8Array<ArrayBuffer>; draw: number };

/** What became of a case. */
export type Played = { verdict: Verdict; tookMs: number } | { problem: string; tookMs: number };

/** Longest that one case may keep a reader, in milliseconds: far beyond any pause of the machine. */
export const SLOWEST_MS = 500;

/** Makes a case; every one follows from the seed, the target's name and its number. */
export function makeCase(target: Target, at: { seed: number; index: number }): Case {
  const number = seedOf(at.seed, { target: target.name, index: at.index });
  const random = createRandom(number);
  const bytes = target.make?.(random) ?? mutate(random, target.material);
  return { bytes, draw: (number ^ 0x9e3779b9) >>> 0 };
}

/** Has a reader read a case. */
export function play(target: Target, { bytes, draw }: Case): Played {
  const startedMs = performance.now();
  try {
    const verdict = target.read(bytes, createRandom(draw));
    return { verdict, tookMs: performance.now() - startedMs };
  } catch (error) {
    const problem = error instanceof Error ? error.stack ?? error.message : String(error);
    return { problem, tookMs: performance.now() - startedMs };
  }
}

/** What is wrong with a case, slowness included; a slow one is asked twice more. */
export function findProblem(target: Target, tried: Case): string | undefined {
  let played = play(target, tried);
  if ("problem" in played) return played.problem;
  for (let again = 0; played.tookMs > SLOWEST_MS; again++) {
    if (again === 2) {
      return `it took ${played.tookMs.toFixed(0)} ms for ${tried.bytes.length} bytes`;
    }
    played = play(target, tried);
  }
  return undefined;
}

/** A problem without what differs from case to case: equal ones are one finding. */
export function kindOf(problem: string): string {
  const [first = "", ...stack] = problem.split("\n");
  const place = stack.find((line) => line.includes("/src/")) ?? "";
  const plain = first.replace(/"(?:[^"\\]|\\.)*"/g, '"…"').replace(/\d+/g, "0").slice(0, 120);
  return `${plain} ${place.trim()}`;
}
