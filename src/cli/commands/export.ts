import { changeCopyRecord } from "../../copy/claim.ts";
import { EXIT, UserError } from "../../errors.ts";
import { applyExport, type Exported } from "../../transfer/export.ts";
import { type ExportPlan, planExport } from "../../transfer/plan_export.ts";
import { formatBytes, formatTransfer } from "../../transfer/progress.ts";
import { reviewWrites } from "../../transfer/review.ts";
import { readReviewTexts } from "../../transfer/review_texts.ts";
import { quotePath } from "../../tree/visible.ts";
import type { CommandContext } from "../context.ts";
import { toRows } from "../file_rows.ts";
import {
  type FileRoot,
  type FileSite,
  type FileWords,
  openFileRoot,
  openFileSite,
} from "../file_site.ts";
import { findStats, showStats, showTables, warnAboutLeft } from "../file_view.ts";
import { formatCount, formatJson } from "../output.ts";

/** What `sandcage export` was asked for. */
export type ExportWords = FileWords & {
  yes: boolean;
  delete: boolean;
  protect: readonly string[];
  dryRun: boolean;
  includeCache: boolean;
  stats: boolean;
  json: boolean;
};

/** One directory, compared and planned. */
type Prepared = { opened: FileRoot; plan: ExportPlan; reviewed: ReadonlyMap<string, string> };

/**
 * `sandcage export`: brings the work of a cage to the host. Exit 5 when something had to stay because
 * both sides changed it, or when nobody could be asked about what tools run on sight.
 */
export async function runExport(options: ExportWords, context: CommandContext): Promise<number> {
  const { io } = context;
  await using site = await openFileSite(options, context);
  await using held = new AsyncDisposableStack();
  const prepared: Prepared[] = [];
  for (const root of site.roots) {
    const opened = held.use(await openExportRoot(site, root, { options, context }));
    prepared.push(await prepare(site, opened, options));
  }
  const listed = prepared.map(({ opened, plan }) => ({
    name: opened.root.name,
    target: opened.target,
    // Of a hundred thousand paths only when they are shown.
    get rows() {
      return toRows(plan);
    },
    notCarried: plan.problems,
    review: plan.review,
  }));
  const hasConflict = prepared.some(({ plan }) => plan.conflicts.length > 0);
  const result = (done: boolean, exported: readonly Exported[]) => {
    if (!options.json) return;
    const dirs = listed.map(({ name, target, rows, notCarried, review }, at) => ({
      name,
      target,
      changes: rows,
      notCarried,
      review,
      ...(exported[at] === undefined ? {} : { exported: exported[at] }),
    }));
    io.out(formatJson({ cage: site.cage.name, done, dirs }));
  };
  const { interactive } = io;
  if (!options.json && (options.dryRun || interactive || hasConflict)) showTables(listed, context);
  if (options.stats && !options.json) {
    for (const one of prepared) showStats(await findStats(site, one.opened, one), context);
  }
  if (options.dryRun) {
    showReview(prepared, context);
    result(false, []);
    return hasConflict ? EXIT.conflict : EXIT.ok;
  }
  let isAgreed = false;
  try {
    isAgreed = await agree(prepared, { options, context });
  } finally {
    if (!isAgreed) { for (const { opened } of prepared) await opened.unmake(); }
  }
  if (!isAgreed) {
    result(false, []);
    io.talk("Nothing was exported");
    return EXIT.failed;
  }
  const exported: Exported[] = [];
  for (const one of prepared) exported.push(await carry(site, one, context));
  await changeCopyRecord(site.cage.id, (now) => ({
    ...now,
    exportedAt: new Date().toISOString(),
  }), { stateDir: context.host.stateDir });
  result(true, exported);
  const hasMissed = exported.some(({ missed, refusedLinks }) =>
    missed.length + refusedLinks.length > 0
  );
  return hasConflict || hasMissed ? EXIT.conflict : EXIT.ok;
}

function openExportRoot(
  site: FileSite,
  root: FileSite["roots"][number],
  { options, context }: { options: ExportWords; context: CommandContext },
): Promise<FileRoot> {
  const { includeCache, protect } = options;
  return openFileRoot(site, root, {
    context,
    words: options,
    direction: "out",
    includeCache,
    protect,
    makes: !options.dryRun,
  });
}

