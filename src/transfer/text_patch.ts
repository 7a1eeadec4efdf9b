import { structuredPatch } from "diff";
import { visibleText } from "./visible.ts";

/** The hunks of a unified diff as lines, and how many lines came and went. */
export type TextPatch = { lines: string[]; added: number; removed: number };

/** Most edits that are looked for: a file that was written anew is shown as such. */
const MOST_EDITS = 20_000;

/** How long one file may take, in milliseconds. */
const DEADLINE_MS = 2000;

/** Lines around a change. */
const CONTEXT = 3;

/**
 * Finds what turned one text into another. Its lines have nothing that acts on a terminal.
 *
 * @returns `undefined` when the texts have too little in common to be worth the time.
 */
export function patchText(before: string, after: string): TextPatch | undefined {
  const patch = structuredPatch("a", "b", before, after, "", "", {
    context: CONTEXT,
    maxEditLength: MOST_EDITS,
    timeout: DEADLINE_MS,
  });
  if (patch === undefined) return undefined;
  const lines: string[] = [];
  let [added, removed] = [0, 0];
  for (const { oldStart, oldLines, newStart, newLines, lines: changed } of patch.hunks) {
    lines.push(`@@ -${formatRange(oldStart, oldLines)} +${formatRange(newStart, newLines)} @@`);
    for (const line of changed) {
      if (line.startsWith("+")) added++;
      else if (line.startsWith("-")) removed++;
      lines.push(line.slice(0, 1) + visibleText(line.slice(1)));
    }
  }
  return { lines, added, removed };
}

function formatRange(start: number, lines: number): string {
  // git counts from the line before where there is none.
  return lines === 1 ? String(start) : `${lines === 0 ? start - 1 : start},${lines}`;
}
