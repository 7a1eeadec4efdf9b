import { median } from "../bench/measure.ts";

/** How one process was at one moment. */
export type Sample = {
  /** Milliseconds since the first sample. */
  atMs: number;
  /** Memory of its own in bytes: anonymous pages, without what is mapped from files. */
  memory: number;
  /** Open file descriptors. */
  files: number;
};

/** What became of one process. */
export type Growth = {
  name: string;
  samples: number;
  /** Medians of the first and of the last third of what counts. */
  memory: { first: number; last: number };
  files: { first: number; last: number };
  /** Medians of memory in ten equal parts of the whole time, in bytes: a leak rises in all of them. */
  course: number[];
  /** Why it is a failure. */
  problem?: string;
  /** There were enough samples to say. */
  judged: boolean;
};

/**
 * The time at the start that does not count, as a share: heaps fill, code is compiled, caches that
 * have a bound reach it.
 */
const WARM_UP = 0.15;
/** Parts of a course. */
const PARTS = 10;
/** Fewer samples in a third say nothing about its middle. */
const LEAST_SAMPLES = 20;
/**
 * Memory that the middle of a third may be above another's, in bytes, or as a share of it, whichever
 * is more. V8 grows its young generation in steps of some MiB and returns pages when it likes: a
 * resident under the traffic of this run that leaks nothing wanders by a few MiB between thirds.
 * Within an hour its traffic is some ten thousand requests or messages, or a hundred commits; 12 MiB is
 * what 1 KiB lost with each of twelve thousand would add.
 */
const MEMORY_ROOM = { bytes: 12 * 2 ** 20, share: 0.12 };
/**
 * Descriptors: one more is a connection that happens to be open in the middle of a third, three are
 * not.
 */
const FILES_ROOM = 2;

/**
 * Judges whether a process grew: the middle of the last third against that of the first, after a
 * time to warm up. Middles, so that neither a burst nor a collection a moment ago decides. Pure.
 */
export function judgeGrowth(name: string, samples: readonly Sample[]): Growth {
  const endMs = samples.at(-1)?.atMs ?? 0;
  const counted = samples.filter(({ atMs }) => atMs >= endMs * WARM_UP);
  const third = Math.floor(counted.length / 3);
  const [first, last] = [counted.slice(0, third), counted.slice(counted.length - third)];
  const medians = (pick: (sample: Sample) => number) => ({
    first: third === 0 ? NaN : median(first.map(pick)),
    last: third === 0 ? NaN : median(last.map(pick)),
  });
  const growth: Growth = {
    name,
    samples: samples.length,
    memory: medians(({ memory }) => memory),
    files: medians(({ files }) => files),
    course: Array.from(
      { length: PARTS },
      (_, part) =>
        samples.filter(({ atMs }) => Math.min(PARTS - 1, Math.floor(atMs / endMs * PARTS)) === part)
          .map(({ memory }) => memory),
    ).filter((part) => part.length > 0).map(median),
    judged: third >= LEAST_SAMPLES,
  };
  const problem = growth.judged ? findProblem(growth) : undefined;
  return problem === undefined ? growth : { ...growth, problem };
}

function findProblem({ memory, files }: Growth): string | undefined {
  const room = Math.max(MEMORY_ROOM.bytes, memory.first * MEMORY_ROOM.share);
  if (memory.last > memory.first + room) {
    return `memory grew from ${formatMib(memory.first)} to ${formatMib(memory.last)}, ` +
      `more than ${formatMib(room)}`;
  }
  if (files.last > files.first + FILES_ROOM) {
    return `open files grew from ${files.first} to ${files.last}, more than ${FILES_ROOM}`;
  }
}

/** Bytes as MiB with one digit. */
export function formatMib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
