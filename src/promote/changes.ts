import { latin1 } from "./bytes.ts";
import type { Git } from "./git.ts";
import type { ObjectId } from "./types.ts";

/** Kinds of entries in trees of git, by their mode. */
export const MODE = { file: 0o100644, executable: 0o100755, symlink: 0o120000, module: 0o160000 };

/** What a tree has at a path. */
export type Side = { mode: number; oid: ObjectId };

/** A path in which two trees differ; its bytes, one in each character. */
export type Change = { path: string; old?: Side; new?: Side };

/** Whether an entry is a repository of its own: it crosses as a number, its files do not. */
export function isModule(side: Side | undefined): boolean {
  return side?.mode === MODE.module;
}

/**
 * The paths in which two commits differ, in git's order. Renames are an end and a beginning.
 *
 * @throws {UserError} If git cannot compare them.
 */
export async function listChanges(
  git: Git,
  range: { from: ObjectId; to: ObjectId; env?: Readonly<Record<string, string>> },
): Promise<Change[]> {
  const args = ["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-ext-diff"];
  return parseChanges(
    await git.read([...args, range.from, range.to], {
      what: "Cannot compare the commits to promote",
      ...(range.env === undefined ? {} : { env: range.env }),
    }),
  );
}

/**
 * Reads what `git diff-tree -r -z --raw` writes.
 *
 * @throws {Error} If a line of it has another form.
 */
export function parseChanges(bytes: Uint8Array): Change[] {
  const fields = latin1(bytes).split("\0");
  const changes: Change[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const line = /^:(\d{6}) (\d{6}) ([0-9a-f]{40}) ([0-9a-f]{40}) [A-Z]$/.exec(fields[index]!);
    if (line === null) throw new Error(`git told a change as ${JSON.stringify(fields[index])}`);
    const was = parseSide(line[1]!, line[3]!);
    const is = parseSide(line[2]!, line[4]!);
    changes.push({
      path: fields[index + 1]!,
      ...(was === undefined ? {} : { old: was }),
      ...(is === undefined ? {} : { new: is }),
    });
  }
  return changes;
}

function parseSide(mode: string, oid: string): Side | undefined {
  const value = parseInt(mode, 8);
  return value === 0 ? undefined : { mode: value, oid };
}
