import { createRandom, seedOf } from "../fuzz/random.ts";

/** What may be played, and how often beside the others. */
export type Weighted = {
  name: string;
  /** Times it is played in each round: a whole number from 1. */
  weight: number;
};

/** One play of the sequence. */
export type Step = {
  name: string;
  /** How many times it was played before. */
  index: number;
  /** Where the choices within it come from. */
  seed: number;
};

/** Everything once, in the order given: after it, all is there that a play needs. Pure. */
export function planFirstRound(activities: readonly Weighted[], seed: number): Step[] {
  return activities.map(({ name }) => planStep(seed, { name, index: 0 }));
}

/**
 * What follows, without an end: rounds in which each has its plays, shuffled, so that an hour has all
 * of them whatever the seed and no order is the only one tried. Pure.
 */
export function* planRounds(activities: readonly Weighted[], seed: number): Generator<Step> {
  const random = createRandom(seed);
  const played = new Map<string, number>();
  if (activities.length === 0) return;
  for (;;) {
    const round = activities.flatMap(({ name, weight }) => Array<string>(weight).fill(name));
    for (let last = round.length - 1; last > 0; last--) {
      const other = random.integer(last + 1);
      [round[last], round[other]] = [round[other]!, round[last]!];
    }
    for (const name of round) {
      const index = (played.get(name) ?? 0) + 1;
      played.set(name, index);
      yield planStep(seed, { name, index });
    }
  }
}

function planStep(seed: number, { name, index }: { name: string; index: number }): Step {
  return { name, index, seed: seedOf(seed, { target: name, index }) };
}
