/** Helpers of the tools: programs whose output the person sees, and programs that may be missing. */

/** How a visible program is run. */
export type ShowOptions = { cwd?: string; env?: Record<string, string>; signal?: AbortSignal };

/** Runs a program with its output on the screen and answers its exit code. */
export async function show(
  command: string,
  args: readonly string[],
  options: ShowOptions = {},
): Promise<number> {
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
    ...options,
  }).spawn();
  return (await child.status).code;
}

/** Runs a program as {@link show} does and throws when it fails. */
export async function must(
  command: string,
  args: readonly string[],
  options: ShowOptions = {},
): Promise<void> {
  const code = await show(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}`);
}

/** Whether a program is on the PATH. */
export async function isInstalled(program: string): Promise<boolean> {
  for (const dir of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      if ((await Deno.stat(`${dir}/${program}`)).isFile) return true;
    } catch {
      // Not in this folder.
    }
  }
  return false;
}

/** Writes a line to stderr, where progress belongs. */
export function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Writes a line to stdout, where results belong. */
export function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
