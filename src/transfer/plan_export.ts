import type { Difference } from "./classify.ts";
import type { SideProblem } from "./compare.ts";
import { planTransfer, type TransferPlan } from "./plan_transfer.ts";
import { type Reviewed, reviewWrites, type TextsOf } from "./review.ts";

/** What an export does on the host. */
export type ExportPlan = TransferPlan & {
  /** Files of the host that are copied before they are replaced. */
  backups: readonly { path: string; to: string }[];
  /** What tools run or trust on sight, for one question before it lands. */
  review: readonly Reviewed[];
};

/** How an export is made. */
export type ExportOptions = {
  /** Removes on the host what was removed in the cage. Defaults to false. */
  delete?: boolean;
  /** The texts of files whose review depends on them, before and after. */
  textsOf?: TextsOf;
};

/** Ends the name of what an export replaced. */
const BACKUP = ".pre-export";

/** Plans how the changes of a cage get to the host. Pure. */
export function planExport(
  found: { differences: readonly Difference[]; problems: readonly SideProblem[] },
  options: ExportOptions = {},
): ExportPlan {
  const plan = planTransfer(found, { from: "inner", delete: options.delete === true });
  const backups = plan.writes.filter(({ path, replaced }) => {
    return replaced?.kind === "file" && /(?:^|\/)\.gitignore$/.test(path);
  });
  return {
    ...plan,
    backups: backups.map(({ path }) => ({ path, to: path + BACKUP })),
    review: reviewWrites(plan, options),
  };
}