async function prepare(
  site: FileSite,
  opened: FileRoot,
  options: ExportWords,
): Promise<Prepared> {
  const first = planExport(opened.look, { delete: options.delete });
  const { textsOf, sha256 } = await readReviewTexts(first.writes, { ...site, ...opened });
  const review = reviewWrites(first, { textsOf });
  return { opened, plan: { ...first, review }, reviewed: sha256 };
}

/** Says what tools run or trust on sight. */
function showReview(prepared: readonly Prepared[], { io }: CommandContext): void {
  const lines = prepared.flatMap(({ opened, plan }) =>
    plan.review.map(({ path, reason }) => {
      const shown = prepared.length > 1 ? `${opened.root.name}/${path}` : path;
      return `  ${quotePath(shown)}: ${reason}`;
    })
  );
  if (lines.length > 0) io.talk(`Tools run or trust these on sight:\n${lines.join("\n")}`);
}

async function agree(
  prepared: readonly Prepared[],
  { options, context }: { options: ExportWords; context: CommandContext },
): Promise<boolean> {
  const { io } = context;
  const count = prepared.reduce((sum, { plan }) => sum + countChanges(plan), 0);
  if (count === 0) return true;
  showReview(prepared, context);
  if (options.yes) return true;
  if (io.interactive) {
    const targets = prepared.map(({ opened }) => quotePath(opened.target)).join(", ");
    const question = `Export ${formatCount(count, "change")} to ${targets}?`;
    return await io.confirm(question, { assumed: false });
  }
  const risky = prepared.reduce((sum, { plan }) => sum + plan.review.length, 0);
  if (risky === 0) return true;
  throw new UserError(
    `Nothing was exported: tools run or trust ${formatCount(risky, "file")} on sight`,
    {
      hint: "Look at them with sandcage diff --full, then add --yes; --protect leaves some out",
      exit: EXIT.conflict,
      code: "conflict",
    },
  );
}

async function carry(
  site: FileSite,
  { opened, plan, reviewed }: Prepared,
  context: CommandContext,
): Promise<Exported> {
  const { io, host } = context;
  const { target, root } = opened;
  warnAboutLeft(opened, { plan, context });
  // Of all that differs, an export asks for modes only: what else there is would fill the memory.
  const modes = new Set(plan.modes.map(({ path }) => path));
  const differences = opened.look.differences.filter(({ path }) => modes.has(path));
  const look = opened.look = { ...opened.look, differences };
  const work = { ...site, root, target, look, plan, reviewed, platform: host.platform };
  if (countChanges(plan) === 0) {
    io.talk(`There is nothing to export to ${quotePath(target)}`);
    return await applyExport(work);
  }
  using step = io.progress(`Exporting to ${quotePath(target)}`);
  const exported = await applyExport({
    ...work,
    onProgress: (state) => step.update(formatTransfer(state)),
  });
  if (exported.changed.length > 0) throw changedError(target, exported.changed);
  step.done(describe(exported));
  for (const path of exported.missed) {
    io.warn(`Changed inside while it came, and left as it was: ${quotePath(path)}`);
  }
  for (const path of exported.refusedLinks) {
    io.warn(`Not made, as it leads outside through another symlink: ${quotePath(path)}`);
  }
  for (const path of exported.backups) io.talk(`The former .gitignore is ${quotePath(path)}`);
  return exported;
}

function countChanges({ writes, removes, modes }: ExportPlan): number {
  if (removes.length === 0) return writes.length + modes.length;
  const written = new Set(writes.map(({ path }) => path));
  return written.size + modes.length + removes.filter((path) => !written.has(path)).length;
}

function describe({ written, removed, modes, bytes }: Exported): string {
  const parts = [`${formatCount(written, "path")}, ${formatBytes(bytes)}`];
  if (modes > 0) parts.push(formatCount(modes, "mode"));
  if (removed > 0) parts.push(`${removed} removed`);
  return parts.join(", ");
}

function changedError(target: string, changed: readonly string[]): UserError {
  const shown = changed.slice(0, 5).map(quotePath).join(", ");
  const more = changed.length > 5 ? ` and ${changed.length - 5} more` : "";
  return new UserError(
    `Nothing was exported: ${quotePath(target)} changed meanwhile: ${shown}${more}`,
    { hint: "Run it again", exit: EXIT.conflict, code: "conflict" },
  );
}
