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

/**
 * The one place that spawns with captured output.
 *
 * @throws {Deno.errors.NotFound} If the program does not exist.
 */
export const run: Run = async (command, args, options) => {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal === undefined
    ? deadline
    : AbortSignal.any([deadline, options.signal]);
  const child = new Deno.Command(command, {
    args: [...args],
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    signal,
  }).spawn();
  const [stdout, stderr, , status] = await Promise.all([
    collect(child.stdout, options.onOutput),
    collect(child.stderr, options.onOutput),
    options.stdin === undefined ? undefined : feed(child.stdin, options.stdin),
    child.status,
  ]);
  options.signal?.throwIfAborted();
  return { code: status.code, stdout, stderr, timedOut: deadline.aborted };
};

async function collect(
  stream: ReadableStream<Uint8Array>,
  onOutput: ((text: string) => void) | undefined,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    const piece = decoder.decode(chunk, { stream: true });
    text += piece;
    onOutput?.(piece);
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
