import { visibleText } from "./visible.ts";

/** Lines that a file gained and lost; of a binary file bytes. */
export type FileStat =
  & { path: string }
  & (
    | { kind: "text"; added: number; removed: number }
    | { kind: "binary"; before: number; after: number }
  );

/** Widest graph of `+` and `-`. */
const MOST_GRAPH = 40;

/** Columns that a name gets at most, as in git. */
const MOST_NAME = 60;

/** Formats changes like `git diff --stat`: a line for each file, then the sums. Pure. */
export function formatStats(
  stats: readonly FileStat[],
  options: { columns?: number } = {},
): string {
  const { columns = 80 } = options;
  const names = stats.map(({ path }) => visibleText(path));
  const longest = Math.max(0, ...names.map((name) => name.length));
  const nameWidth = Math.min(longest, MOST_NAME, Math.max(10, columns - 24));
  const counts = stats.map((stat) => stat.kind === "text" ? stat.added + stat.removed : 0);
  const most = Math.max(0, ...counts);
  const countWidth = Math.max(String(most).length, stats.some(isBinaryStat) ? 3 : 0);
  const graph = Math.max(5, Math.min(MOST_GRAPH, columns - nameWidth - countWidth - 5));
  const lines = stats.map((stat, at) => {
    const name = cutStart(names[at]!, nameWidth).padEnd(nameWidth);
    if (stat.kind === "binary") {
      return ` ${name} | ${"Bin".padStart(countWidth)} ${stat.before} -> ${stat.after} bytes`;
    }
    const bar = formatBar(stat, { graph, most });
    return ` ${name} | ${String(counts[at]).padStart(countWidth)}${bar === "" ? "" : ` ${bar}`}`;
  });
  return [...lines, ` ${formatSums(stats)}`].map((line) => `${line}\n`).join("");
}

function isBinaryStat(stat: FileStat): boolean {
  return stat.kind === "binary";
}

function formatBar(
  stat: { added: number; removed: number },
  { graph, most }: { graph: number; most: number },
): string {
  const { added, removed } = stat;
  // One sign for each line where they fit; else in proportion, and never none for some.
  const fits = most <= graph;
  const least = (added > 0 ? 1 : 0) + (removed > 0 ? 1 : 0);
  const all = fits
    ? added + removed
    : Math.max(least, Math.round((added + removed) * graph / most));
  const share = added + removed === 0 ? 0 : Math.round(all * added / (added + removed));
  const plus = Math.max(added > 0 ? 1 : 0, Math.min(share, removed > 0 ? all - 1 : all));
  return "+".repeat(plus) + "-".repeat(all - plus);
}

function formatSums(stats: readonly FileStat[]): string {
  let [added, removed] = [0, 0];
  for (const stat of stats) {
    if (stat.kind !== "text") continue;
    added += stat.added;
    removed += stat.removed;
  }
  const parts = [`${plural(stats.length, "file")} changed`];
  if (added > 0) parts.push(`${plural(added, "insertion")}(+)`);
  if (removed > 0) parts.push(`${plural(removed, "deletion")}(-)`);
  return parts.join(", ");
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** The end of a name tells more than its start. */
function cutStart(name: string, width: number): string {
  return name.length <= width ? name : `…${name.slice(name.length - width + 1)}`;
}
