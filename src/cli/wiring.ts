import type { CommandContext } from "./context.ts";

/** What the command tree gives an action: the global flags as values, and a way to end. */
export type Wiring = {
  context(): CommandContext;
  /** The project of the global `--path` flag, ready to spread into options. */
  path(): { path?: string };
  /** What stood after `--`. */
  rest(): string[];
  /** Waits for a command; its number is the exit code, nothing is 0. */
  end(work: Promise<number | void>): Promise<void>;
};
