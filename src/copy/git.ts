import { join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import { formatPath } from "../project/root.ts";
import { formatGitFailure, type HostGit, runGit } from "../cage/host_git.ts";

/** What of a repository of the user a cage's own is made of. */
export type RepositoryFacts = {
  /** Full name of the branch, `refs/heads/main`; absent while HEAD is at no branch. */
  branch?: string;
  /** What HEAD is; absent before the first commit. */
  commit?: string;
  objectFormat: "sha1" | "sha256";
  /** Settings on how files lie in the working tree: they lie so inside as well. */
  settings: Readonly<Record<string, string>>;
};

/** Keys that decide how contents in the repository and in the working tree differ. */
const TREE_SETTINGS = ["core.autocrlf", "core.eol", "core.symlinks", "core.filemode"] as const;

/** Upper bound of taking over a history, in milliseconds. */
const HISTORY_TIMEOUT_MS = 30 * 60_000;

/**
 * Looks at a repository of the user.
 *
 * @param path Absolute path of its working tree, a linked worktree included.
 * @throws {UserError} If git cannot read it.
 */
export async function observeRepository(path: string, git: HostGit): Promise<RepositoryFacts> {
  const at = (...args: string[]) => runGit(git, ["-C", path, ...args]);
  const format = await at("rev-parse", "--show-object-format");
  if (format.code !== 0) throw repositoryError(path, formatGitFailure(format));
  const [symbolic, commit, config] = await Promise.all([
    at("symbolic-ref", "--quiet", "HEAD"),
    at("rev-parse", "--quiet", "--verify", "HEAD^{commit}"),
    at("config", "--null", "--get-regexp", "^core\\.(autocrlf|eol|symlinks|filemode)$"),
  ]);
  const branch = symbolic.stdout.trim();
  const id = commit.stdout.trim();
  return {
    ...(symbolic.code === 0 && branch.startsWith("refs/heads/") ? { branch } : {}),
    ...(commit.code === 0 && id !== "" ? { commit: id } : {}),
    objectFormat: format.stdout.trim() === "sha256" ? "sha256" : "sha1",
    settings: parseSettings(config.stdout),
  };
}

/**
 * Makes the repository of a cage in an empty directory: the history of what HEAD is and nothing else
 * of the user's. No remote, no hook, no setting that makes git run or read anything.
 *
 * @param to Becomes what is `.git` inside.
 * @param options.skipped Paths of the working tree that stay outside: they count as unchanged.
 * @throws {UserError} If git cannot read the history.
 */
export async function buildRepository(
  facts: RepositoryFacts,
  to: string,
  options: { from: string; git: HostGit; skipped?: readonly string[]; signal?: AbortSignal },
): Promise<void> {
  const { from, git, signal } = options;
  const limits = {
    timeoutMs: HISTORY_TIMEOUT_MS,
    ...(signal === undefined ? {} : { signal }),
  };
  const at = async (args: readonly string[], call: { stdin?: string } = {}) => {
    const env = { GIT_INDEX_FILE: join(to, "index") };
    const result = await runGit(git, ["--git-dir", to, ...args], { ...limits, ...call, env });
    if (result.code !== 0) throw repositoryError(from, formatGitFailure(result));
  };
  const format = `--object-format=${facts.objectFormat}`;
  const made = await runGit(git, ["init", "--quiet", "--bare", "--template=", format, to], limits);
  if (made.code !== 0) throw repositoryError(from, formatGitFailure(made));
  if (facts.commit !== undefined) {
    await at(planFetchArgs(from, facts.branch ?? TAKEN));
    await at(["pack-refs", "--all"]);
    if (facts.branch === undefined) await at(["update-ref", "-d", TAKEN]);
    await at(["read-tree", facts.commit]);
    const skipped = options.skipped ?? [];
    if (skipped.length > 0) {
      const stdin = skipped.map((path) => `${path}\0`).join("");
      await at(["--work-tree", to, "update-index", "-z", "--skip-worktree", "--stdin"], { stdin });
    }
  }
  await finishRepository(facts, to);
}

/** Where a history is that is of no branch, until it is whole. */
const TAKEN = "refs/sandcage/taken";

/** The command line that takes over what HEAD is, as a branch. Pure. */
export function planFetchArgs(from: string, branch: string): string[] {
  return [
    // As one pack; the user's own history is taken as it is; by path even where config forbids it.
    ...["-c", "fetch.unpackLimit=1", "-c", "fetch.fsckObjects=false"],
    ...["-c", "protocol.file.allow=always", "-c", "fetch.writeCommitGraph=false"],
    "fetch",
    ...["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"],
    ...["--no-auto-maintenance", "--update-shallow", "--", from, `+HEAD:${branch}`],
  ];
}

/** Paths of the commit that HEAD is; `isSkipped` where the user has told git to look away. */
export async function listTracked(
  from: string,
  git: HostGit,
): Promise<{ path: string; isSkipped: boolean }[]> {
  const limits = { timeoutMs: HISTORY_TIMEOUT_MS };
  const [listed, index] = await Promise.all([
    runGit(git, ["-C", from, "ls-tree", "-r", "-z", "--full-tree", "--name-only", "HEAD"], limits),
    runGit(git, ["-C", from, "ls-files", "-t", "-z"], limits),
  ]);
  if (listed.code !== 0) throw repositoryError(from, formatGitFailure(listed));
  if (index.code !== 0) throw repositoryError(from, formatGitFailure(index));
  // A sparse checkout has such entries, and so has `git update-index --skip-worktree`.
  const skipped = new Set(
    index.stdout.split("\0").filter((row) => row.startsWith("S ")).map((row) => row.slice(2)),
  );
  return listed.stdout.split("\0").filter((path) => path !== "")
    .map((path) => ({ path, isSkipped: skipped.has(path) }));
}

/** The config of a cage's repository, whole. Pure. */
export function formatRepositoryConfig(
  facts: Pick<RepositoryFacts, "objectFormat" | "settings">,
): string {
  const isPlain = facts.objectFormat === "sha1";
  const core = {
    repositoryformatversion: isPlain ? "0" : "1",
    filemode: "true",
    bare: "false",
    logallrefupdates: "true",
    ...Object.fromEntries(
      Object.entries(facts.settings).map(([key, value]) => [key.slice("core.".length), value]),
    ),
  };
  const lines = Object.entries(core).map(([key, value]) => `\t${key} = ${value}`);
  return ["[core]", ...lines, ...(isPlain ? [] : ["[extensions]", "\tobjectformat = sha256"])]
    .join("\n") + "\n";
}

/** Values that may stand in a config as they are. */
const PLAIN_VALUE = /^[a-z]{1,10}$/;

function parseSettings(text: string): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const row of text.split("\0")) {
    const cut = row.indexOf("\n");
    const [key, value] = cut < 0 ? [row, "true"] : [row.slice(0, cut), row.slice(cut + 1)];
    const known = TREE_SETTINGS.find((name) => name === key);
    if (known !== undefined && PLAIN_VALUE.test(value)) settings[known] = value;
  }
  return settings;
}

/** Writes HEAD and config anew and removes what only a bare repository or a fetch leaves. */
async function finishRepository(facts: RepositoryFacts, to: string): Promise<void> {
  const head = facts.branch === undefined && facts.commit !== undefined
    ? facts.commit
    : `ref: ${facts.branch ?? "refs/heads/main"}`;
  await Deno.writeTextFile(join(to, "HEAD"), `${head}\n`);
  await Deno.writeTextFile(join(to, "config"), formatRepositoryConfig(facts));
  for (const name of ["hooks", "branches", "description", "FETCH_HEAD", "logs", "info"]) {
    await Deno.remove(join(to, name), { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

function repositoryError(path: string, why: string): UserError {
  return new UserError(`Cannot take over the repository of ${formatPath(path)}: ${why}`, {
    hint: "See what git says there: git log -1; or leave the repository out: " +
      "workspace: { git: none }",
    exit: EXIT.failed,
  });
}
