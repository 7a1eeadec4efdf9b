import { join, resolve } from "node:path";
import { findText } from "../files.ts";
import type { Git } from "./git.ts";
import type { ObjectId } from "./types.ts";

/**
 * The ids of refs of all working trees; those that are not there are left out. Where they are files of
 * the form that git has always written, they are read without it: every look does so some times.
 *
 * @param names Full names.
 * @throws {UserError} If git cannot tell.
 */
export async function readRefs(
  git: Git,
  names: readonly string[],
): Promise<Map<string, ObjectId>> {
  const plain = await findRefFiles(git.gitDir, names).catch(() => undefined);
  return plain ?? await askRefs(git, names);
}

async function askRefs(git: Git, names: readonly string[]): Promise<Map<string, ObjectId>> {
  const args = ["for-each-ref", "--format=%(objectname) %(refname)", ...names];
  const lines = await git.read(args, { what: "Cannot read the state of promotion" });
  const found = new TextDecoder().decode(lines).split("\n").filter((line) => line !== "");
  const refs = found.map((line): [string, ObjectId] => [line.slice(41), line.slice(0, 40)]);
  // A pattern matches what is below it, too.
  return new Map(refs.filter(([name]) => names.includes(name)));
}

/** `undefined` where anything is not as plain as it mostly is: that is for git. */
async function findRefFiles(
  gitDir: string,
  names: readonly string[],
): Promise<Map<string, ObjectId> | undefined> {
  const common = await findText(join(gitDir, "commondir"));
  const dir = common === undefined ? gitDir : resolve(gitDir, common.trim());
  // Refs in another format leave a name there that no branch can have.
  const head = await findText(join(dir, "HEAD"));
  if (head === undefined || head.includes(".invalid")) return undefined;
  const refs = new Map<string, ObjectId>();
  const others: string[] = [];
  for (const name of names) {
    const text = await findRefText(join(dir, name));
    if (text === undefined) others.push(name);
    else if (isIdLine(text)) refs.set(name, text.slice(0, ID_LENGTH));
    else return undefined;
  }
  // After those of their own: what is packed in between goes there first.
  if (others.length > 0) {
    const packed = "\n" + (await findText(join(dir, "packed-refs")) ?? "");
    for (const name of others) {
      const end = packed.indexOf(` ${name}\n`);
      if (end < 0) continue;
      const line = packed.slice(packed.lastIndexOf("\n", end) + 1, end + 1);
      if (!isIdLine(line)) return undefined;
      refs.set(name, line.slice(0, ID_LENGTH));
    }
  }
  return refs;
}

/** Nothing is there where there are only refs below it. */
async function findRefText(path: string): Promise<string | undefined> {
  try {
    return await findText(path);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "EISDIR" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

function isIdLine(text: string): boolean {
  return /^[0-9a-f]{40}\s*$/.test(text);
}

const ID_LENGTH = 40;

/** No object: the old value of a ref that is not there. */
const NONE = "0".repeat(40);

/**
 * Moves one ref, or makes it; only from the value it is known to have.
 *
 * @throws {UserError} If it has another value by now.
 */
export async function moveRef(
  git: Git,
  { name, from, to }: { name: string; from: ObjectId | undefined; to: ObjectId },
): Promise<void> {
  await git.read(["update-ref", "--no-deref", name, to, from ?? NONE], {
    what: `Cannot move ${name}`,
  });
}
