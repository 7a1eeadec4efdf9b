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

/** What tells the time; the machine's own by default. */
export type Clock = {
  nowMs(): number;
  /** Acts once after a time, unless what it answers is called before. */
  after(ms: number, act: () => void): () => void;
};

/** A longer one would end at once; in milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What agents wait for answers with; whoever waits in it is not idle. */
const WAITS = /\bcage-wait\b/;

/** Makes a watchdog; it bites once, with the reason. */
export function createWatchdog(
  limits: WatchdogLimits,
  options: { clock?: Clock; onBite(reason: string): void },
): Watchdog {
  const { timeoutMs, idleMs } = limits;
  const { clock = CLOCK, onBite } = options;
  const cancels: (() => void)[] = [];
  let startedMs = 0;
  let lastMs = 0;
  let waits = false;
  let isOver = false;
  /** Bites when nothing is left, and looks again when it could be. */
  const watch = (slot: number, left: () => number, reason: string) => {
    if (isOver) return;
    const ms = left();
    if (ms > 0) {
      const again = () => watch(slot, left, reason);
      cancels[slot] = clock.after(Math.min(ms, LONGEST_TIMER_MS), again);
      return;
    }
    isOver = true;
    onBite(reason);
  };
  return {
    start() {
      startedMs = lastMs = clock.nowMs();
      if (timeoutMs !== undefined) {
        const left = () => startedMs + timeoutMs - clock.nowMs();
        watch(0, left, `it took longer than ${formatTime(timeoutMs)} (--timeout)`);
      }
      const left = () => waits ? idleMs : lastMs + idleMs - clock.nowMs();
      watch(1, left, `it said nothing for ${formatTime(idleMs)} (headless.idle_timeout)`);
    },
    touch(events = []) {
      lastMs = clock.nowMs();
      for (const event of events) {
        if (event.kind === "tool") waits = WAITS.test(event.argument);
        else if (event.kind === "result" || event.kind === "text") waits = false;
      }
    },
    [Symbol.dispose]() {
      isOver = true;
      for (const cancel of cancels) cancel?.();
    },
  };
}

const CLOCK: Clock = {
  nowMs: Date.now,
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

const UNITS = [["h", 3_600_000], ["m", 60_000], ["s", 1_000]] as const;

/** A time as the configuration spells it: `90s`, `30m`. Pure. */
export function formatTime(ms: number): string {
  const unit = UNITS.find(([, size]) => ms >= size && ms % size === 0);
  return unit === undefined ? `${ms}ms` : `${ms / unit[1]}${unit[0]}`;
}
