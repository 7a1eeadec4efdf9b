import type { ContainerEnd } from "../cage/outcome.ts";
import { EXIT } from "../errors.ts";
import type { RunState } from "./event.ts";
import { formatCost } from "./render.ts";

/** Exit codes of runs that did not end by their agent; as `timeout` and shells have them. */
export const RUN_EXIT = {
  timedOut: 124,
  overBudget: 125,
  outOfMemory: 137,
  stopped: EXIT.terminated,
  /** The engine went away. */
  cutOff: EXIT.engine,
} as const;

/** How a run ended, as it goes on record. */
export type EndOfRun = { state: RunState; exit: number; reason?: string };

/** What is known when a container has ended. */
export type EndFacts = {
  end: ContainerEnd;
  /** Exit code of the engine's client that was attached to it. */
  clientCode: number;
  /** `sandcage stop` has spoken since the launch. */
  isStopped: boolean;
  /** Whoever drove it over ACP: what it says is what counts, not how the program ended. */
  driven?: { isOk: boolean; text: string } | undefined;
  /** What it cost, and what it was to cost at most, in USD. */
  costUsd?: number | undefined;
  budgetUsd?: number | undefined;
  /** `limits.memory`, for people. */
  memory: string;
};

/** Exit code of a program that SIGKILL ended. */
const KILLED = 137;

/**
 * Decides how a run ended whose end nobody had asked for. Pure.
 */
export function decideRunEnd(facts: EndFacts): EndOfRun {
  const { end, clientCode, isStopped, driven, costUsd, budgetUsd, memory } = facts;
  if (isStopped) return stopped();
  switch (end.kind) {
    case "running":
    case "absent":
      return cutOff("the engine let go of it");
    case "created":
      return { state: "failed", exit: EXIT.engine, reason: end.error };
    case "exited":
      break;
    default: {
      const nothing: never = end;
      return nothing;
    }
  }
  if (driven !== undefined) return decideDriven(driven);
  if (end.code === 0 && clientCode === 0) return { state: "done", exit: 0 };
  if (end.oomKilled && end.code === KILLED) {
    return {
      state: "out-of-memory",
      exit: RUN_EXIT.outOfMemory,
      reason: `it ran out of memory (limits.memory: ${memory})`,
    };
  }
  // A client that was attached to the end has the container's own code.
  if (end.code !== clientCode) return cutOff("the engine let go of it");
  if (budgetUsd !== undefined && costUsd !== undefined && costUsd >= budgetUsd) {
    return overBudget({ costUsd, budgetUsd });
  }
  return {
    state: "failed",
    exit: end.code,
    reason: end.oomKilled
      ? `it ended with ${end.code}, after a program of it ran out of memory ` +
        `(limits.memory: ${memory})`
      : end.code === KILLED
      ? "it was killed"
      : `it ended with ${end.code}`,
  };
}

function decideDriven({ isOk, text }: { isOk: boolean; text: string }): EndOfRun {
  return isOk ? { state: "done", exit: 0 } : { state: "failed", exit: EXIT.failed, reason: text };
}

/** A run that `stop` or a signal ended. */
export function stopped(): EndOfRun {
  return { state: "stopped", exit: RUN_EXIT.stopped, reason: "it was stopped" };
}

/** A run whose engine is gone. */
export function cutOff(reason: string): EndOfRun {
  return { state: "cut-off", exit: RUN_EXIT.cutOff, reason };
}

/** A run that took too long. */
export function timedOut(reason: string): EndOfRun {
  return { state: "timed-out", exit: RUN_EXIT.timedOut, reason };
}

/** A run that cost too much; in USD. */
export function overBudget(cost: { costUsd: number; budgetUsd: number }): EndOfRun {
  return {
    state: "over-budget",
    exit: RUN_EXIT.overBudget,
    reason: `it cost ${formatCost(cost.costUsd)} of ${formatCost(cost.budgetUsd)}`,
  };
}
