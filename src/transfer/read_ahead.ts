import { WAIT } from "./compare.ts";

/** Items that come in batches, for a reader that does not wait. */
export type Queue<Item> = {
  /** {@link WAIT} where the next batch is not here yet. */
  items: Generator<Item | typeof WAIT>;
  /**
   * Waits for the next batch.
   *
   * @param work Does a little of what can be done meanwhile; false when there is nothing.
   */
  more(work: () => boolean): Promise<void>;
};

/** Items of a source that may be read before they are asked for. */
export type Ahead<Item> = {
  items: Generator<Item>;
  /** Reads a few ahead; false when that was enough of them. */
  read(): boolean;
};

/** Items read in one go, before what came from elsewhere is looked at: 2 milliseconds of a walk. */
export const GO = 512;

/** From so many differences on, the memory that only the start needed is better used for them. */
export const MANY = 10_000;

/** Most items that are held, in 5 MB: as many as are read while a program inside starts. */
const MOST_AHEAD = 20_000;

/**
 * Lets what came from elsewhere be seen to. By a timer: the runtime looks at its sockets when it has
 * nothing to do, else only every sixtieth turn (measured: a question to the engine was answered after
 * 580 ms of turns by `setImmediate`, after 12 ms of these).
 */
export function takeTurn(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 0));
}

/** Asks for the first of what comes before somebody reads it. */
export function beginReading<Item>(source: AsyncIterable<Item>): AsyncIterable<Item> {
  const iterator = source[Symbol.asyncIterator]();
  let first: Promise<IteratorResult<Item>> | undefined = iterator.next();
  first.catch(() => {});
  return {
    [Symbol.asyncIterator]: () => ({
      next() {
        const next = first ?? iterator.next();
        first = undefined;
        return next;
      },
      return: async () => await iterator.return?.() ?? { done: true, value: undefined },
    }),
  };
}

/** Makes a queue, and asks for the first batch. */
export function createQueue<Item>(batches: AsyncIterable<readonly Item[]>): Queue<Item> {
  const iterator = batches[Symbol.asyncIterator]();
  // The next batch is on its way while this one is used.
  let coming = iterator.next();
  coming.catch(() => {});
  let batch: readonly Item[] | undefined = [];
  function* read(): Generator<Item | typeof WAIT> {
    try {
      for (;;) {
        if (batch === undefined) return;
        yield* batch;
        yield WAIT;
      }
    } finally {
      // Whoever stops early does not leave the other side talking.
      if (batch !== undefined) iterator.return?.()?.catch(() => {});
    }
  }
  return {
    items: read(),
    async more(work) {
      let isHere = false;
      const seen = () => void (isHere = true);
      coming.then(seen, seen);
      for (await takeTurn(); !isHere && work(); await takeTurn());
      const next = await coming;
      batch = next.done === true ? undefined : next.value;
      if (next.done !== true) {
        coming = iterator.next();
        coming.catch(() => {});
      }
    },
  };
}

/** Makes a source that can be read ahead. */
export function readAhead<Item>(source: Iterable<Item>): Ahead<Item> {
  const iterator = source[Symbol.iterator]();
  let held: Item[] = [];
  let at = 0;
  let hasEnded = false;
  function* read(): Generator<Item> {
    try {
      for (;;) {
        for (; at < held.length; at++) yield held[at]!;
        [held, at] = [[], 0];
        if (hasEnded) return;
        const next = iterator.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      iterator.return?.();
    }
  }
  return {
    items: read(),
    read() {
      for (let count = 0; count < GO; count++) {
        if (hasEnded || held.length - at >= MOST_AHEAD) return false;
        const next = iterator.next();
        if (next.done === true) hasEnded = true;
        else held.push(next.value);
      }
      return true;
    },
  };
}
