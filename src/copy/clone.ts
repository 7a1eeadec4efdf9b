import { ensurePrivateDir } from "../files.ts";
import { EXIT, UserError } from "../errors.ts";
import type { Io } from "../io.ts";
import { dirname } from "node:path";
import type { RepositoryAddress } from "./url.ts";
import {
  formatGitFailure,
  type HostGit,
  planGitArgs,
  planGitEnv,
  runGit,
} from "../cage/host_git.ts";

/** Upper bound of a clone in milliseconds: a slow line and a large history, not a hung server. */
const CLONE_TIMEOUT_MS = 60 * 60_000;

/** How a clone talks and ends. */
export type CloneOptions = {
  git: HostGit;
  io: Pick<Io, "interactive" | "progress" | "talk">;
  signal?: AbortSignal | undefined;
  /** How many commits of history come along. Defaults to all. */
  depth?: number;
};

/**
 * Clones a repository on the host, with the user's own git and its logins. No submodule, no hook, no
 * template; what the address carried for the server is on no command line and stays nowhere.
 *
 * @param to A directory that is not there yet.
 * @throws {UserError} With what git said.
 */
export async function cloneRepository(
  address: RepositoryAddress,
  to: string,
  options: CloneOptions,
): Promise<void> {
  const { git, io, signal } = options;
  await ensurePrivateDir(dirname(to));
  const args = planCloneArgs(address.url, to, options);
  const env = planCloneEnv(address, { env: git.host.env, interactive: io.interactive });
  const title = `Cloning ${address.url}`;
  if (io.interactive) {
    // git and ssh may ask for a login or a host's key there: the terminal is theirs.
    io.talk(title);
    const code = await cloneAtTerminal(args, { env: { ...planGitEnv(git.host.env), ...env } });
    signal?.throwIfAborted();
    if (code !== 0) throw cloneError(address.url, "git says why above");
    return;
  }
  using step = io.progress(title);
  const result = await runGit(git, args, {
    env,
    timeoutMs: CLONE_TIMEOUT_MS,
    ...(signal === undefined ? {} : { signal }),
    onOutput: (text) => {
      const line = text.split(/[\r\n]+/).filter((line) => line.trim() !== "").at(-1);
      if (line !== undefined) step.update(line.trim());
    },
  });
  if (result.code !== 0) throw cloneError(address.url, formatGitFailure(result));
  step.done();
}

/** The command line of a clone. Pure. */
export function planCloneArgs(
  url: string,
  to: string,
  options: Pick<CloneOptions, "depth"> = {},
): string[] {
  const { depth } = options;
  return [
    ...["clone", "--progress", "--no-recurse-submodules", "--template="],
    ...(depth === undefined ? [] : [`--depth=${depth}`]),
    ...["--", url, to],
  ];
}

/**
 * The environment of a clone: a login goes to git as a credential helper for that server alone, on
 * top of the settings that the environment has already. Pure.
 *
 * @see {@link https://git-scm.com/docs/gitcredentials}
 */
export function planCloneEnv(
  address: RepositoryAddress,
  facts: { env: Readonly<Record<string, string | undefined>>; interactive: boolean },
): Record<string, string> {
  const asked = { GIT_TERMINAL_PROMPT: facts.interactive ? "1" : "0" };
  const { login } = address;
  if (login === undefined) return asked;
  const server = `credential.${new URL(address.url).origin}`;
  const settings = login.password === "" ? [[`${server}.username`, login.username]] : [
    // An empty one first: helpers of the user are not to remember it.
    [`${server}.helper`, ""],
    [`${server}.helper`, HELPER],
  ];
  const known = Number(facts.env.GIT_CONFIG_COUNT ?? 0);
  const first = Number.isInteger(known) && known > 0 ? known : 0;
  return {
    ...asked,
    SANDCAGE_GIT_USERNAME: login.username,
    SANDCAGE_GIT_PASSWORD: login.password,
    GIT_CONFIG_COUNT: String(first + settings.length),
    ...Object.fromEntries(settings.flatMap(([key, value], at) => [
      [`GIT_CONFIG_KEY_${first + at}`, key],
      [`GIT_CONFIG_VALUE_${first + at}`, value],
    ])),
  };
}

const HELPER = '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" ' +
  '"$SANDCAGE_GIT_USERNAME" "$SANDCAGE_GIT_PASSWORD"; }; f';

async function cloneAtTerminal(
  args: readonly string[],
  options: { env: Record<string, string> },
): Promise<number> {
  const child = new Deno.Command("git", {
    args: planGitArgs(args),
    env: options.env,
    clearEnv: true,
    stdin: "inherit",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  return (await child.status).code;
}

function cloneError(url: string, why: string): UserError {
  return new UserError(`Cannot clone ${url}: ${why}`, {
    hint: `See whether git can read it here: git ls-remote -- ${JSON.stringify(url)}`,
    exit: EXIT.failed,
  });
}
