import { needsReviewText, type Reviewed, reviewWrites, type Texts } from "../transfer/review.ts";
import type { PlannedWrite } from "../transfer/plan_transfer.ts";
import type { TreeEntry } from "../tree/entry.ts";
import { type Change, isModule, listChanges, MODE, type Side } from "./changes.ts";
import type { Git } from "./git.ts";
import { formatRawPath } from "./raw_path.ts";
import type { ObjectId } from "./types.ts";

/** A file that decides what is run is small; a larger one is listed unread. */
const MOST_BYTES = 1 << 20;

/**
 * Lists what of the commits of a cage tools execute or trust without being asked.
 *
 * @param range From the snapshot to what was fetched last; both in the repository.
 * @throws {UserError} If git cannot compare them.
 */
export async function reviewCommits(
  git: Git,
  range: { from: ObjectId; to: ObjectId },
): Promise<Reviewed[]> {
  const changes = await listChanges(git, range);
  const texts = new Map<string, Texts>();
  for (const change of changes) {
    const path = formatRawPath(change.path);
    if (change.new !== undefined && needsReviewText(path)) {
      texts.set(path, await readTexts(git, change));
    }
  }
  const writes = changes.flatMap((change) => toWrite(change));
  const shown = reviewWrites({ writes, modes: [] }, { textsOf: (path) => texts.get(path) });
  const modules = changes.filter((change) => isModule(change.new)).map(({ path }) => ({
    path: formatRawPath(path),
    reason: "git fetches the repository that it names",
  }));
  return [...shown, ...modules];
}

/** Changes as what reviews look at. Pure. */
export function toWrite(change: Change): PlannedWrite[] {
  const { new: side, old } = change;
  if (side === undefined || isModule(side)) return [];
  const path = formatRawPath(change.path);
  return [{
    path,
    change: old === undefined ? "added" : "modified",
    entry: toEntry(path, side),
    ...(old === undefined || isModule(old) ? {} : { replaced: toEntry(path, old) }),
  }];
}

function toEntry(path: string, { mode }: Side): TreeEntry {
  return {
    path,
    kind: mode === MODE.symlink ? "link" : "file",
    mode: mode & 0o777,
    size: 0,
    mtimeMs: 0,
    ctimeMs: 0,
  };
}

async function readTexts(git: Git, { old, new: side }: Change): Promise<Texts> {
  const [before, after] = await Promise.all([readText(git, old), readText(git, side)]);
  return {
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

async function readText(git: Git, side: Side | undefined): Promise<string | undefined> {
  if (side === undefined || isModule(side)) return undefined;
  const size = await git.run(["cat-file", "-s", side.oid]);
  if (Number(new TextDecoder().decode(size.stdout)) > MOST_BYTES) return undefined;
  const { code, stdout } = await git.run(["cat-file", "blob", side.oid]);
  return code === 0 ? new TextDecoder().decode(stdout) : undefined;
}
