/** Chance that can be repeated: equal seeds give equal draws. */
export type Random = {
  /** A whole number from 0 up to, not including, `below`. */
  integer(below: number): number;
  pick<T>(items: readonly T[]): T;
  /** True once in `times` draws. */
  oneIn(times: number): boolean;
  bytes(length: number): Uint8Array;
};

/** Makes a stream of chance from a number; mulberry32, which is public domain and small. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const integer = (below: number) => Math.floor(next() / 4294967296 * below);
  return {
    integer,
    pick: (items) => items[integer(items.length)]!,
    oneIn: (times) => integer(times) === 0,
    bytes: (length) => Uint8Array.from({ length }, () => integer(256)),
  };
}

/** The seed of one case: of a campaign's seed, a target's name and the case's number. Pure. */
export function seedOf(campaign: number, options: { target: string; index: number }): number {
  let hash = 0x811c9dc5;
  for (const char of `${campaign}:${options.target}:${options.index}`) {
    hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  }
  return hash >>> 0;
}

/** Cases that are drawn once and then again and again: for those that take long to make. */
export function drawOnce<Drawn>(
  draw: (random: Random) => Drawn,
  options: { count: number },
): (random: Random) => Drawn {
  const drawn: Drawn[] = [];
  return (random) => {
    const at = random.integer(options.count);
    return drawn[at] ??= draw(createRandom(at));
  };
}
