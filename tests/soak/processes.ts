import type { Sample } from "./growth.ts";

/** One process of this machine. */
export type Process = { pid: number; command: string };

/**
 * Processes that belong to a run, and what of them ended unheard: the run's folder stands in their command line, environment or working
 * directory, or they serve one of its containers.
 */
export async function listProcesses(
  marks: readonly string[],
  containers: Iterable<string>,
): Promise<Process[]> {
  const ids = [...containers];
  const found: Process[] = [];
  const ended: { pid: number; parent: number; name: string }[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === Deno.pid) continue;
    const command = (await readText(`/proc/${pid}/cmdline`)).replaceAll("\0", " ").trim();
    if (command === "") {
      const zombie = parseZombie(await readText(`/proc/${pid}/stat`));
      if (zombie !== undefined) ended.push({ pid, ...zombie });
      continue;
    }
    const places = [await readText(`/proc/${pid}/environ`), await readLink(`/proc/${pid}/cwd`)];
    const isOurs = ids.some((id) => command.includes(id)) ||
      [command, ...places].some((text) => marks.some((mark) => text.includes(mark)));
    if (isOurs) found.push({ pid, command: shorten(command) });
  }
  const parents = new Set(found.map(({ pid }) => pid));
  return [
    ...found,
    ...ended.filter(({ parent }) => parents.has(parent))
      .map(({ pid, parent, name }) => ({ pid, command: `${name}, ended, a child of ${parent}` })),
  ];
}

/** A process that has ended and that its parent did not wait for, from `/proc/PID/stat`. Pure. */
export function parseZombie(stat: string): { parent: number; name: string } | undefined {
  // The name may have blanks and brackets of its own.
  const match = /^\d+ \((.*)\) Z (\d+) /s.exec(stat);
  return match === null ? undefined : { name: match[1]!, parent: Number(match[2]) };
}

/** Measures a process; `undefined` when it has ended. */
export async function sampleProcess(
  pid: number,
  atMs: number,
): Promise<Sample | undefined> {
  try {
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    const kib = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1];
    // A process that has ended and was not waited for has no memory.
    if (kib === undefined) return undefined;
    const files = await Array.fromAsync(Deno.readDir(`/proc/${pid}/fd`));
    return { atMs, memory: Number(kib) * 1024, files: files.length };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Unix sockets that are bound below a folder. */
export async function listSockets(folder: string): Promise<string[]> {
  const paths = (await Deno.readTextFile("/proc/net/unix")).split("\n")
    .map((line) => line.split(" ").at(-1)!)
    .filter((path) => path.includes(folder));
  return [...new Set(paths)];
}

/** Programs by name and what they do, without the long paths before it. */
function shorten(command: string): string {
  return command.replace(/^\S*\/deno run .*?main\.(?:js|ts) /, "sandcage ").slice(0, 160);
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    // Ended meanwhile, or somebody else's in a way even root may not read.
    return "";
  }
}

async function readLink(path: string): Promise<string> {
  try {
    return await Deno.readLink(path);
  } catch {
    return "";
  }
}

function isGone(error: unknown): boolean {
  // ESRCH, for a file of /proc that was open when its process ended, has no class of its own.
  return error instanceof Deno.errors.NotFound ||
    error instanceof Error && /os error 3\b/.test(error.message);
}
