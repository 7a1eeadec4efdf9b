import type { HostFiles } from "./host_files.ts";
import { rawPath } from "./host_files.ts";
import { identityOf, type Journal, type RefMove, type Step } from "./journal.ts";
import type { NewFiles, Prepared } from "./stage.ts";
import { type ObjectId, type Pin, promoteRefs } from "./types.ts";

/** What is known of a landing once its new files are there and the index is locked. */
export type JournalFacts = {
  pin: Pin;
  files: HostFiles;
  prepared: Prepared;
  news: NewFiles;
  lock: string;
  /** Where our refs are. */
  tips: ReadonlyMap<string, ObjectId>;
};

/** Plans what is written down before the first file moves: all that a recovery needs. */
export function planJournal(
  { from, to, inner }: { from: ObjectId; to: ObjectId; inner: ObjectId },
  facts: JournalFacts,
): Journal {
  const { pin, files, prepared, tips, lock } = facts;
  const refs = promoteRefs(pin);
  const root = rawPath(pin.worktree);
  const move = (name: string, value: ObjectId): RefMove => {
    const now = tips.get(name);
    return { name, to: value, ...(now === undefined ? {} : { from: now }) };
  };
  const steps = planJournalSteps(facts);
  return {
    version: 1,
    area: prepared.area.path,
    lock,
    branch: { name: pin.branch, from, to },
    refs: [move(refs.done, inner), move(refs.out, to)],
    // Of its own name: a git that an earlier landing left must not find it.
    pending: `${refs.pending}/${crypto.randomUUID()}`,
    index: prepared.index,
    changes: prepared.changes,
    seen: prepared.seen,
    steps,
    newDirs: listNewDirs(steps, (path) => files.lstat(`${root}/${path}`)?.kind === "directory"),
  };
}

function planJournalSteps({ prepared, news }: JournalFacts): Step[] {
  return prepared.steps.map(({ kind, path }, slot): Step => {
    if (kind === "add-module" || kind === "drop-module") return { kind, path };
    const facts = prepared.olds.get(path);
    const old = facts === undefined ? {} : { old: identityOf(facts) };
    if (kind === "place") return { kind, path, slot, ...old, new: news.get(path)! };
    if (old.old === undefined) throw new Error(`Nothing to remove at ${path}`);
    return { kind, path, slot, old: old.old };
  });
}

function listNewDirs(steps: readonly Step[], isDir: (path: string) => boolean): string[] {
  const dirs = new Set<string>();
  const known = new Set<string>();
  for (const { kind, path } of steps) {
    if (kind !== "place" && kind !== "add-module") continue;
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
      const dir = path.slice(0, at);
      if (known.has(dir)) continue;
      known.add(dir);
      if (!isDir(dir)) dirs.add(dir);
    }
  }
  return [...dirs];
}
