import { EXIT, UserError } from "../errors.ts";
import { visibleText } from "../transfer/visible.ts";
import { concat } from "./bytes.ts";
import { type GitPlace, planGitArgs, planGitEnv } from "./git_plan.ts";

/** How a call of git ended and what it said. */
export type GitResult = {
  /** Exit code, or 128 + signal number. */
  code: number;
  /** As it came: names and messages need not be UTF-8. */
  stdout: Uint8Array;
  stderr: string;
  /** True when the deadline ended it. */
  timedOut: boolean;
};

/** One call of git. */
export type GitCall = {
  /** Settings behind `-c` for this call alone. */
  config?: readonly string[];
  /** Variables for this call alone, `GIT_INDEX_FILE` for one. */
  env?: Readonly<Record<string, string>>;
  /** Bytes for its standard input, or pieces of them. Nothing by default. */
  stdin?: Uint8Array | Iterable<Uint8Array>;
  /** Upper bound in milliseconds. Defaults to 60 000. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
};

/** A git that runs while it is talked to. Disposing ends it. */
export type GitProcess = AsyncDisposable & {
  /** Waits until the bytes are on their way. */
  write(bytes: Uint8Array): Promise<void>;
  closeWrite(): Promise<void>;
  /** The next bytes of its stdout; `undefined` at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** How it ended, once it has. */
  result(): Promise<Omit<GitResult, "stdout">>;
  /** Ends it and all it has started. Can be called twice. */
  kill(): void;
};

/** The host's git in one repository. */
export type Git = GitPlace & {
  /** Runs git to its end. Its exit code is the caller's to judge. */
  run(args: readonly string[], call?: GitCall): Promise<GitResult>;
  /**
   * What git answers.
   *
   * @param what The problem if it fails, as the start of a sentence: `Cannot list the commits`.
   * @throws {UserError} If it fails, with what it said.
   */
  read(args: readonly string[], call: GitCall & { what: string }): Promise<Uint8Array>;
  start(args: readonly string[], call?: GitCall): GitProcess;
  /** The same git in another repository. */
  in(place: GitPlace): Git;
};

/** Starts a program with three pipes. Injected where a test wants no process. */
export type SpawnGit = (args: readonly string[], env: Record<string, string>) => Deno.ChildProcess;

/** How long git may take to end after SIGTERM before it is killed, in milliseconds. */
const TERM_GRACE_MS = 2_000;
/** How long its streams may stay open after it ended because of us, in milliseconds. */
const DRAIN_MS = 500;
const TIMEOUT_MS = 60_000;
/** What is kept of stderr, in characters: its end says why. */
const MAX_STDERR = 16_384;
/** Pieces of input are put together to about so many bytes: each write is a turn of the loop. */
const WRITE_BYTES = 262_144;

/**
 * The one runner of the host's git for promotion. Nothing in the repository has it run a program,
 * ask, page, or start work of its own; every call has a deadline, and what a call has started ends
 * with it.
 */
export function createGit(
  options: GitPlace & {
    env: Readonly<Record<string, string | undefined>>;
    spawn?: SpawnGit;
  },
): Git {
  const { env: host, spawn = spawnGit, ...place } = options;
  const start = (args: readonly string[], call: GitCall = {}): GitProcess => {
    call.signal?.throwIfAborted();
    const argv = planGitArgs(place, args, call);
    return startChild(() => spawn(argv, planGitEnv(host, call.env)), call);
  };
  const run = async (args: readonly string[], call: GitCall = {}): Promise<GitResult> => {
    await using child = start(args, call);
    const [stdout] = await Promise.all([collect(child), feed(child, call.stdin)]);
    const result = await child.result();
    call.signal?.throwIfAborted();
    return { ...result, stdout };
  };
  return {
    ...place,
    start,
    run,
    async read(args, call) {
      const result = await run(args, call);
      if (result.code === 0 && !result.timedOut) return result.stdout;
      throw new UserError(`${call.what} in ${place.gitDir}: ${formatGitFailure(result)}`, {
        hint: `See what git says: git --git-dir=${JSON.stringify(place.gitDir)} fsck`,
        exit: EXIT.failed,
      });
    },
    in: (other) => createGit({ ...other, env: host, spawn }),
  };
}

/** The last lines that git said, as the end of a sentence; nothing in it acts on a terminal. */
export function formatGitFailure(result: Pick<GitResult, "stderr" | "timedOut">): string {
  if (result.timedOut) return "git took too long";
  const lines = result.stderr.split(/[\r\n]+/).filter((line) => line.trim() !== "");
  const told = lines.filter((line) => /^(fatal|error):/.test(line));
  const last = (told.length > 0 ? told : lines).slice(-3);
  return last.map((line) => visibleText(line.replace(/^(fatal|error): /, "").trim())).join("; ") ||
    "git said nothing";
}

const spawnGit: SpawnGit = (args, env) => {
  try {
    return new Deno.Command("git", {
      args: [...args],
      env,
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      // Ctrl-C at the terminal is ours to answer, and all that a call started can be ended at once.
      detached: Deno.build.os !== "windows",
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UserError("Cannot promote commits: there is no git on this machine", {
      hint: "Install git",
      exit: EXIT.failed,
      cause: error,
    });
  }
};

function startChild(spawn: () => Deno.ChildProcess, call: GitCall): GitProcess {
  const child = spawn();
  const stdout = child.stdout.getReader();
  const stderr = child.stderr.getReader();
  const stdin = child.stdin.getWriter();
  // Its failures are told by each write.
  stdin.closed.catch(() => {});
  const timers: ReturnType<typeof setTimeout>[] = [];
  let timedOut = false;
  let ended = false;
  let killing = false;
  const kill = () => {
    if (killing || ended) return;
    killing = true;
    signalGroup(child, "SIGTERM");
    timers.push(setTimeout(() => signalGroup(child, "SIGKILL"), TERM_GRACE_MS));
    child.status.then(() => {
      // What it started and what holds its pipes goes with it.
      signalGroup(child, "SIGKILL");
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
  const status = child.status.then((status) => {
    ended = true;
    return status.code;
  });
  return {
    write: (bytes) => stdin.write(bytes),
    closeWrite: () => stdin.close(),
    read: async () => (await stdout.read()).value,
    async result() {
      const [code, text] = [await status, await said];
      return { code, stderr: text, timedOut };
    },
    kill,
    async [Symbol.asyncDispose]() {
      kill();
      await stdin.abort().catch(() => {});
      await stdout.cancel().catch(() => {});
      await Promise.all([status, said]);
      for (const timer of timers) clearTimeout(timer);
      call.signal?.removeEventListener("abort", kill);
    },
  };
}

function signalGroup(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    // Windows has no groups, and takes no other signal than the end.
    if (Deno.build.os === "windows") child.kill("SIGKILL");
    else Deno.kill(-child.pid, signal);
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

async function collect(child: GitProcess): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = await child.read();
    if (piece === undefined) return concat(pieces);
    pieces.push(piece);
  }
}

async function feed(child: GitProcess, stdin: GitCall["stdin"]): Promise<void> {
  try {
    if (stdin instanceof Uint8Array) await child.write(stdin);
    else if (stdin !== undefined) await feedPieces(child, stdin);
    await child.closeWrite();
  } catch {
    // It ended without reading its input; its exit code says why.
  }
}

async function feedPieces(child: GitProcess, pieces: Iterable<Uint8Array>): Promise<void> {
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
