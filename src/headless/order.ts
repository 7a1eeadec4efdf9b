import type { ErrorCode, ExitCode } from "../errors.ts";

/** What a launch tells the process that is to hold its run, in one line of JSON. */
export type RunOrder = {
  runId: string;
  cageId: string;
  /** Docker context of the command line. */
  engineContext?: string | undefined;
  /** Which cage, as `locateCage` takes it. */
  service: string;
  path?: string | undefined;
  name?: string | undefined;
  /** What people call the cage. */
  title: string;
  /** The user's own arguments for the agent. */
  args: readonly string[];
  /** Milliseconds; none by default. */
  timeoutMs?: number | undefined;
  budgetUsd?: number | undefined;
  /** Whether the mailbox is open while it runs. */
  hasMail: boolean;
  /** What `sandcage stop` had said last when it was launched. */
  stopMark: string;
};

/** What the holder answers, a line of JSON each, until the run's container runs. */
export type HolderWord =
  /** For people. */
  | { said: string }
  | { ready: { container: string } }
  /** Nothing was started: a person is needed, or time at a terminal. */
  | { needs: "hands" }
  | { failed: { message: string; hint?: string; exit: ExitCode; code: ErrorCode } };

/** Reads an order; `undefined` when the launch was gone before it had given one. Pure. */
export function parseOrder(text: string): RunOrder | undefined {
  return text.endsWith("\n") ? JSON.parse(text) as RunOrder : undefined;
}

/** Reads a word of the holder; anything else is said. Pure. */
export function parseWord(line: string): HolderWord {
  try {
    return JSON.parse(line) as HolderWord;
  } catch {
    return { said: line };
  }
}
