import { EXIT, UserError } from "../errors.ts";
import { visibleText } from "../transfer/visible.ts";
import {
  type ChildCall,
  type ChildResult,
  collect,
  feed,
  type Process,
  spawnChild,
  startChild,
} from "./child.ts";
import { type GitPlace, planGitArgs, planGitEnv } from "./git_plan.ts";

/** One call of git. */
export type GitCall = ChildCall & {
  /** Settings behind `-c` for this call alone. */
  config?: readonly string[];
  /** Variables for this call alone, `GIT_INDEX_FILE` for one. */
  env?: Readonly<Record<string, string>>;
  /** Bytes for its standard input, or pieces of them. Nothing by default. */
  stdin?: Uint8Array | Iterable<Uint8Array>;
};

/** How a call of git ended and what it said. */
export type GitResult = ChildResult & {
  /** As it came: names and messages need not be UTF-8. */
  stdout: Uint8Array;
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
  start(args: readonly string[], call?: GitCall): Process;
  /** The same git in another repository; `env` is for all its calls. */
  in(place: GitPlace & { env?: Readonly<Record<string, string>> }): Git;
};

/** Starts a program with three pipes. Injected where a test wants no process. */
export type SpawnGit = (
  args: readonly string[],
  options: { env: Record<string, string>; group: ChildCall["group"] },
) => Deno.ChildProcess;

/**
 * The one runner of the host's git for promotion. Nothing in the repository has it run a program,
 * ask, page, or start work of its own; every call has a deadline, and what a call has started ends
 * with it.
 */
export function createGit(
  options: GitPlace & {
    env: Readonly<Record<string, string | undefined>>;
    /** For all calls, on top of `env`, which is the host's. */
    extra?: Readonly<Record<string, string>> | undefined;
    spawn?: SpawnGit;
  },
): Git {
  const { env: host, extra, spawn = spawnGit, ...place } = options;
  const start = (args: readonly string[], call: GitCall = {}): Process => {
    call.signal?.throwIfAborted();
    const argv = planGitArgs(place, args, call);
    return startChild(
      spawn(argv, { env: planGitEnv(host, { ...extra, ...call.env }), group: call.group }),
      call,
    );
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
    in: ({ env, ...other }) => createGit({ ...other, env: host, extra: env, spawn }),
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

const spawnGit: SpawnGit = (args, options) => {
  try {
    return spawnChild(["git", ...args], options);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UserError("Cannot promote commits: there is no git on this machine", {
      hint: "Install git",
      exit: EXIT.failed,
      cause: error,
    });
  }
};
