import { join } from "node:path";
import { createGit, type Git } from "../../../src/promote/git.ts";
import { fetchInner, type FetchLimits } from "../../../src/promote/fetch.ts";
import type { FetchOutcome } from "../../../src/promote/fetch_outcome.ts";
import { rewriteCommits, type Rewritten } from "../../../src/promote/rewrite.ts";
import { storeObjects } from "../../../src/promote/store.ts";
import { type Pin, promoteRefs } from "../../../src/promote/types.ts";
import { gitIn, type HistoryChange, type HistoryCommit, makeRepository } from "./history.ts";

/** A user's repository and the one of a cage, whose first commit is a snapshot of it. */
export type Scene = {
  outer: string;
  inner: string;
  git: Git;
  env: Record<string, string>;
  pin: Pin;
  /** Commits inside by their mark. */
  marks: Map<number, string>;
  fetch(limits?: Partial<FetchLimits>): Promise<FetchOutcome>;
  /** Rewrites up to a commit inside, onto the user's tip. */
  rewrite(
    tip: string,
    options?: { done?: string; known?: Map<string, string> },
  ): Promise<Rewritten>;
};

export const USER = { name: "Ursula Müller", email: "ursula@example.com" };

const LIMITS: FetchLimits = { bytes: 500_000_000, timeoutMs: 60_000 };

/**
 * Makes both repositories in `dir`. The user's has the files of the first commit and those that do
 * not go in.
 */
export async function makeScene(
  dir: string,
  commits: readonly HistoryCommit[],
  options: { excluded?: readonly HistoryChange[] } = {},
): Promise<Scene> {
  const [outer, inner] = [join(dir, "outer"), join(dir, "inner")];
  const marks = await makeRepository(inner, commits);
  await makeRepository(outer, [{
    mark: 1,
    parents: [],
    message: "The user's own\n",
    author: "Ursula <ursula@example.com>",
    changes: [...commits[0]!.changes, ...options.excluded ?? []],
  }]);
  await gitIn(outer, ["read-tree", "-m", "-u", "HEAD"]);
  const env = {
    PATH: Deno.env.get("PATH")!,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
  };
  const gitDir = join(outer, ".git");
  const git = createGit({ gitDir, worktree: outer, env });
  const pin: Pin = {
    cage: "demo-1234",
    worktree: outer,
    gitDir,
    commonDir: gitDir,
    branch: "refs/heads/main",
    base: (await gitIn(outer, ["rev-parse", "HEAD"])).trim(),
    snapshot: marks.get(1)!,
    innerBranch: "main",
  };
  return {
    ...{ outer, inner, git, env, pin, marks },
    fetch: (limits = {}) =>
      fetchInner({
        git,
        env,
        pin,
        source: { kind: "path", path: inner },
        limits: { ...LIMITS, ...limits },
      }),
    async rewrite(tip, { done, known } = {}) {
      const onto = (await gitIn(outer, ["rev-parse", "refs/heads/main"])).trim();
      return await rewriteCommits(
        { tip, done: done ?? pin.snapshot, onto, identity: USER },
        {
          git,
          store: (objects) => storeObjects(objects, { git, pin }),
          known: () => Promise.resolve(known ?? new Map([[pin.snapshot, pin.base]])),
        },
      );
    },
  };
}

/** Names of the scene's private refs. */
export function sceneRefs(scene: Scene): ReturnType<typeof promoteRefs> {
  return promoteRefs(scene.pin);
}
