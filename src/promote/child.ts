import { concat } from "./bytes.ts";

/** How a program may run. */
export type ChildCall = {
  /** Upper bound in milliseconds. Defaults to 60 000. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
  /**
   * `own`: what it starts ends with it, and Ctrl-C at the terminal does not reach it. The start takes
   * five times as long then, for this process is copied (measured: 1.7 ms instead of 0.3).
   */
  group?: "own";
};

/** How a program ended and what it said. */
export type ChildResult = {
  /** Exit code, or 128 + signal number. */
  code: number;
  stderr: string;
  /** True when the deadline ended it. */
  timedOut: boolean;
};

/** A program that runs while it is talked to. Disposing ends it. */
export type Process = AsyncDisposable & {
  /** Waits until the bytes are on their way. */
  write(bytes: Uint8Array): Promise<void>;
  closeWrite(): Promise<void>;
  /** The next bytes of its stdout; `undefined` at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** How it ended, once it has. */
  result(): Promise<ChildResult>;
  /** Ends it and all it has started. Can be called twice. */
  kill(): void;
};

/** How long a program may take to end after SIGTERM before it is killed, in milliseconds. */
const TERM_GRACE_MS = 2_000;
/** How long its streams may stay open after it ended because of us, in milliseconds. */
const DRAIN_MS = 500;
const TIMEOUT_MS = 60_000;
/** What is kept of stderr, in characters: its end says why. */
const MAX_STDERR = 16_384;
/** Pieces of input are put together to about so many bytes: each write is a turn of the loop. */
const WRITE_BYTES = 262_144;

/** Starts a program with three pipes. */
export function spawnChild(
  command: readonly string[],
  options: { env: Record<string, string>; group: ChildCall["group"] },
): Deno.ChildProcess {
  return new Deno.Command(command[0]!, {
    args: command.slice(1),
    env: options.env,
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    detached: options.group === "own" && Deno.build.os !== "windows",
  }).spawn();
}

/** Takes a program over: it ends at its deadline, with its caller, or when it is disposed of. */
export function startChild(child: Deno.ChildProcess, call: ChildCall): Process {
  const stdout = child.stdout.getReader();
  const stderr = child.stderr.getReader();
  const stdin = child.stdin.getWriter();
  // Its failures are told by each write.
  stdin.closed.catch(() => {});
  const timers: ReturnType<typeof setTimeout>[] = [];
  let timedOut = false;
  let settled = false;
  let killing = false;
  const end = () => sendSignal(child, { signal: "SIGKILL", group: call.group });
  const kill = () => {
    // One that has ended may have left others behind that hold its pipes.
    if (killing || settled) return;
    killing = true;
    sendSignal(child, { signal: "SIGTERM", group: call.group });
    timers.push(setTimeout(end, TERM_GRACE_MS));
    child.status.then(() => {
      // What it started and what holds its pipes goes with it.
      end();
      timers.push(setTimeout(() => {
        stdout.cancel().catch(() => {});
        stderr.cancel().catch(() => {});
      }, DRAIN_MS));
    });
  };
  timers.push(setTimeout(() => {
    timedOut = true;
    kill();
  }, call.timeoutMs ?? TIMEOUT_MS));
  call.signal?.addEventListener("abort", kill, { once: true });
  const said = collectTail(stderr);
  const result = Promise.all([child.status, said]).then(([{ code }, stderr]) => {
    settled = true;
    return { code, stderr };
  });
  return {
    write: (bytes) => stdin.write(bytes),
    closeWrite: () => stdin.close(),
    read: async () => (await stdout.read()).value,
    result: async () => ({ ...await result, timedOut }),
    kill,
    async [Symbol.asyncDispose]() {
      kill();
      await stdin.abort().catch(() => {});
      await stdout.cancel().catch(() => {});
      await result;
      for (const timer of timers) clearTimeout(timer);
      call.signal?.removeEventListener("abort", kill);
    },
  };
}

function sendSignal(
  child: Deno.ChildProcess,
  { signal, group }: { signal: Deno.Signal; group: ChildCall["group"] },
): void {
  try {
    // Windows has no groups, and takes no other signal than the end.
    if (Deno.build.os === "windows") child.kill("SIGKILL");
    else if (group === "own") Deno.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // It ended already.
  }
}

async function collectTail(stream: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { value, done } = await stream.read();
    if (done) return text + decoder.decode();
    text = (text + decoder.decode(value, { stream: true })).slice(-MAX_STDERR);
  }
}

/** All of its stdout. */
export async function collect(child: Process): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = await child.read();
    if (piece === undefined) return concat(pieces);
    pieces.push(piece);
  }
}

/** Gives it its input and the end of it. */
export async function feed(
  child: Process,
  stdin: Uint8Array | Iterable<Uint8Array> | undefined,
): Promise<void> {
  try {
    if (stdin instanceof Uint8Array) await child.write(stdin);
    else if (stdin !== undefined) await feedPieces(child, stdin);
    await child.closeWrite();
  } catch {
    // It ended without reading its input; its exit code says why.
  }
}

async function feedPieces(child: Process, pieces: Iterable<Uint8Array>): Promise<void> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  for (const piece of pieces) {
    waiting.push(piece);
    size += piece.length;
    if (size < WRITE_BYTES) continue;
    await child.write(concat(waiting));
    [waiting, size] = [[], 0];
  }
  await child.write(concat(waiting));
}
