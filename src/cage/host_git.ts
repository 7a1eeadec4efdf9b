import type { ProcessResult, Run, RunOptions } from "../engine/process.ts";
import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";

/** How git is run on the host: in the user's own repositories and in our own, never in a cage's. */
export type HostGit = { host: Pick<Host, "env">; run: Run };

/** One call of git. */
export type GitCall = Omit<RunOptions, "env" | "clearEnv" | "timeoutMs"> & {
  env?: Record<string, string>;
  /** Upper bound in milliseconds. Defaults to 60 000. */
  timeoutMs?: number;
};

/** What would make git run programs, look elsewhere or start work of its own. */
const PLAIN = [
  "core.fsmonitor=false",
  "core.hooksPath=/dev/null",
  "protocol.ext.allow=never",
  "gc.auto=0",
  "maintenance.auto=false",
  "advice.detachedHead=false",
];

/** Variables by which a caller, a hook of git among them, says which repository is meant. */
const REPOSITORY_VARIABLES = [
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_COMMON_DIR",
  "GIT_CONFIG",
  "GIT_CONFIG_PARAMETERS",
  "GIT_DIR",
  "GIT_GRAFT_FILE",
  "GIT_IMPLICIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_INTERNAL_SUPER_PREFIX",
  "GIT_NAMESPACE",
  "GIT_OBJECT_DIRECTORY",
  "GIT_PREFIX",
  "GIT_REPLACE_REF_BASE",
  "GIT_SHALLOW_FILE",
  "GIT_WORK_TREE",
];

/**
 * Runs git on the host with nothing in it that a repository could have it run.
 *
 * @throws {UserError} If there is no git.
 */
export async function runGit(
  git: HostGit,
  args: readonly string[],
  options: GitCall = {},
): Promise<ProcessResult> {
  try {
    return await git.run("git", planGitArgs(args), {
      ...options,
      env: { ...planGitEnv(git.host.env), ...options.env },
      clearEnv: true,
      timeoutMs: options.timeoutMs ?? 60_000,
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UserError("Cannot read the repository: there is no git on this machine", {
      hint: "Install git, or leave the repository out: workspace: { git: none }",
      exit: EXIT.failed,
      cause: error,
    });
  }
}

/** The arguments of a call with what is always switched off. Pure. */
export function planGitArgs(args: readonly string[]): string[] {
  return [...PLAIN.flatMap((setting) => ["-c", setting]), ...args];
}

/** The host's environment without what points git elsewhere. Pure. */
export function planGitEnv(env: Host["env"]): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !REPOSITORY_VARIABLES.includes(name)) kept[name] = value;
  }
  // Its messages are shown, and some are read.
  return { ...kept, LC_ALL: "C.UTF-8", GIT_NO_REPLACE_OBJECTS: "1" };
}

/** The last lines that git said, as the end of a sentence. */
export function formatGitFailure(result: Pick<ProcessResult, "stderr" | "timedOut">): string {
  if (result.timedOut) return "git took too long";
  const lines = result.stderr.split(/[\r\n]+/).filter((line) =>
    /^(fatal|error|remote):/.test(line)
  );
  const all = lines.length > 0 ? lines : result.stderr.trim().split("\n").slice(-1);
  return all.slice(-3).map((line) => line.replace(/^(fatal|error): /, "").trim()).join("; ") ||
    "git said nothing";
}
