import { dirname, join } from "node:path";
import { fromLatin1 } from "../../../src/promote/bytes.ts";
import { createGit, type Git } from "../../../src/promote/git.ts";
import { fetchInner, type FetchLimits, type FetchSource } from "../../../src/promote/fetch.ts";
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
  fetch(options?: {
    limits?: Partial<FetchLimits>;
    source?: FetchSource;
    signal?: AbortSignal;
  }): Promise<FetchOutcome>;
  /** Rewrites up to a commit inside, onto the user's tip. */
  rewrite(
    tip: string,
    options?: { done?: string; known?: Map<string, string>; onTree?: (tree: string) => void },
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
    fetch: ({ limits, source, signal } = {}) =>
      fetchInner({
        ...{ git, env, pin, signal },
        source: source ?? { kind: "path", path: inner },
        limits: { ...LIMITS, ...limits },
      }),
    async rewrite(tip, { done, known, onTree } = {}) {
      const onto = (await gitIn(outer, ["rev-parse", "refs/heads/main"])).trim();
      return await rewriteCommits(
        { tip, done: done ?? pin.snapshot, onto, identity: USER, onTree },
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

/** Puts a commit object of any bytes onto a branch inside, without git looking at it. */
export async function addRawCommit(scene: Scene, object: string): Promise<string> {
  const stdin = fromLatin1(object);
  const args = ["hash-object", "-t", "commit", "-w", "--stdin", "--literally"];
  const id = (await gitIn(scene.inner, args, { stdin })).trim();
  await gitIn(scene.inner, ["update-ref", "refs/heads/main", id]);
  return id;
}

/** The user commits: writes these files in the working tree and commits all. */
export async function userCommits(
  scene: Scene,
  files: Record<string, string | null>,
): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    if (content === null) await Deno.remove(join(scene.outer, path));
    else {
      await Deno.mkdir(dirname(join(scene.outer, path)), { recursive: true });
      await Deno.writeTextFile(join(scene.outer, path), content);
    }
    await gitIn(scene.outer, ["add", "-f", "-A", "--", path]);
  }
  const who = ["-c", "user.name=Ursula", "-c", "user.email=ursula@example.com"];
  await gitIn(scene.outer, [...who, "commit", "-q", "-m", "the user's own"]);
  return (await gitIn(scene.outer, ["rev-parse", "HEAD"])).trim();
}

/** Lands what was built, plainly: nobody else is there. */
export async function landPlainly(
  scene: Scene,
  landed: { tip: string; done: string },
): Promise<void> {
  await gitIn(scene.outer, ["read-tree", "-m", "-u", "HEAD", landed.tip]);
  await gitIn(scene.outer, ["update-ref", "refs/heads/main", landed.tip]);
  await gitIn(scene.outer, ["update-ref", sceneRefs(scene).done, landed.done]);
}

/** Raw objects by their id, read by git itself; bytes, one in each character. */
export async function readObjects(
  dir: string,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const stdin = new TextEncoder().encode(ids.map((id) => `${id}\n`).join(""));
  const text = await gitIn(dir, ["cat-file", "--batch"], { stdin });
  const found = new Map<string, string>();
  let at = 0;
  for (const id of ids) {
    const end = text.indexOf("\n", at);
    const size = Number(text.slice(at, end).split(" ")[2]);
    found.set(id, text.slice(end + 1, end + 1 + size));
    at = end + 1 + size + 1;
  }
  return found;
}

/** A commit as text cut at its first empty line; independent of what is tested. */
export function cutCommit(object: string): { head: string[]; message: string } {
  const end = object.indexOf("\n\n");
  return { head: object.slice(0, end).split("\n"), message: object.slice(end + 2) };
}
