import type { InsideGit } from "./inside.ts";
import { formatGitFailure, type HostGit, runGit } from "../cage/host_git.ts";

/** What is nowhere else than in a cage, or in the clone that goes with it. */
export type Losses = {
  /** Paths of directories inside that differ from the host and did not come out, by directory. */
  dirs: readonly { name: string; paths: number }[];
  /** The repository inside; `undefined` where there is none. */
  git: Pick<InsideGit, "ahead" | "stashes"> | undefined;
  /** The clone on the host; `undefined` where there is none, or when it stays. */
  clone: CloneState | undefined;
  /** What of a promoted cage did not land, a line or a few for each. */
  promoted?: readonly string[];
  /** What could not be looked at, each with its reason. */
  unknown: readonly string[];
};

/** What a clone on the host has that is nowhere else. */
export type CloneState = {
  path: string;
  /** Changed paths that are in no commit. */
  changed: number;
  /** Commits of its branches that none of its remotes has. */
  unpushed: number;
  stashes: number;
};

/**
 * Looks at the clone of a cage on the host, which only the user and exports write to.
 *
 * @returns Its state, or why it cannot be told; `undefined` when it is gone.
 */
export async function observeClone(
  path: string,
  git: HostGit,
): Promise<CloneState | { problem: string } | undefined> {
  const stat = await Deno.lstat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (stat === undefined) return undefined;
  const at = (...args: string[]) => runGit(git, ["-C", path, ...args]);
  const status = await at("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all");
  if (status.code !== 0) return { problem: formatGitFailure(status) };
  const heads = await at("for-each-ref", "--count=1", "refs/heads");
  const unpushed = heads.stdout === ""
    ? undefined
    : await at("rev-list", "--count", "HEAD", "--branches", "--not", "--remotes");
  const stashes = await at("stash", "list", "--format=%H");
  return {
    path,
    changed: status.stdout.split("\0").filter((row) => row !== "").length,
    unpushed: Number(unpushed?.stdout.trim() ?? 0) || 0,
    stashes: stashes.stdout.split("\n").filter((row) => row !== "").length,
  };
}

/** What would be lost, one line each for people; none when all is on the host. Pure. */
export function formatLosses(losses: Losses): string[] {
  const { git, clone } = losses;
  const lines = losses.dirs.filter(({ paths }) => paths > 0).map(({ name, paths }) =>
    `${count(paths, "change")} in ${name} that did not come out`
  );
  if (git !== undefined) {
    if (git.ahead === undefined) lines.push("commits inside: git there cannot say how many");
    else if (git.ahead > 0) {
      lines.push(`${count(git.ahead, "commit")} inside that did not come out`);
    }
    if (git.stashes > 0) lines.push(`${count(git.stashes, "stash", "stashes")} inside`);
  }
  if (clone !== undefined) {
    const parts = [
      ...(clone.changed > 0 ? [`${count(clone.changed, "change")} not committed`] : []),
      ...(clone.unpushed > 0 ? [`${count(clone.unpushed, "commit")} not pushed`] : []),
      ...(clone.stashes > 0 ? [count(clone.stashes, "stash", "stashes")] : []),
    ];
    if (parts.length > 0) lines.push(`${parts.join(", ")} in the clone ${clone.path}`);
  }
  return [...lines, ...losses.promoted ?? [], ...losses.unknown];
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
