/** A process of a container, as the engine lists it. */
export type ListedProcess = { pid: number; parent: number; state: string; command: string };

/** How an agent's process is. */
export type AgentProcess =
  | { state: "alive" | "zombie"; pid: number; command: string }
  | { state: "absent" | "unknown" };

/** Columns that the engine is asked for, in the order of {@link parseTop}. */
export const TOP_COLUMNS = "pid,ppid,stat,args";

/** Reads the engine's list of processes: a header, then a line each. Pure. */
export function parseTop(text: string): ListedProcess[] {
  return text.split("\n").slice(1).flatMap((line) => {
    const found = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+)$/.exec(line);
    if (found === null) return [];
    const [, pid, parent, state, command] = found;
    return [{ pid: Number(pid), parent: Number(parent), state: state!, command: command! }];
  });
}

/**
 * Finds the agent among the processes of its container: the first whose program, or the script that
 * is its first argument, has one of its names. A program that only reads a file of that name is none.
 * Pure.
 *
 * @param names What the agent's program is called; without any it is whatever the container was
 * started for.
 */
export function findAgentProcess(
  processes: readonly ListedProcess[],
  names: readonly string[],
): AgentProcess {
  if (processes.length === 0) return { state: "unknown" };
  const found = processes.filter((one) =>
    names.length === 0 ? isMain(one, processes) : names.some((name) => isCalled(one, name))
  );
  const alive = found.find(({ state }) => !state.startsWith("Z"));
  if (alive !== undefined) return { state: "alive", pid: alive.pid, command: alive.command };
  const [dead] = found;
  return dead === undefined
    ? { state: "absent" }
    : { state: "zombie", pid: dead.pid, command: dead.command };
}

/** What the first process of the container, its init, has started. */
function isMain({ parent }: ListedProcess, processes: readonly ListedProcess[]): boolean {
  const init = processes.find((one) => !processes.some(({ pid }) => pid === one.parent));
  return parent === init?.pid;
}

/** Programs that run the script that is their first argument. */
const INTERPRETERS: readonly string[] = ["node", "python3", "python", "bash", "sh", "deno", "bun"];

function isCalled({ state, command }: ListedProcess, name: string): boolean {
  // A zombie has no arguments left; its name stands in brackets, cut at 15 characters.
  if (state.startsWith("Z")) return command.startsWith(`[${name.slice(0, 15)}]`);
  const words = command.split(" ");
  const [program = ""] = words;
  if (baseOf(program) === name) return true;
  if (!INTERPRETERS.includes(baseOf(program))) return false;
  const script = words.slice(1).find((word) => !word.startsWith("-"));
  return script !== undefined && isScriptOf(script, name);
}

function isScriptOf(path: string, name: string): boolean {
  const base = baseOf(path).replace(/\.(m|c)?js$/, "");
  return base === name || path.includes(`/agents/${name}/`);
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
