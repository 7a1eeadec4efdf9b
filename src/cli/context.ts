import type { Host } from "../host.ts";
import type { IdleHolder } from "../headless/holder_process.ts";
import type { Io } from "../io.ts";
import type { Signals } from "./signals.ts";

/** What every command gets besides its own options. */
export type CommandContext = {
  host: Host;
  io: Io;
  /** Name of the docker context from the global `--context` flag. */
  engineContext?: string;
  /** Signals to this process; absent in tests. */
  signals?: Signals;
  /** Started while the command tree was loaded, for a launch. */
  holder?: IdleHolder;
};
