import { type ProcessResult, run } from "../engine/process.ts";
import { observeProgram, planProgram } from "../self.ts";

/** This very sandcage, started again with a state directory of its own. */
export type Self = (args: readonly string[]) => Promise<ProcessResult>;

/** Images may have to be built first; in milliseconds. */
const RUN_MS = 600_000;

/** What of the environment decides who one is and where one keeps things. */
export type SelfPlace = { home: string; stateDir: string; cwd: string };

/** Makes a runner of commands whose home, state and project are none of the user's. */
export function makeSelf(place: SelfPlace): Self {
  const { command, args } = planProgram(observeProgram());
  return (words) =>
    run(command, [...args, ...words], {
      cwd: place.cwd,
      env: { HOME: place.home, SANDCAGE_HOME: place.stateDir, NO_COLOR: "1", CI: "1" },
      timeoutMs: RUN_MS,
    });
}
