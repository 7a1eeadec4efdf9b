import type { Difference } from "../transfer/classify.ts";
import { readContents } from "../transfer/contents.ts";
import { type FileStat, formatStats } from "../transfer/diff_stats.ts";
import { MOST_DIFF_BYTES } from "../transfer/diff_text.ts";
import type { TransferPlan } from "../transfer/plan_transfer.ts";
import { showDifferences } from "../transfer/shown.ts";
import { pickLeftOut } from "../transfer/tracked_ignored.ts";
import { createIgnoreMatcher } from "../tree/ignore_rules.ts";
import { quotePath } from "../tree/visible.ts";
import type { CommandContext } from "./context.ts";
import { formatTracked } from "./copy_words.ts";
import { type FileRow, formatProblems, formatRow, formatSums } from "./file_rows.ts";
import type { FileRoot, FileSite } from "./file_site.ts";
import { formatTable } from "./output.ts";

/** Bytes that are read only to say whether they are text. */
const MOST_LOOKED_AT = 8 << 20;

/** Says what does not travel, so that nobody waits for it. */
export function warnAboutLeft(
  { look, tracked }: Pick<FileRoot, "look" | "tracked">,
  options: { plan: Pick<TransferPlan, "problems">; context: CommandContext },
): void {
  const { plan, context: { io } } = options;
  for (const line of formatProblems(plan.problems)) io.warn(line);
  const isLeftOut = createIgnoreMatcher(look.rules);
  const left = pickLeftOut(tracked, isLeftOut);
  if (left.length > 0) io.warn(formatTracked(left));
}

/** Prints what a transfer does, one table for each directory, and talks of the sums. */
export function showTables(
  listed: readonly { name: string; target: string; rows: readonly FileRow[] }[],
  { io }: Pick<CommandContext, "io">,
): void {
  for (const { name, target, rows } of listed) {
    if (listed.length > 1) io.talk(`${name}: ${quotePath(target)}`);
    if (rows.length === 0) {
      io.talk("No differences");
      continue;
    }
    io.out(formatTable(["CHANGE", "PATH", "NOTE"], rows.map(formatRow), { color: io.color }));
    io.talk(formatSums(rows));
  }
}

/** Finds lines added and removed in each file that a plan is about. */
export async function findStats(
  site: Pick<FileSite, "courier" | "fs">,
  opened: FileRoot,
  options: { plan: TransferPlan },
): Promise<FileStat[]> {
  const stats: FileStat[] = [];
  const differences = differencesOf(opened, options.plan);
  for await (const shown of showDifferences(differences, { ...site, ...opened })) {
    const { path, text, binary, added, removed, before, after } = shown;
    if (text === "") continue;
    stats.push(
      binary ? { path, kind: "binary", before, after } : { path, kind: "text", added, removed },
    );
  }
  return stats;
}

/** Prints lines added and removed in each file. */
export function showStats(stats: readonly FileStat[], { io }: Pick<CommandContext, "io">): void {
  if (stats.length === 0) io.talk("No differences");
  else io.out(formatStats(stats));
}

/** What a plan is about, line by line: its changes and its conflicts. */
export async function* readTexts(
  site: Pick<FileSite, "courier" | "fs">,
  opened: FileRoot,
  options: { plan: TransferPlan },
): AsyncGenerator<string> {
  const { plan } = options;
  const conflicts = new Set(plan.conflicts.map(({ path }) => path));
  const differences = differencesOf(opened, plan);
  for await (const { path, text } of showDifferences(differences, { ...site, ...opened })) {
    if (conflicts.has(path)) yield "# Conflict: both sides changed it, and it stays as it is\n";
    if (text !== "") yield text;
  }
}

/** Files that are no text, as far as all together are small enough to be looked at. */
export async function findBinary(
  { courier }: Pick<FileSite, "courier">,
  { root }: Pick<FileRoot, "root">,
  options: { plan: TransferPlan },
): Promise<Set<string>> {
  const files = options.plan.writes
    .filter(({ entry }) => entry.kind === "file" && entry.size <= MOST_DIFF_BYTES)
    .map(({ path, entry }) => ({ path, size: entry.size }));
  if (files.reduce((sum, { size }) => sum + size, 0) > MOST_LOOKED_AT) return new Set();
  const mostBytes = MOST_DIFF_BYTES;
  const contents = await readContents({ courier, root: root.name, files, mostBytes });
  return new Set([...contents].filter(([, bytes]) => !isText(bytes)).map(([path]) => path));
}

function isText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function differencesOf({ look }: Pick<FileRoot, "look">, plan: TransferPlan): Difference[] {
  const changed = [...plan.writes, ...plan.modes, ...plan.conflicts].map(({ path }) => path);
  const paths = new Set([...changed, ...plan.removes]);
  return look.differences.filter(({ path }) => paths.has(path));
}
