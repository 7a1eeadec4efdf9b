import { type Growth, judgeGrowth, type Sample } from "./growth.ts";
import { sampleProcess } from "./processes.ts";
import type { Resident } from "./activity.ts";

/** How often residents are measured, in milliseconds. */
const INTERVAL_MS = 5_000;

/** Residents under measurement; disposing it ends that. */
export type Watch = Disposable & {
  /** Residents that have ended since the last call. */
  takeEnded(): string[];
  judge(): Growth[];
};

/** Measures residents again and again. */
export function watchResidents(residents: readonly Resident[]): Watch {
  const startedMs = performance.now();
  const watched = residents.map((resident) => ({
    ...resident,
    samples: [] as Sample[],
    state: "alive" as "alive" | "ended" | "told",
  }));
  const measure = async () => {
    for (const one of watched) {
      if (one.state !== "alive") continue;
      const sample = await sampleProcess(one.pid, performance.now() - startedMs);
      if (sample === undefined) one.state = "ended";
      else one.samples.push(sample);
    }
  };
  const timer = setInterval(() => void measure(), INTERVAL_MS);
  void measure();
  return {
    takeEnded() {
      const ended = watched.filter(({ state }) => state === "ended");
      for (const one of ended) one.state = "told";
      return ended.map(({ name, pid }) => `${name} (${pid})`);
    },
    judge: () => watched.map(({ name, samples }) => judgeGrowth(name, samples)),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
