/** Which repository git works in, and where its files are. */
export type GitPlace = {
  /** The git directory of the working tree; said outright, so that git looks for none. */
  gitDir: string;
  /** The working tree; without one git takes the repository as bare. */
  worktree?: string | undefined;
};

/** What would make git run programs, ask, look elsewhere, or start work of its own. */
const PLAIN = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "gc.auto=0",
  "maintenance.auto=false",
  "fetch.fsckObjects=true",
  "transfer.fsckObjects=true",
  "protocol.ext.allow=never",
  "submodule.recurse=false",
  "fetch.recurseSubmodules=false",
  "log.showSignature=false",
  "credential.helper=",
  "advice.detachedHead=false",
];

/** Variables of git that say which configuration or which git, not which repository. */
const KEPT = [
  "GIT_CONFIG_GLOBAL",
  "GIT_CONFIG_SYSTEM",
  "GIT_CONFIG_NOSYSTEM",
  "GIT_EXEC_PATH",
];

/** The arguments of a call, behind what is always switched off. Later settings win. Pure. */
export function planGitArgs(
  place: GitPlace,
  args: readonly string[],
  options: { config?: readonly string[] | undefined } = {},
): string[] {
  return [
    "--no-pager",
    "--literal-pathspecs",
    `--git-dir=${place.gitDir}`,
    ...(place.worktree === undefined ? [] : [`--work-tree=${place.worktree}`]),
    ...[...PLAIN, ...options.config ?? []].flatMap((setting) => ["-c", setting]),
    ...args,
  ];
}

/**
 * The environment of a call: the host's without what points git elsewhere, traces, or asks. Pure.
 *
 * @see {@link https://git-scm.com/docs/git#_environment_variables}
 */
export function planGitEnv(
  host: Readonly<Record<string, string | undefined>>,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(host)) {
    const upper = name.toUpperCase();
    if (value === undefined || (upper.startsWith("GIT_") && !KEPT.includes(upper))) continue;
    if (upper === "LANGUAGE" || upper === "SSH_ASKPASS") continue;
    env[name] = value;
  }
  return {
    ...env,
    // Its messages are shown, and the rules of its checker are told apart by name.
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    // Objects are what their ids say.
    GIT_NO_REPLACE_OBJECTS: "1",
    ...extra,
  };
}
