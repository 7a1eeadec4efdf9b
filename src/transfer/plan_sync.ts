import type { Difference } from "./classify.ts";
import { isSameOrBelow, type SideProblem } from "./compare.ts";
import { planTransfer, type TransferPlan } from "./plan_transfer.ts";

/** How a sync is made. */
export type SyncOptions = {
  /** Removes in the cage what was removed on the host. Defaults to false. */
  delete?: boolean;
  /** Whether a path is one of those asked for; all are by default. */
  isWanted?: (path: string) => boolean;
};

/** Plans how the changes of the host get into a cage. Pure. */
export function planSync(
  found: { differences: readonly Difference[]; problems: readonly SideProblem[] },
  options: SyncOptions = {},
): TransferPlan {
  const { isWanted } = options;
  const differences = isWanted === undefined
    ? found.differences
    : pick(found.differences, isWanted);
  const problems = isWanted === undefined
    ? found.problems
    : found.problems.filter(({ path }) => isWanted(path));
  return planTransfer({ differences, problems }, { from: "host", delete: options.delete === true });
}

/** What is wanted, with the directories above it, and what has to make room for it. */
function pick(
  differences: readonly Difference[],
  isWanted: (path: string) => boolean,
): Difference[] {
  const parents = new Set<string>();
  for (const { path } of differences) {
    if (!isWanted(path)) continue;
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
      parents.add(path.slice(0, end));
    }
  }
  let replaced: string | undefined;
  return differences.filter(({ path, change }) => {
    if (isWanted(path)) {
      if (change === "kind") replaced = path;
      return true;
    }
    return parents.has(path) || (replaced !== undefined && isSameOrBelow(path, replaced));
  });
}
