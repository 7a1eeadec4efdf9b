import { join } from "node:path";
import { findText } from "../files.ts";
import type { Git } from "./git.ts";
import { readRefs } from "./refs.ts";
import { type ObjectId, type Pin, promoteRefs, type Wait } from "./types.ts";
import { held, shortBranch } from "./waits.ts";

/** The user's side of a cage, ready for commits. */
export type Place = {
  /** What the pinned branch is at. */
  tip: ObjectId;
  /** The last of the commits inside that has landed. */
  done?: ObjectId;
  /** What it became. */
  out?: ObjectId;
};

/** What is looked at and how. */
export type PlaceOptions = {
  git: Git;
  pin: Pin;
  nowMs: number;
  /** A lock that is held longer is told as one that somebody may have left. Milliseconds. */
  lockMs: number;
};

/** From here on a lock was most likely left by a git that died. */
export const LOCK_MS = 10_000;

/** Files and directories that git keeps while it is in the middle of something. */
const OPERATIONS: readonly (readonly [file: string, name: string, end: string])[] = [
  ["rebase-merge", "rebase", "git rebase --continue, or --abort"],
  ["rebase-apply/applying", "git am", "git am --continue, or --abort"],
  ["rebase-apply", "rebase", "git rebase --continue, or --abort"],
  ["MERGE_HEAD", "merge", "git commit, or git merge --abort"],
  ["CHERRY_PICK_HEAD", "cherry-pick", "git cherry-pick --continue, or --abort"],
  ["REVERT_HEAD", "revert", "git revert --continue, or --abort"],
  ["sequencer", "cherry-pick or revert", "git cherry-pick --continue, or --quit"],
  ["BISECT_LOG", "bisect", "git bisect reset"],
];

/**
 * Looks whether commits can land on the pinned branch, by reading git's own files where they are
 * simple. Changes nothing.
 *
 * @throws {UserError} If the repository cannot be read.
 */
export async function observePlace(options: PlaceOptions): Promise<Place | Wait> {
  const { git, pin } = options;
  return await findOperation(pin) ?? await findOtherHead(options) ?? await findOtherTree(pin) ??
    await findLock(options) ?? await readPlace(git, pin);
}

/** Whether an answer of {@link observePlace} is that of waiting. */
export function isWait<T extends object>(answer: T | Wait): answer is Wait {
  return "kind" in answer && (answer.kind === "held" || answer.kind === "paused");
}

/** The branch that is checked out in a git directory; `undefined` when none is. */
export async function findHead(gitDir: string, git?: Git): Promise<string | undefined> {
  const text = await findText(join(gitDir, "HEAD"));
  const ref = /^ref: *(\S+)/.exec(text ?? "")?.[1];
  // Refs in another format than files: git knows where they are.
  if (ref !== "refs/heads/.invalid" || git === undefined) return ref;
  const told = await git.run(["symbolic-ref", "--quiet", "HEAD"]);
  return told.code === 0 ? new TextDecoder().decode(told.stdout).trim() : undefined;
}

/** Whether one commit is in the history of another. */
export async function isAncestor(
  git: Git,
  range: { of: ObjectId; is: ObjectId },
): Promise<boolean> {
  if (range.is === range.of) return true;
  return (await git.run(["merge-base", "--is-ancestor", range.is, range.of])).code === 0;
}

async function findOperation(pin: Pin): Promise<Wait | undefined> {
  for (const [file, name, end] of OPERATIONS) {
    if (!await isThere(join(pin.gitDir, file))) continue;
    return held("operation", {
      text: `Commits wait: a ${name} is in progress in ${pin.worktree}`.replace(
        "a git am",
        "git am",
      ),
      hint: `Finish it: ${end}`,
    });
  }
}

