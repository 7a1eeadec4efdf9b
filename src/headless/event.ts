/**
 * What an agent without a terminal does, in words that are the same for every agent: the stream of a
 * run. All of it is data of an agent that nobody trusts.
 */
export type AgentEvent =
  /** The agent runs. */
  | { kind: "init"; session?: string; model?: string }
  | { kind: "thinking"; text: string }
  /** What it says; {@link isUnread} for a line of its stream that is none of its format. */
  | { kind: "text"; text: string; isUnread?: true }
  /** It uses a tool; {@link argument} is the one that says most: a path, a command, a pattern. */
  | { kind: "tool"; id?: string; name: string; argument: string }
  /** What a tool answered. */
  | { kind: "result"; id?: string; text: string; isError: boolean }
  /** A message of the mailbox, as it was sent or delivered. */
  | { kind: "message"; direction: "from-cage" | "to-cage"; id: string; type: string; text: string }
  /** What sandcage or the agent's stderr has to say about the run. */
  | { kind: "note"; text: string }
  /** The agent's own word that its work is over; where it goes on after all, the last one counts. A run may end without. */
  | { kind: "done"; text: string; isError: boolean; usage: RunUsage };

/** What a run used up, as far as the agent told. */
export type RunUsage = {
  costUsd?: number;
  durationMs?: number;
  inputTokens?: number;
  outputTokens?: number;
};

/** An event on record. */
export type LoggedEvent = AgentEvent & {
  /** Counts from 1 in each run, without gaps. */
  seq: number;
  /** When sandcage got it, ISO 8601 in UTC with milliseconds. */
  at: string;
};

/** How a run stands, or how it ended. */
export type RunState =
  | "starting"
  | "running"
  /** The agent ended by itself, with 0. */
  | "done"
  /** The agent ended by itself, with another code, or never ran. */
  | "failed"
  /** It took longer than `--timeout`. */
  | "timed-out"
  /** It cost more than `--budget`. */
  | "over-budget"
  | "out-of-memory"
  /** `sandcage stop`, or a signal. */
  | "stopped"
  /** Its holder or the engine was killed; what it said until then is kept. */
  | "cut-off";

/** A run as its holder writes it down, anew at every change. */
export type RunRecord = {
  schema: 1;
  /** Sorts by the time of the launch. */
  id: string;
  cageId: string;
  service: string;
  state: RunState;
  /** ISO 8601. */
  startedAt: string;
  endedAt?: string;
  /** Exit code of the run: the agent's own, or that of {@link state}. */
  exit?: number;
  /** Why it ended so, for people. */
  reason?: string;
  usage: RunUsage;
  /** Number of events on record. */
  events: number;
  /** The last event, shortened to one line. */
  last?: string;
  /** When it came, ISO 8601. */
  lastAt?: string;
};
