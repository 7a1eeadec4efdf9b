import { resolve } from "node:path";
import { observeProgram, planProgram } from "../self.ts";

/** What a process of its own is started with. */
export type DetachedOptions = {
  /** Arguments of this program. */
  args: readonly string[];
  stateDir: string;
  /** Where it stands: no directory of the user's, which it would keep from being removed. */
  cwd: string;
  /** Streams between it and this process; without them there are none. */
  piped?: true;
};

/** Starts this program as a process that outlives this one and its terminal. */
export function spawnDetached(options: DetachedOptions): Deno.ChildProcess {
  const { args, stateDir, cwd, piped } = options;
  const program = planProgram(observeProgram());
  return new Deno.Command(program.command, {
    args: [...program.args, ...args],
    cwd,
    env: { SANDCAGE_HOME: resolve(stateDir) },
    stdin: piped ? "piped" : "null",
    stdout: piped ? "piped" : "null",
    stderr: "null",
    // Of a session of its own: what is typed or closed at this terminal is not its business.
    detached: true,
  }).spawn();
}
