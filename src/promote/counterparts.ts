import { type Commit, dateOf, isOfSignature, parseCommit } from "./commit.ts";
import type { Git } from "./git.ts";
import { listCommits, type Odb, openOdb } from "./odb.ts";
import type { ObjectId } from "./types.ts";

/** The commits that crossed by now, on both sides. */
export type Crossed = {
  /** The snapshot, and the last commit inside that has a counterpart. */
  inner: { from: ObjectId; tip: ObjectId };
  /** The commit the snapshot was taken of, and the user's tip. */
  outer: { from: ObjectId; tip: ObjectId };
};

type Known = { id: ObjectId; commit: Commit };

/**
 * Finds which of the user's commits stand for which inside, from the commits alone: a counterpart has
 * the same dates, headers and message, and parents that are counterparts. So no file has to remember
 * them. Of several that look alike the first fits.
 *
 * @throws {UserError} If the repository cannot be read.
 */
export async function findCounterparts(
  git: Git,
  { inner, outer }: Crossed,
): Promise<Map<ObjectId, ObjectId>> {
  await using odb = openOdb(git);
  const candidates = new Map<string, Known[]>();
  for (const known of await readRange(git, { range: outer, odb })) {
    const key = formatKey(known.commit);
    const others = candidates.get(key);
    if (others === undefined) candidates.set(key, [known]);
    else others.push(known);
  }
  const map = new Map([[inner.from, outer.from]]);
  for (const { id, commit } of await readRange(git, { range: inner, odb })) {
    const alike = candidates.get(formatKey(commit)) ?? [];
    const parents = commit.parents.map((parent) => map.get(parent)).join();
    const fitting = alike.findIndex((known) => known.commit.parents.join() === parents);
    const [found] = alike.splice(Math.max(0, fitting), 1);
    if (found !== undefined) map.set(id, found.id);
  }
  return map;
}

async function readRange(
  git: Git,
  { range, odb }: { range: { from: ObjectId; tip: ObjectId }; odb: Odb },
): Promise<Known[]> {
  const ids = await listCommits(git, range);
  const read = await odb.read(ids, "commit");
  return ids.map((id, index) => ({ id, commit: parseCommit(read[index]!) }));
}

/** What crossing leaves as it is. */
function formatKey({ headers, message }: Commit): string {
  const kept = headers.flatMap(({ key, line }) => {
    if (key === "tree" || key === "parent" || isOfSignature(key)) return [];
    return key === "author" || key === "committer" ? [key + dateOf(line)] : [line];
  });
  return [...kept, "", message ?? ""].join("\n");
}
