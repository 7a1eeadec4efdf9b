import { unreachable } from "../errors.ts";
import type { FetchFailure } from "./fetch_outcome.ts";
import { isPastGap } from "./gap.ts";
import type { LookOutcome } from "./look.ts";

/** Something that tells when commits come about inside. */
export type Watch = {
  /** Resolves when something may have changed, or when it cannot tell any more. */
  next(): Promise<"changed" | "ended">;
  close(): Promise<void>;
};

/** What a watch is opened on. */
export type Watched =
  | { kind: "watch"; watch: Watch }
  /** Nothing runs in the cage. */
  | { kind: "nothing-runs" }
  /** It cannot be told: the engine is away, or what runs cannot be watched. */
  | { kind: "blind" };

/** What the loop works with. Time comes in as a function, so that tests need none. */
export type DaemonPorts = {
  /** Never rejects: what fails is an outcome, too. */
  look(): Promise<LookOutcome>;
  openWatch(): Promise<Watched>;
  /** Told of every look. */
  onLook(outcome: LookOutcome): Promise<void>;
  /** Resolves after that many milliseconds, or when `signal` is aborted. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  nowMs(): number;
  /** Aborted when it is to bring out what there is and end. */
  signal: AbortSignal;
};

/** How the loop waits. Milliseconds. */
export type DaemonTimes = {
  /** Between two looks that nothing has asked for. */
  intervalMs: number;
  /** A look that nothing asked for: what was not told is found then. By default {@link SAFETY_MS}. */
  safetyMs?: number;
  /** How long it waits for the first thing to run. */
  startMs: number;
};

/**
 * A look costs a tenth of a second of processor time, and the end of a watch is told at once: this is
 * for one that has gone deaf, as a connection over a network may.
 */
export const SAFETY_MS = 300_000;

/** Looks in a row while commits keep landing: then the next turn. */
const MOST_LOOKS = 100;

/**
 * Brings commits out until nothing runs in the cage any more, or it is asked to end: with a last look
 * in both cases. While nothing changes and nothing waits it does nothing but wait.
 */
export async function runDaemon(ports: DaemonPorts, times: DaemonTimes): Promise<void> {
  const { signal } = ports;
  const { safetyMs = SAFETY_MS } = times;
  const startedMs = ports.nowMs();
  let watch: Watch | undefined;
  let next: Promise<"changed" | "ended"> | undefined;
  let lookedMs = -Infinity;
  let landedMs: number | undefined;
  let hasRun = false;
  let isDue = true;
  try {
    while (!signal.aborted) {
      if (watch === undefined) {
        const watched = await ports.openWatch();
        switch (watched.kind) {
          case "watch":
            watch = watched.watch;
            next = watch.next();
            hasRun = isDue = true;
            break;
          case "nothing-runs":
            if (hasRun || ports.nowMs() - startedMs > times.startMs) return;
            break;
          case "blind":
            isDue = true;
            break;
          default:
            unreachable(watched);
        }
      }
      // Another git may have taken back what landed, and nothing tells of that.
      const isUnsure = landedMs !== undefined && isPastGap(landedMs, ports.nowMs());
      if (isDue || isUnsure || ports.nowMs() - lookedMs > safetyMs) {
        const wasTold = isDue;
        // Of what comes about from here on the watch tells again.
        const { landed, waits } = await lookThrough(ports);
        isDue = waits;
        lookedMs = ports.nowMs();
        if (landed) landedMs = lookedMs;
        else if (isUnsure) landedMs = undefined;
        if (!wasTold && (landed || waits)) {
          // It should have told.
          await watch?.close();
          watch = next = undefined;
          continue;
        }
      }
      const wake = await waitFor(next, ports, times.intervalMs);
      if (wake === "changed") {
        next = watch?.next();
        isDue = true;
      } else if (wake === "ended") {
        await watch?.close();
        watch = next = undefined;
      }
    }
  } finally {
    await watch?.close();
    // What was committed in the last moment comes out, too.
    await lookThrough(ports);
  }
}

/** Looks until nothing more lands; `waits` says that something is to be looked at again. */
async function lookThrough(ports: DaemonPorts): Promise<{ landed: boolean; waits: boolean }> {
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const outcome = await ports.look();
    await ports.onLook(outcome);
    if (outcome.kind === "landed") continue;
    return { landed: looks > 0, waits: outcome.kind !== "idle" && !isForInside(outcome) };
  }
  return { landed: true, waits: true };
}

/** Only a change inside ends it, which the watch tells: looking all the time would only cost. */
function isForInside(outcome: LookOutcome): boolean {
  return outcome.kind === "failed" && INSIDE.includes(outcome.failure.kind);
}

const INSIDE: readonly FetchFailure["kind"][] = [
  "branch-gone",
  "no-repository",
  "refused",
  "too-big",
];

async function waitFor(
  next: Promise<"changed" | "ended"> | undefined,
  ports: DaemonPorts,
  ms: number,
): Promise<"changed" | "ended" | "time"> {
  const end = new AbortController();
  const signal = AbortSignal.any([ports.signal, end.signal]);
  const time = ports.pause(ms, signal).then(() => "time" as const);
  try {
    return await Promise.race(next === undefined ? [time] : [time, next]);
  } finally {
    end.abort();
  }
}
