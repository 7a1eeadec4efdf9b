import { type Material, pickRange } from "./mutate.ts";
import type { Case, Played } from "./play.ts";
import { createRandom, seedOf } from "./random.ts";
import type { Target } from "./target.ts";

/** How long a long input is, and how much longer the longer one, in bytes. */
const LENGTH = 16 * 1024;
const TIMES = 8;

/** Below, no time tells anything, in milliseconds. */
const LEAST_MS = 80;
/** More than this for {@link TIMES} times the input grows with its square: 64 times is the square. */
const MOST_RATIO = 3 * TIMES;

/** Two inputs, one of them longer by repeating the same piece more often. */
export function makeGrowth(
  target: Target,
  at: { seed: number; index: number },
): { small: Case; large: Case } {
  const draw = seedOf(at.seed, { target: `${target.name}, long`, index: at.index });
  const make = (length: number): Case => ({
    // The same chance: the same piece at the same place.
    bytes: repeatTo(length, createRandom(draw), target.material),
    draw,
  });
  return { small: make(LENGTH), large: make(LENGTH * TIMES) };
}

/**
 * What is wrong with how a reader takes long inputs: a promise that is broken, or a time that grows
 * with the square of the input.
 *
 * @param read Has the reader read a case.
 */
export function findGrowthProblem(
  { small, large }: { small: Case; large: Case },
  read: (tried: Case) => Played,
): string | undefined {
  // What is run for the first time is slow: the best of a few counts.
  let [smallMs, largeMs] = [Infinity, Infinity];
  for (let again = 0; again < 3; again++) {
    for (const tried of [small, large]) {
      const played = read(tried);
      if ("problem" in played) return played.problem;
      if (tried === small) smallMs = Math.min(smallMs, played.tookMs);
      else largeMs = Math.min(largeMs, played.tookMs);
    }
    if (largeMs < LEAST_MS || largeMs < smallMs * MOST_RATIO) return undefined;
  }
  return `time grows faster than the input: ${small.bytes.length} bytes ${
    smallMs.toFixed(1)
  } ms, ` +
    `${large.bytes.length} bytes ${largeMs.toFixed(1)} ms`;
}

function repeatTo(
  length: number,
  random: ReturnType<typeof createRandom>,
  { seeds, tokens }: Material,
): Uint8Array<ArrayBuffer> {
  const seed = random.pick(seeds);
  const at = random.integer(seed.length + 1);
  const range = pickRange(seed, random);
  const token = random.pick(tokens);
  const own = seed.subarray(range.start, range.end);
  const piece = random.oneIn(2) || own.length === 0 ? token : own;
  const copies = Math.floor(Math.max(0, length - seed.length) / Math.max(1, piece.length));
  const whole = new Uint8Array(seed.length + copies * piece.length);
  whole.set(seed.subarray(0, at));
  for (let copy = 0; copy < copies; copy++) whole.set(piece, at + copy * piece.length);
  whole.set(seed.subarray(at), at + copies * piece.length);
  return whole;
}
