import { checkEntryPath, createTwinCheck, type Platform } from "../tree/paths.ts";
import { fromLatin1 } from "./bytes.ts";
import { type Change, isModule } from "./changes.ts";
import type { HostSettings } from "./filters.ts";
import { isEntry, kindOf, type Observed } from "./preconditions.ts";
import { formatRawPath } from "./raw_path.ts";
import type { Wait } from "./types.ts";
import { paused } from "./waits.ts";

/** One thing to do in the working tree. Paths are bytes, one in each character. */
export type PlannedStep = {
  kind: "remove" | "place" | "add-module" | "drop-module";
  path: string;
};

/** What has to happen, in its order; or why it must not. */
export type LandingPlan =
  | { kind: "land"; steps: readonly PlannedStep[] }
  | { kind: "wait"; wait: Wait };

/** Facts about the host that names depend on. */
export type PlanOptions = {
  platform: Platform;
} & Pick<HostSettings, "foldsCase" | "hasLinks">;

type Obstacle = { path: string; cause: keyof typeof CAUSES };

/** Why a path stands in the way: what is said of it, and what helps. */
const CAUSES = {
  dirty: ["has changes that are not committed", "Commit them, or put them away: git stash"],
  deleted: ["is deleted, and that is not committed", "Commit that, or bring it back: git restore"],
  staged: ["has staged changes", "Commit them, or unstage them: git restore --staged"],
  untracked: ["is not in git, and a commit brings one of this name", "Move it away"],
  directory: ["is in a directory where a commit brings a file", "Move it away"],
  link: ["is a link where a commit has a directory", "Move it away"],
  file: ["is a file where a commit has a directory", "Move it away"],
} as const;

/**
 * Decides whether commits can land without touching anything that is the user's. Pure.
 *
 * @param observed What is at the path of each change.
 */
export function planLanding(
  changes: readonly Change[],
  observed: ReadonlyMap<string, Observed>,
  options: PlanOptions,
): LandingPlan {
  const refused = findRefused(changes, observed, options);
  if (refused !== undefined) return { kind: "wait", wait: refused };
  const leaves = createLeaves(changes, options);
  const obstacles = changes.flatMap((change) =>
    findObstacles(change, observed.get(change.path)!, {
      leaves,
      hasLinks: options.hasLinks,
    })
  );
  if (obstacles.length > 0) return { kind: "wait", wait: formatObstacles(obstacles) };
  const planned = changes.flatMap((change) => planSteps(change, observed.get(change.path)!));
  const isFirst = ({ kind }: PlannedStep) => kind === "remove" || kind === "drop-module";
  return {
    kind: "land",
    // A file may come where a directory goes, and the other way round.
    steps: [...planned.filter(isFirst), ...planned.filter((step) => !isFirst(step))],
  };
}

/** The changes that something of the user's stands in the way of. */
export function findBlocked(
  changes: readonly Change[],
  observed: ReadonlyMap<string, Observed>,
  options: PlanOptions,
): ReadonlySet<Change> {
  const leaves = createLeaves(changes, options);
  return new Set(
    changes.filter((change) => {
      const found = observed.get(change.path)!;
      return findObstacles(change, found, { leaves, hasLinks: options.hasLinks }).length > 0;
    }),
  );
}

function findRefused(
  changes: readonly Change[],
  observed: ReadonlyMap<string, Observed>,
  options: PlanOptions,
): Wait | undefined {
  const findTwin = createTwinCheck({ folds: options.foldsCase });
  for (const { path, new: side } of changes) {
    const text = new TextDecoder().decode(fromLatin1(path));
    const found = observed.get(path)!;
    const problem = checkEntryPath(text, options) ??
      (side === undefined ? undefined : findTwin(text)) ??
      (found.isNameable ? undefined : "its name is not UTF-8, and sandcage cannot open it") ??
      (found.entry?.isSkipped ? "the sparse checkout leaves it out" : undefined);
    if (problem === undefined) continue;
    return paused("refused", {
      text: `Commits wait: the path ${JSON.stringify(formatRawPath(path))} is refused: ${problem}`,
      hint: "Have the commits inside made without it, or take them on a branch: promote --to",
      paths: [path],
    });
  }
}

function findObstacles(
  change: Change,
  found: Observed,
  { leaves, hasLinks }: { leaves: (path: string) => boolean; hasLinks: boolean },
): Obstacle[] {
  const { path } = change;
  const { parent, facts, entry, inside = [] } = found;
  if (!isEntry(entry, change.old)) return [{ path, cause: "staged" }];
  if (parent !== undefined) {
    if (leaves(parent.path)) return [];
    return [{ path: parent.path, cause: parent.kind === "symlink" ? "link" : "file" }];
  }
  if (isModule(change.old)) {
    if (isModule(change.new) || facts === undefined) return [];
    if (facts.kind !== "directory") return [{ path, cause: "dirty" }];
    // The files of a repository of its own stay when it goes, as git has it.
    return change.new === undefined ? [] : inDirectory(inside);
  }
  if (change.old === undefined) {
    if (facts === undefined) return [];
    if (facts.kind === "directory") return inDirectory(inside);
    return leaves(path) ? [] : [{ path, cause: "untracked" }];
  }
  if (facts === undefined) {
    return change.new === undefined ? [] : [{ path, cause: "deleted" }];
  }
  const isOther = facts.kind !== kindOf(change.old, { hasLinks });
  return isOther || found.isDirty ? [{ path, cause: "dirty" }] : [];
}

function createLeaves(
  changes: readonly Change[],
  options: PlanOptions,
): (path: string) => boolean {
  const leaving = new Set(changes.filter(isLeaving).map(({ path }) => nameOf(path, options)));
  return (path) => leaving.has(nameOf(path, options));
}

function inDirectory(inside: readonly string[]): Obstacle[] {
  return inside.map((path) => ({ path, cause: "directory" }));
}

function planSteps(change: Change, found: Observed): PlannedStep[] {
  const { path } = change;
  const isThere = found.facts !== undefined;
  if (isModule(change.old)) {
    if (isModule(change.new)) return [];
    const drop: PlannedStep[] = isThere ? [{ kind: "drop-module", path }] : [];
    return change.new === undefined ? drop : [...drop, { kind: "place", path }];
  }
  if (isModule(change.new)) {
    const remove: PlannedStep[] = isThere && change.old !== undefined
      ? [{ kind: "remove", path }]
      : [];
    return [...remove, { kind: "add-module", path }];
  }
  if (change.new === undefined) return isThere ? [{ kind: "remove", path }] : [];
  return [{ kind: "place", path }];
}

function isLeaving(change: Change): boolean {
  return change.old !== undefined && !isModule(change.old) &&
    (change.new === undefined || isModule(change.new));
}

function formatObstacles(obstacles: readonly Obstacle[]): Wait {
  const paths = [...new Set(obstacles.map(({ path }) => path))];
  const { path, cause } = obstacles[0]!;
  const [words, hint] = CAUSES[cause];
  const more = paths.length === 1
    ? ""
    : `, and ${paths.length - 1} more ${paths.length === 2 ? "path is" : "paths are"} in the way`;
  return paused("collision", {
    text: `Commits wait: ${JSON.stringify(formatRawPath(path))} ${words}${more}`,
    hint: `${hint}; they land by themselves then`,
    paths,
  });
}

function nameOf(path: string, options: PlanOptions): string {
  if (!options.foldsCase) return path;
  return new TextDecoder().decode(fromLatin1(path)).normalize("NFC").toLowerCase();
}