async function findOtherHead({ git, pin }: PlaceOptions): Promise<Wait | undefined> {
  const head = await findHead(pin.gitDir, git);
  if (head === pin.branch) return undefined;
  const branch = shortBranch(pin.branch);
  if (!(await readRefs(git, [pin.branch])).has(pin.branch)) return branchGone(pin);
  if (head === undefined) {
    return held("detached", {
      text: `Commits for "${branch}" wait: ${pin.worktree} is on no branch`,
      hint: `Go back to it: git switch ${branch}`,
    });
  }
  return held("other-branch", {
    text: `Commits for "${branch}" wait: ${pin.worktree} is on "${shortBranch(head)}"`,
    hint: `Go back to it: git switch ${branch}`,
  });
}

/** A branch can be checked out in several working trees; moving it would put the others off. */
async function findOtherTree(pin: Pin): Promise<Wait | undefined> {
  const dirs = [pin.commonDir];
  try {
    for await (const { name } of Deno.readDir(join(pin.commonDir, "worktrees"))) {
      dirs.push(join(pin.commonDir, "worktrees", name));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  for (const dir of dirs) {
    if (isSamePath(dir, pin.gitDir) || await findHead(dir) !== pin.branch) continue;
    const file = await findText(join(dir, "gitdir"));
    const tree = file === undefined ? dir : file.trim().replace(/[/\\]\.git$/, "");
    const branch = shortBranch(pin.branch);
    return held("elsewhere", {
      text: `Commits for "${branch}" wait: ${tree} has it checked out too`,
      hint: `Switch to another branch there, or remove it: git worktree remove ${tree}`,
    });
  }
}

async function findLock({ pin, nowMs, lockMs }: PlaceOptions): Promise<Wait | undefined> {
  for (const lock of [join(pin.gitDir, "index.lock"), join(pin.commonDir, `${pin.branch}.lock`)]) {
    const stat = await findStat(lock);
    if (stat === undefined) continue;
    const ageMs = nowMs - (stat.mtime?.getTime() ?? nowMs);
    return ageMs < lockMs ? atWork(pin) : held("locked", {
      text: `Commits wait: ${lock} is there for ${Math.floor(ageMs / 1000)} seconds`,
      hint: `If no git is at work in ${pin.worktree}, remove that file`,
    });
  }
}

/** Another git was faster. */
export function atWork(pin: Pick<Pin, "worktree">): Wait {
  return held("locked", {
    text: `Commits wait: git is at work in ${pin.worktree}`,
    hint: "They land by themselves in a moment",
  });
}

async function readPlace(git: Git, pin: Pin): Promise<Place | Wait> {
  const refs = promoteRefs(pin);
  const tips = await readRefs(git, [pin.branch, refs.done, refs.out]);
  const tip = tips.get(pin.branch);
  if (tip === undefined) return branchGone(pin);
  const [done, out] = [tips.get(refs.done), tips.get(refs.out)];
  const last = out ?? pin.base;
  if (!await isAncestor(git, { is: last, of: tip })) {
    const branch = shortBranch(pin.branch);
    return held("branch-moved-back", {
      text: `Commits wait: "${branch}" no longer contains ${last.slice(0, 12)}, ` +
        (out === undefined ? "which the cage was made of" : "which landed last"),
      hint: `Bring it back: git merge ${last.slice(0, 12)}`,
    });
  }
  return {
    tip,
    ...(done === undefined ? {} : { done }),
    ...(out === undefined ? {} : { out }),
  };
}

function branchGone(pin: Pin): Wait {
  const branch = shortBranch(pin.branch);
  return held("branch-gone", {
    text: `Commits wait: the branch "${branch}" is gone`,
    hint: `Make it again: git branch ${branch} COMMIT`,
  });
}

async function isThere(path: string): Promise<boolean> {
  return await findStat(path) !== undefined;
}

async function findStat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}

function isSamePath(one: string, other: string): boolean {
  try {
    return Deno.realPathSync(one) === Deno.realPathSync(other);
  } catch {
    return one === other;
  }
}
