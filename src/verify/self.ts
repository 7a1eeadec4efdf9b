import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import { listCopyCages } from "../copy/record.ts";
import { type ProcessResult, run } from "../engine/process.ts";
import { pause } from "../pause.ts";
import { observeProgram, planProgram } from "../self.ts";

/** This very sandcage, started again with a state directory of its own. */
export type Self = (args: readonly string[]) => Promise<ProcessResult>;

/** Images may have to be built first; in milliseconds. */
const RUN_MS = 600_000;

/** What of the environment decides who one is and where one keeps things. */
export type SelfPlace = { home: string; stateDir: string; cwd: string };

/** Where everything of somebody is below a home of his own. Pure. */
export function planPlace(home: string): SelfPlace {
  return { home, stateDir: join(home, ".sandcage"), cwd: join(home, "api") };
}

/** Last lines of a user's configuration there, which lead to the engine that is tried. Pure. */
export function formatEngineConfig({ engine: { context } }: Pick<Config, "engine">): string {
  return context === null ? "" : `[engine]\ncontext = ${JSON.stringify(context)}\n`;
}

/** How long a command may take to clear up once it is asked to end, in milliseconds. */
const END_MS = 60_000;

/** Pause between two looks, in milliseconds. */
const LOOK_MS = 100;

/**
 * Ends the commands of a killed run that work below a directory, and waits for them: what they go on
 * making could not be removed.
 */
export async function endSelves(root: string): Promise<void> {
  const deadline = Date.now() + END_MS;
  let found = await findProcesses(root);
  for (const pid of found) {
    try {
      Deno.kill(pid, "SIGTERM");
    } catch {
      // It ended by itself.
    }
  }
  while (found.length > 0 && Date.now() < deadline) {
    await pause(LOOK_MS);
    found = await findProcesses(root);
  }
}

/** Processes whose command line names a directory; none where nobody can tell. */
async function findProcesses(root: string): Promise<number[]> {
  const listed = await run("ps", ["-A", "-o", "pid=,args="], { timeoutMs: END_MS })
    .catch(() => ({ stdout: "" }));
  return listed.stdout.split("\n")
    .filter((line) => line.includes(root))
    .map((line) => Number.parseInt(line, 10))
    .filter((pid) => Number.isSafeInteger(pid) && pid !== Deno.pid);
}

/** Makes a runner of commands whose home, state and project are none of the user's. */
export function makeSelf(place: SelfPlace): Self {
  const { command, args } = planProgram(observeProgram());
  return (words) =>
    // By its path a command is found that outlived whoever started it.
    run(command, [...args, ...words, "--path", place.cwd], {
      cwd: place.cwd,
      env: { HOME: place.home, SANDCAGE_HOME: place.stateDir, NO_COLOR: "1", CI: "1" },
      timeoutMs: RUN_MS,
    });
}

/**
 * Runs a command that has to work.
 *
 * @throws {Error} With what it said, if it does not.
 */
export async function mustSelf(self: Self, args: readonly string[]): Promise<ProcessResult> {
  const result = await self(args);
  if (result.code === 0) return result;
  throw new Error(`sandcage ${args.join(" ")} ended with ${result.code}\n${result.stderr.trim()}`);
}

/** Removes whatever copy cages are on record there; with them their sessions and what lands work. */
export async function destroyAll(place: SelfPlace): Promise<void> {
  const self = makeSelf(place);
  for (const { copy } of await listCopyCages(place.stateDir)) {
    await mustSelf(self, ["destroy", copy.name, "-y", "--force"]);
  }
}
