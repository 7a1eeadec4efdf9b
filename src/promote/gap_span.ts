import type { Change, Side } from "./changes.ts";
import { GAP_MS } from "./gap.ts";
import type { Seen } from "./index_file.ts";
import type { LastLanding, PastLanding } from "./journal.ts";

/** So many landings are looked after at once, and so many changes: each journal has them all. */
const MOST = { landings: 16, changes: 5_000 };

/** All landings that are still looked after, the oldest first. Pure. */
export function listLandings({ journal, atMs }: LastLanding): PastLanding[] {
  const { earlier = [], branch, changes, seen = [] } = journal;
  return [...earlier, { from: branch.from, changes, seen, atMs }];
}

/** Those of them that the next landing has to remember. Pure. */
export function planEarlier(last: LastLanding | undefined, nowMs: number): PastLanding[] {
  if (last === undefined) return [];
  const young = listLandings(last).filter(({ atMs }) => nowMs - atMs <= GAP_MS);
  let left = MOST.changes;
  const newest = young.slice(1 - MOST.landings).reverse();
  const end = newest.findIndex(({ changes }) => (left -= changes.length) < 0);
  return (end < 0 ? newest : newest.slice(0, end)).reverse();
}

/** What the index is to have of all of them. Pure. */
export function listWanted(landings: readonly PastLanding[]): Map<string, Side | undefined> {
  const wanted = new Map<string, Side | undefined>();
  for (const { changes } of landings) {
    for (const { path, new: side } of changes) wanted.set(path, side);
  }
  return wanted;
}

/**
 * What a git may have taken back that slept through some landings in a row, each as if it were one
 * landing; the longest first. What a later landing changed again is none of it. Pure.
 */
export function listSpans(landings: readonly PastLanding[]): PastLanding[] {
  const last = listWanted(landings);
  const spans: PastLanding[] = [];
  for (let length = landings.length; length > 0; length--) {
    for (let at = landings.length - length; at >= 0; at--) {
      const span = join(landings.slice(at, at + length), landings.at(-1)!.atMs);
      const isLast = span.changes.every((change) => isSameSide(change.new, last.get(change.path)));
      if (isLast && span.changes.length > 0) spans.push(span);
    }
  }
  return spans;
}

function join(landings: readonly PastLanding[], atMs: number): PastLanding {
  const joined = new Map<string, { change: Change; seen: Seen | null }>();
  for (const { changes, seen } of landings) {
    for (const [at, change] of changes.entries()) {
      const first = joined.get(change.path);
      joined.set(change.path, {
        change: planChange(
          change.path,
          first === undefined ? change.old : first.change.old,
          change.new,
        ),
        seen: first === undefined ? seen[at] ?? null : first.seen,
      });
    }
  }
  const left = [...joined.values()].filter(({ change }) => !isSameSide(change.old, change.new));
  return {
    from: landings[0]!.from,
    changes: left.map(({ change }) => change),
    seen: left.map(({ seen }) => seen),
    atMs,
  };
}

function planChange(path: string, was: Side | undefined, is: Side | undefined): Change {
  return {
    path,
    ...(was === undefined ? {} : { old: was }),
    ...(is === undefined ? {} : { new: is }),
  };
}

/** Whether two trees have the same at a path. */
export function isSameSide(one: Side | undefined, other: Side | undefined): boolean {
  return one?.mode === other?.mode && one?.oid === other?.oid;
}
