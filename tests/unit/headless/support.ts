import { openRunLog, type RunLog, type RunLogOptions } from "../../../src/headless/log_store.ts";
import { runDir, type RunKey } from "../../../src/headless/run_files.ts";

/** A state directory that goes when the test ends. */
export async function makeState(): Promise<{ stateDir: string } & AsyncDisposable> {
  const stateDir = await Deno.makeTempDir({ prefix: "sandcage-runs-" });
  return {
    stateDir,
    [Symbol.asyncDispose]: () => Deno.remove(stateDir, { recursive: true }),
  };
}

/** Id of the nth run of a test. */
export function runIdOf(number: number): string {
  return `20260131t0815${String(number).padStart(2, "0")}-00000a`;
}

/** Begins a run as its holder does. */
export async function beginRun(
  stateDir: string,
  options: Partial<RunLogOptions> & { key?: Partial<RunKey> } = {},
): Promise<RunLog> {
  const key = { cageId: "web-1", runId: runIdOf(1), ...options.key };
  return await openRunLog(runDir(stateDir, key), {
    run: { id: key.runId, cageId: key.cageId, service: "claude" },
    nowMs: () => Date.UTC(2026, 0, 31, 8, 15),
    ...options,
  });
}
