import { join } from "node:path";
import type { PreparedCage } from "../../cage/prepare.ts";
import { run } from "../../engine/process.ts";
import { CONFIG_FILE } from "../../names.ts";
import { createGit, type Git } from "../../promote/git.ts";
import { planGitEnv } from "../../promote/git_plan.ts";
import { formatEngineConfig, planPlace, type SelfPlace } from "../self.ts";

/** Somebody who does not exist, on whose branch commits land. */
export const USER = { name: "Ottilie Verify", email: "ottilie@verify.test" };

/** The branch that is promoted, and the only other one. */
export const BRANCH = "refs/heads/user/work";

/** What must not be found inside: each stands in one place of the user's. */
export const MARKS = {
  history: "mark-of-history",
  branch: "mark-of-another-branch",
  remote: "mark-of-a-remote",
  credential: "mark-of-a-credential",
  environment: "mark-of-an-environment-file",
  untracked: "mark-of-an-untracked-file",
} as const;

/** What must be found inside. */
export const COMMITTED = "mark-of-a-committed-file";

/** Tracked by the user, and stays outside. */
export const ENVIRONMENT_FILE = ".env.local";

/** The user's side: a home, a repository and a directory beside it. */
export type UserSide = {
  place: SelfPlace;
  /** The host's git in the repository; no hook and no filter runs. */
  git: Git;
  outside: string;
  /** Made by a hook, and by a filter, if they run. */
  canaries: { hook: string; filter: string };
};

/** How long one call of the user's git may take, in milliseconds. */
const GIT_MS = 30_000;

/** Makes a user with a repository, as it may be when a cage is promoted for the first time. */
export async function makeUserSide(root: string, cage: PreparedCage): Promise<UserSide> {
  const place = planPlace(join(root, "home"));
  const outside = join(root, "outside");
  const canaries = { hook: join(root, "canary-hook"), filter: join(root, "canary-filter") };
  for (const dir of [place.cwd, outside]) await Deno.mkdir(dir, { recursive: true });
  await Deno.mkdir(place.stateDir, { mode: 0o700 });
  await Deno.writeTextFile(join(outside, "file"), "untouched\n");
  await Deno.writeTextFile(join(place.stateDir, CONFIG_FILE.user), formatConfig(cage));
  await Deno.writeTextFile(
    join(place.home, ".gitconfig"),
    `[user]\n\tname = ${USER.name}\n\temail = ${USER.email}\n`,
  );
  const env = userEnv(place);
  const begun = await run("git", ["init", "--quiet", place.cwd], {
    env,
    clearEnv: true,
    timeoutMs: GIT_MS,
  });
  if (begun.code !== 0) throw new Error(`git init: ${begun.stderr.trim()}`);
  const git = createGit({ gitDir: join(place.cwd, ".git"), worktree: place.cwd, env });
  await commitAll({ place, git });
  // As those have it whose hooks are files of the project.
  await ask(git, ["config", "core.hooksPath", ".hooks"]);
  for (const key of ["clean", "smudge"]) {
    await ask(git, ["config", `filter.verify.${key}`, `touch '${canaries.filter}'; cat`]);
  }
  return { place, git, outside, canaries };
}

/** What of the environment the user's own git is told. */
export function userEnv(place: Pick<SelfPlace, "home">): Record<string, string> {
  return planGitEnv(
    { ...Deno.env.toObject(), GIT_CONFIG_GLOBAL: undefined, XDG_CONFIG_HOME: undefined },
    { HOME: place.home, GIT_CONFIG_NOSYSTEM: "1" },
  );
}

/** Runs git as the user, with nothing switched off; tells how it ended. */
export function runUserGit(place: SelfPlace, args: readonly string[]) {
  return run("git", args, {
    cwd: place.cwd,
    env: userEnv(place),
    clearEnv: true,
    timeoutMs: GIT_MS,
  });
}

/** What git answers the user, as text. */
export async function ask(git: Git, args: readonly string[]): Promise<string> {
  const what = `Cannot prepare the case: git ${args[0]}`;
  return new TextDecoder().decode(await git.read(args, { what })).trim();
}

function formatConfig({ config }: PreparedCage): string {
  return '[network]\nmode = "none"\n[workspace]\nmode = "promote"\n[promotion]\n' +
    `name = ${JSON.stringify(USER.name)}\nemail = ${JSON.stringify(USER.email)}\n` +
    'interval = "1s"\n' +
    formatEngineConfig(config);
}

async function commitAll({ place, git }: Pick<UserSide, "place" | "git">): Promise<void> {
  const write = (path: string, text: string) =>
    Deno.writeTextFile(join(place.cwd, path), `${text}\n`);
  const commit = async (message: string) => {
    await ask(git, ["add", "--all", "--force"]);
    await ask(git, ["commit", "--quiet", "--message", message]);
  };
  await ask(git, ["symbolic-ref", "HEAD", "refs/heads/main"]);
  await write(".gitignore", "*.log\n.env");
  await write("README.md", COMMITTED);
  await write("tracked.txt", "mine");
  await write("removed.txt", MARKS.history);
  await commit(`add ${MARKS.history}`);
  await ask(git, ["rm", "--quiet", "removed.txt"]);
  await write(ENVIRONMENT_FILE, MARKS.environment);
  await commit("work");
  await ask(git, ["switch", "--quiet", "--create", "private"]);
  await write("private.txt", MARKS.branch);
  await commit(MARKS.branch);
  await ask(git, ["switch", "--quiet", "main"]);
  await ask(git, ["switch", "--quiet", "--create", "user/work"]);
  await ask(git, ["remote", "add", "origin", `https://x:${MARKS.remote}@git.verify.test/x`]);
  await ask(git, ["config", "http.extraHeader", `Authorization: ${MARKS.credential}`]);
  await write(".env", MARKS.untracked);
}
