/** How a finished process ended and what it said. */
export type ProcessResult = {
  /** Exit code, or 128 + signal number. */
  code: number;
  stdout: string;
  stderr: string;
  /** True when the deadline ended it. */
  timedOut: boolean;
};

/** What to run and how long it may take. */
export type RunOptions = {
  env?: Record<string, string>;
  /** `env` is the whole environment; nothing of this process's is added. Defaults to false. */
  clearEnv?: boolean;
  cwd?: string;
  /** Bytes or text for standard input; nothing by default. */
  stdin?: string | Uint8Array;
  /** Upper bound in milliseconds; the process is killed after it. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** Called with each decoded piece of stdout and stderr as it arrives. */
  onOutput?: (text: string) => void;
};

/** Runs a program to its end, capturing what it prints. Injected wherever a test wants no process. */
export type Run = (
  command: string,
  args: readonly string[],
  options: RunOptions,
) => Promise<ProcessResult>;

/** How long a process may take to end after SIGTERM before it is killed, in milliseconds. */
const TERM_GRACE_MS = 2_000;
/** How long output may still flow after the process ended because of us, in milliseconds. */
const DRAIN_MS = 500;

/**
 * The one place that spawns with captured output. The deadline holds even when the program ignores
 * SIGTERM or a grandchild keeps its pipes open.
 *
 * @throws {Deno.errors.NotFound} If the program does not exist.
 * @throws The reason of `options.signal` once the process is gone, if it was aborted.
 */
export const run: Run = async (command, args, options) => {
  options.signal?.throwIfAborted();
  const child = new Deno.Command(command, {
    args: [...args],
    ...(options.env === undefined ? {} : { env: options.env }),
    clearEnv: options.clearEnv === true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stop = new AbortController();
  const timers: ReturnType<typeof setTimeout>[] = [];
  let timedOut = false;
  const end = () => {
    kill(child, "SIGTERM");
    timers.push(setTimeout(() => kill(child, "SIGKILL"), TERM_GRACE_MS));
    child.status.then(() => timers.push(setTimeout(() => stop.abort(), DRAIN_MS)));
  };
  timers.push(setTimeout(() => {
    timedOut = true;
    end();
  }, options.timeoutMs));
  options.signal?.addEventListener("abort", end, { once: true });
  try {
    const [stdout, stderr, , status] = await Promise.all([
      collect(child.stdout, { signal: stop.signal, onOutput: options.onOutput }),
      collect(child.stderr, { signal: stop.signal, onOutput: options.onOutput }),
      options.stdin === undefined ? undefined : feed(child.stdin, options.stdin),
      child.status,
    ]);
    options.signal?.throwIfAborted();
    return { code: status.code, stdout, stderr, timedOut };
  } finally {
    for (const timer of timers) clearTimeout(timer);
    options.signal?.removeEventListener("abort", end);
  }
};

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It ended between the deadline and the signal.
  }
}

async function collect(
  stream: ReadableStream<Uint8Array>,
  options: { signal: AbortSignal; onOutput: ((text: string) => void) | undefined },
): Promise<string> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  options.signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const piece = decoder.decode(value, { stream: true });
    text += piece;
    options.onOutput?.(piece);
  }
  return text + decoder.decode();
}

async function feed(stdin: WritableStream<Uint8Array>, data: string | Uint8Array): Promise<void> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  try {
    const writer = stdin.getWriter();
    await writer.write(bytes);
    await writer.close();
  } catch {
    // The process ended without reading its input; its exit code says why.
  }
}
