import type { Git } from "./git.ts";
import type { ObjectId } from "./types.ts";

/**
 * The ids of refs; those that are not there are left out.
 *
 * @throws {UserError} If git cannot tell.
 */
export async function readRefs(
  git: Git,
  names: readonly string[],
): Promise<Map<string, ObjectId>> {
  const args = ["for-each-ref", "--format=%(objectname) %(refname)", ...names];
  const lines = await git.read(args, { what: "Cannot read the state of promotion" });
  const found = new TextDecoder().decode(lines).split("\n").filter((line) => line !== "");
  const refs = found.map((line): [string, ObjectId] => [line.slice(41), line.slice(0, 40)]);
  // A pattern matches what is below it, too.
  return new Map(refs.filter(([name]) => names.includes(name)));
}

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
