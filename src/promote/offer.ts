import { latin1 } from "./bytes.ts";
import type { Git } from "./git.ts";
import { isAncestor } from "./place.ts";
import { moveRef } from "./refs.ts";
import type { ObjectId, Pin } from "./types.ts";
import { shortBranch } from "./waits.ts";

/** The full name of a branch on which commits are offered instead of landing. */
export function offerName(pin: Pick<Pin, "cage" | "branch">, count: number): string {
  return `${offerHome(pin)}${shortBranch(pin.branch)}-${count}`;
}

/**
 * Puts commits on a branch of their own, of the next free number. No branch of the user's moves, and
 * commits that are offered already keep their branch.
 *
 * @param options.name Full name of a branch to make instead.
 * @returns The full name of the branch.
 * @throws {UserError} If that branch is there with other commits, or cannot be made.
 */
export async function offerCommits(
  git: Git,
  options: { pin: Pick<Pin, "cage" | "branch">; tip: ObjectId; name?: string | undefined },
): Promise<string> {
  const { pin, tip, name } = options;
  const taken = await readBelow(git, name ?? offerHome(pin));
  const chosen = name ?? chooseName(pin, { tip, taken });
  if (taken.get(chosen) !== tip) await moveRef(git, { name: chosen, from: undefined, to: tip });
  return chosen;
}

/** The number to offer commits under: that of the branch which has them, or the next. Pure. */
export function chooseName(
  pin: Pick<Pin, "cage" | "branch">,
  options: { tip: ObjectId; taken: ReadonlyMap<string, ObjectId> },
): string {
  for (let count = 1;; count++) {
    const name = offerName(pin, count);
    const there = options.taken.get(name);
    if (there === undefined || there === options.tip) return name;
  }
}

/**
 * Brings another branch of the cage to a branch of ours. It needs no working tree; a rewritten one
 * gets the next free number.
 *
 * @param options.name Its name inside, without `refs/heads/`.
 * @param options.at Full name of the branch that has it so far; by default the one of its own name.
 * @returns The full name of the branch, or `undefined` if a working tree has it checked out.
 * @throws {UserError} If git fails.
 */
export async function landSideBranch(
  git: Git,
  options: { pin: Pick<Pin, "cage">; name: string; tip: ObjectId; at?: string | undefined },
): Promise<string | undefined> {
  const { pin, name, tip } = options;
  const target = options.at ?? `${offerHome(pin)}${name}`;
  const from = (await readBelow(git, target)).get(target);
  if (from === tip) return target;
  const isNext = from === undefined || await isAncestor(git, { is: from, of: tip });
  if (!isNext) {
    return await offerCommits(git, { pin: { ...pin, branch: `refs/heads/${name}` }, tip });
  }
  if (await isCheckedOut(git, target)) return undefined;
  await moveRef(git, { name: target, from, to: tip });
  return target;
}

async function isCheckedOut(git: Git, branch: string): Promise<boolean> {
  const list = latin1(
    await git.read(["worktree", "list", "--porcelain"], { what: "Cannot list working trees" }),
  );
  return list.split("\n").includes(`branch ${branch}`);
}

async function readBelow(git: Git, home: string): Promise<Map<string, ObjectId>> {
  const args = ["for-each-ref", "--format=%(objectname) %(refname)", home];
  const lines = new TextDecoder().decode(
    await git.read(args, { what: "Cannot read the branches" }),
  ).split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => [line.slice(41), line.slice(0, 40)]));
}

function offerHome(pin: Pick<Pin, "cage">): string {
  return `refs/heads/sandcage/${pin.cage}/`;
}

/** The full name of the branch of ours that is at a commit. */
export async function findOffered(
  git: Git,
  options: { pin: Pick<Pin, "cage">; tip: ObjectId },
): Promise<string | undefined> {
  const home = offerHome(options.pin);
  return [...await readBelow(git, home)].find(([, id]) => id === options.tip)?.[0];
}
