import { say } from "../../../tools/shell.ts";

/** How long a program may take to listen, in milliseconds: mitmdump is slow on a busy machine. */
const START_MS = 20_000;
const POLL_MS = 20;

/** Starts a program and waits until it listens; disposing ends it. What it says on stderr is shown. */
export async function startProgram(
  [command, ...args]: readonly string[],
  options: { listens: { hostname: string; port: number }; env?: Record<string, string> },
): Promise<AsyncDisposable & { pid: number }> {
  const child = new Deno.Command(command!, {
    args,
    ...(options.env === undefined ? {} : { env: options.env }),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let ended = false;
  const talking = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) say(text.trim());
  })();
  const status = child.status.then((status) => (ended = true, status));
  const stop = async () => {
    if (!ended) child.kill("SIGTERM");
    await Promise.all([status, talking]);
  };
  const deadline = performance.now() + START_MS;
  while (!await isListening(options.listens)) {
    if (ended || performance.now() > deadline) {
      await stop();
      throw new Error(`${command} does not listen on ${options.listens.hostname}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return { pid: child.pid, [Symbol.asyncDispose]: stop };
}

async function isListening(at: { hostname: string; port: number }): Promise<boolean> {
  try {
    (await Deno.connect(at)).close();
    return true;
  } catch {
    return false;
  }
}
