import { join } from "node:path";
import { findText, writeFileAtomic } from "../files.ts";
import type { Git } from "./git.ts";
import { findUnsettled } from "./journal.ts";
import { isAncestor } from "./place.ts";
import { readRefs } from "./refs.ts";
import { type ObjectId, type Pin, promoteRefs } from "./types.ts";

/** Commits that were taken on a branch of their own instead of landing. */
export type Taken = {
  /** The last of them inside. */
  inner: ObjectId;
  /** What it became on that branch. */
  outer: ObjectId;
  /** Full name of the branch. */
  branch: string;
};

/** So many are remembered: who takes a hundred has merged or dropped the first. */
const MOST = 100;

/** Where it is written down, in the directory of the cage. */
function takenFile(stateDir: string): string {
  return join(stateDir, "taken.json");
}

/** Remembers commits that were taken on a branch. The caller holds the cage. */
export async function noteTaken(stateDir: string, taken: Taken): Promise<void> {
  const others = (await readTaken(stateDir)).filter(({ inner }) => inner !== taken.inner);
  await writeTaken(stateDir, [...others, taken].slice(-MOST));
}

/** What was taken by now, the oldest first; nothing where the file is not whole. */
export async function readTaken(stateDir: string): Promise<Taken[]> {
  try {
    const value: unknown = JSON.parse(await findText(takenFile(stateDir)) ?? "[]");
    return Array.isArray(value) ? value.filter(isTaken) : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/**
 * Goes on from commits that were taken on a branch, once the branch they were to land on has them:
 * merged, or moved there. From then on they count as landed.
 *
 * @param options.tip What the branch inside is at, in the user's repository.
 * @returns The last commit inside that landed in that way.
 * @throws {UserError} If git fails.
 */
export async function adoptTaken(
  git: Git,
  options: { pin: Pin; stateDir: string; tip: ObjectId },
): Promise<ObjectId | undefined> {
  const { pin, stateDir, tip } = options;
  const all = await readTaken(stateDir);
  // A landing that is not settled yet says itself where our refs go.
  if (all.length === 0 || await findUnsettled(stateDir) !== undefined) return undefined;
  const refs = promoteRefs(pin);
  const now = await readRefs(git, [pin.branch, refs.done, refs.out]);
  const branch = now.get(pin.branch);
  if (branch === undefined) return undefined;
  const done = now.get(refs.done) ?? pin.snapshot;
  const left: Taken[] = [];
  let adopted: Taken | undefined;
  for (const taken of all.reverse()) {
    if (adopted !== undefined || await isAncestor(git, { is: taken.inner, of: done })) continue;
    const has = await isAncestor(git, { is: taken.inner, of: tip }) &&
      await isAncestor(git, { is: taken.outer, of: branch });
    if (has) adopted = taken;
    else left.unshift(taken);
  }
  if (adopted !== undefined) {
    const move = (name: string, to: ObjectId) => `update ${name} ${to} ${now.get(name) ?? NONE}\n`;
    await git.read(["update-ref", "--no-deref", "--stdin"], {
      what: "Cannot note what has landed",
      stdin: new TextEncoder().encode(
        move(refs.done, adopted.inner) + move(refs.out, adopted.outer),
      ),
    });
  }
  if (left.length < all.length) await writeTaken(stateDir, left);
  return adopted?.inner;
}

/**
 * The short name of the branch that has the commits which wait now, where the user took them on one.
 *
 * @throws {UserError} If git fails.
 */
export async function findTakenBranch(
  git: Git,
  options: { stateDir: string; tip: ObjectId },
): Promise<string | undefined> {
  const { stateDir, tip } = options;
  for (const { inner, outer, branch } of (await readTaken(stateDir)).reverse()) {
    if (!await isAncestor(git, { is: inner, of: tip })) continue;
    const now = (await readRefs(git, [branch])).get(branch);
    if (now === undefined || !await isAncestor(git, { is: outer, of: now })) continue;
    return branch.replace(/^refs\/heads\//, "");
  }
}

/** The old value of a ref that must not be there. */
const NONE = "0".repeat(40);

async function writeTaken(stateDir: string, all: readonly Taken[]): Promise<void> {
  await writeFileAtomic(takenFile(stateDir), JSON.stringify(all) + "\n");
}

const ID = /^[0-9a-f]{40}$/;

function isTaken(value: unknown): value is Taken {
  if (typeof value !== "object" || value === null) return false;
  const { inner, outer, branch } = value as Record<string, unknown>;
  return [inner, outer].every((id) => typeof id === "string" && ID.test(id)) &&
    typeof branch === "string" && branch.startsWith("refs/heads/");
}
