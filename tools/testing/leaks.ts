import { type EngineState, observeRun } from "../engine_state.ts";
import { run } from "../../src/engine/process.ts";

/** What a run left behind that it should have removed. */
export type Leaks = EngineState & { processes: { pid: number; command: string }[] };

/** Looks for containers, volumes, networks and processes of one run. */
export async function findLeaks(runId: string, runRoot: string): Promise<Leaks> {
  return { ...await observeRun(runId), processes: await findProcesses(runRoot) };
}

/** Removes exactly what was found, by name and by process id. */
export async function removeLeaks(leaks: Leaks): Promise<void> {
  for (const { pid } of leaks.processes) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself in between.
    }
  }
  const removals = [
    { args: ["rm", "--force", "--volumes"], names: leaks.containers },
    { args: ["volume", "rm"], names: leaks.volumes },
    { args: ["network", "rm"], names: leaks.networks },
  ];
  for (const { args, names } of removals) {
    if (names.length > 0) await run("docker", [...args, ...names], { timeoutMs: 60_000 });
  }
}

/** One line for each leak. */
export function formatLeaks(leaks: Leaks): string[] {
  return [
    ...leaks.containers.map((name) => `container ${name}`),
    ...leaks.volumes.map((name) => `volume ${name}`),
    ...leaks.networks.map((name) => `network ${name}`),
    ...leaks.processes.map(({ pid, command }) => `process ${pid}: ${command}`),
  ];
}

/** Processes whose command line names the run's folder. */
async function findProcesses(runRoot: string): Promise<Leaks["processes"]> {
  const found: Leaks["processes"] = [];
  for await (const entry of Deno.readDir("/proc")) {
    const pid = Number(entry.name);
    if (!Number.isInteger(pid) || pid === Deno.pid) continue;
    const command = await readCommand(pid);
    if (command.includes(runRoot)) found.push({ pid, command: command.slice(0, 200) });
  }
  return found;
}

async function readCommand(pid: number): Promise<string> {
  try {
    return (await Deno.readTextFile(`/proc/${pid}/cmdline`)).replaceAll("\0", " ").trim();
  } catch {
    // Gone, or another user's: not ours.
    return "";
  }
}
