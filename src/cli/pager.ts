import type { CommandContext } from "./context.ts";

/** What runs when nothing is set: colours pass, and a text that fits the screen is just printed. */
const DEFAULT_PAGER = "less -R";

/** The command line of the user's pager; `undefined` for none, as git has it with `cat`. Pure. */
export function findPager(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const wanted = env["SANDCAGE_PAGER"] ?? env["PAGER"] ?? DEFAULT_PAGER;
  return wanted.trim() === "" || wanted.trim() === "cat" ? undefined : wanted;
}

/**
 * Shows a long text through the user's pager where stdout is a terminal, else prints it. The text
 * must be safe for a terminal: a pager passes on what it holds.
 */
export async function showPaged(
  chunks: AsyncIterable<string>,
  context: CommandContext,
): Promise<void> {
  const { host, io } = context;
  const pager = host.tty.stdout ? findPager(host.env) : undefined;
  const child = pager === undefined ? undefined : startPager(pager, host.env["LESS"]);
  if (child === undefined) {
    for await (const chunk of chunks) io.out(chunk);
    return;
  }
  // Ctrl-C belongs to the pager while it has the terminal.
  using _handedOver = context.signals?.handOver();
  const writer = child.stdin.getWriter();
  try {
    for await (const chunk of chunks) await writer.write(new TextEncoder().encode(chunk));
    await writer.close();
  } catch (error) {
    // The user has seen enough and left it.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  } finally {
    await child.status;
  }
}

// The variable is a command line of the user's own, as with git: it may hold arguments and pipes.
function startPager(pager: string, less: string | undefined): Deno.ChildProcess | undefined {
  const [command, ...args] = Deno.build.os === "windows"
    ? pager.split(" ")
    : ["/bin/sh", "-c", pager];
  try {
    return new Deno.Command(command!, {
      args,
      stdin: "piped",
      // As git does: leave at once when it fits, pass colours, keep the screen.
      env: less === undefined ? { LESS: "FRX" } : {},
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
