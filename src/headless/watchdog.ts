import type { AgentEvent } from "./event.ts";

/** When a run is over though its agent does not end it; in milliseconds. */
export type WatchdogLimits = {
  /** From its start; none by default. */
  timeoutMs?: number | undefined;
  /** Without a word of it. */
  idleMs: number;
};

/** Looks after the time that a run takes. */
export type Watchdog = Disposable & {
  /** The agent runs: from now on time counts. */
  start(): void;
  /** It said something, or somebody wrote to it. */
  touch(events?: readonly AgentEvent[]): void;
};

/** A longer one would end at once; in milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What agents wait for answers with; whoever waits in it is not idle. */
const WAITS = /\bcage-wait\b/;

/** Makes a watchdog; it bites once, with the reason. */
export function createWatchdog(
  limits: WatchdogLimits,
  options: { nowMs(): number; onBite(reason: string): void },
): Watchdog {
  const { timeoutMs, idleMs } = limits;
  const { nowMs, onBite } = options;
  const timers = new Set<ReturnType<typeof setTimeout>>();
  let startedMs = 0;
  let lastMs = 0;
  let waits = false;
  let isOver = false;
  const bite = (reason: string) => {
    if (isOver) return;
    isOver = true;
    onBite(reason);
  };
  const later = (ms: number, act: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, Math.min(ms, LONGEST_TIMER_MS));
    timers.add(timer);
  };
  const lookAtTime = (limitMs: number) => {
    const left = startedMs + limitMs - nowMs();
    if (left > 0) return later(left, () => lookAtTime(limitMs));
    bite(`it took longer than ${formatTime(limitMs)} (--timeout)`);
  };
  const lookAtIdle = () => {
    const left = waits ? idleMs : lastMs + idleMs - nowMs();
    if (left > 0) return later(left, lookAtIdle);
    bite(`it said nothing for ${formatTime(idleMs)} (headless.idle_timeout)`);
  };
  return {
    start() {
      startedMs = lastMs = nowMs();
      if (timeoutMs !== undefined) lookAtTime(timeoutMs);
      lookAtIdle();
    },
    touch(events = []) {
      lastMs = nowMs();
      for (const event of events) {
        if (event.kind === "tool") waits = WAITS.test(event.argument);
        else if (event.kind === "result" || event.kind === "text") waits = false;
      }
    },
    [Symbol.dispose]() {
      isOver = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

const UNITS = [["h", 3_600_000], ["m", 60_000], ["s", 1_000], ["ms", 1]] as const;

/** A time as the configuration spells it: `90s`, `30m`. Pure. */
export function formatTime(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms >= size && ms % size === 0) ?? ["ms", 1];
  return `${ms / size}${unit}`;
}
