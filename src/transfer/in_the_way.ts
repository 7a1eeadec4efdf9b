import type { TreeFs } from "../tree/fs.ts";
import { checkEntryPath, createTwinCheck, type Platform } from "../tree/paths.ts";
import type { Difference } from "./classify.ts";
import type { Candidate, SideProblem } from "./compare.ts";

/**
 * Finds what the cage has and the host's file system cannot: names that Windows reads in ways of its
 * own, and names that are one where case does not count. Pure.
 *
 * @param candidates In `comparePaths` order.
 * @param options.folds Whether names that differ in case are one there.
 */
export function findUnfit(
  candidates: readonly Candidate[],
  options: { platform: Platform; folds: boolean },
): SideProblem[] {
  const { platform, folds } = options;
  if (platform === "linux" && !folds) return [];
  const findTwin = createTwinCheck({ folds });
  return candidates.flatMap(({ path, inner }): SideProblem[] => {
    if (inner === undefined) return [];
    const why = checkEntryPath(path, { platform }) ?? findTwin(path);
    return why === undefined ? [] : [{ path, problem: "unsafe name", side: "inner" }];
  });
}

/**
 * Marks what the cage has where the rules hide something on the host, or where its file system takes
 * another name for this one.
 *
 * @param differences In `comparePaths` order.
 */
export function markInTheWay(
  differences: readonly Difference[],
  options: { fs: Pick<TreeFs, "lstat" | "list">; hostRoot: string },
): Difference[] {
  const { fs, hostRoot } = options;
  const seen = new Set(
    differences.filter(({ host }) => host !== undefined).map(({ path }) => path),
  );
  const isThere = (path: string) => {
    try {
      return fs.lstat(`${hostRoot}/${path}`) !== undefined;
    } catch {
      return true;
    }
  };
  let absent: string | undefined;
  return differences.map((difference) => {
    const { path, host, inner } = difference;
    if (inner === undefined) return difference;
    if (host?.kind === "dir" && inner.kind !== "dir") {
      return holdsMore(path, { fs, hostRoot, seen })
        ? { ...difference, inTheWay: true }
        : difference;
    }
    // Nothing is below what is not there.
    if (host !== undefined || (absent !== undefined && path.startsWith(absent))) return difference;
    if (isThere(path)) return { ...difference, inTheWay: true };
    absent = `${path}/`;
    return difference;
  });
}

/** Whether a directory of the host has anything that the walk did not tell. */
function holdsMore(
  dir: string,
  at: { fs: Pick<TreeFs, "lstat" | "list">; hostRoot: string; seen: ReadonlySet<string> },
): boolean {
  const { fs, hostRoot, seen } = at;
  try {
    return fs.list(`${hostRoot}/${dir}`).some((name) => {
      const path = `${dir}/${name}`;
      if (typeof name !== "string" || !seen.has(path)) return true;
      return fs.lstat(`${hostRoot}/${path}`)?.kind === "dir" && holdsMore(path, at);
    });
  } catch {
    return true;
  }
}
