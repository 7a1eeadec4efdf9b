import { EXIT } from "../../errors.ts";
import { updateBase } from "../../transfer/base_update.ts";
import { type ExportPlan, planExport } from "../../transfer/plan_export.ts";
import type { CommandContext } from "../context.ts";
import { toRows } from "../file_rows.ts";
import { type FileRoot, type FileWords, openFileRoot, openFileSite } from "../file_site.ts";
import {
  findBinary,
  findStats,
  readTexts,
  showStats,
  showTables,
  warnAboutLeft,
} from "../file_view.ts";
import { formatJson } from "../output.ts";
import { showPaged } from "../pager.ts";

/** What `sandcage diff` was asked for. */
export type DiffOptions = FileWords & {
  full: boolean;
  stats: boolean;
  delete: boolean;
  includeCache: boolean;
  json: boolean;
};

/** `sandcage diff`: shows what export would bring. Exit 5 when there is a conflict, else 0. */
export async function runDiff(options: DiffOptions, context: CommandContext): Promise<number> {
  const { io } = context;
  const { full, stats, json, includeCache } = options;
  await using site = await openFileSite(options, context);
  const shown: { opened: FileRoot; plan: ExportPlan }[] = [];
  const dirs = [];
  for (const root of site.roots) {
    using opened = await openFileRoot(site, root, {
      context,
      words: options,
      direction: "out",
      includeCache,
      protect: [],
    });
    const { baseFile, learned } = opened.look;
    if (learned.isDue) await updateBase(baseFile, learned);
    const plan = planExport(opened.look, { delete: options.delete });
    shown.push({ opened, plan });
    warnAboutLeft(opened, { plan, context });
    if (full && !json) await showPaged(readTexts(site, opened, { plan }), context);
    const lines = stats ? await findStats(site, opened, { plan }) : undefined;
    if (lines !== undefined && !json) showStats(lines, context);
    const needsRows = json || (!full && !stats);
    const binary = needsRows ? await findBinary(site, opened, { plan }) : undefined;
    dirs.push({
      name: root.name,
      target: opened.target,
      rows: toRows(plan, binary),
      notCarried: plan.problems,
      stats: lines,
    });
  }
  if (json) {
    io.out(formatJson({
      cage: site.cage.name,
      dirs: dirs.map(({ rows, ...dir }) => ({ ...dir, changes: rows })),
    }));
  } else if (!full && !stats) showTables(dirs, context);
  return shown.some(({ plan }) => plan.conflicts.length > 0) ? EXIT.conflict : EXIT.ok;
}
