import { structuredPatch } from "diff";
import { visibleText } from "./visible.ts";

/** The hunks of a unified diff as lines, and how many lines came and went. */
export type TextPatch = { lines: string[]; added: number; removed: number };

/** Most edits that are looked for: beyond, all lines go and all others come. */
const MOST_EDITS = 4000;

/** How long one file may take, in milliseconds. */
const DEADLINE_MS = 1000;

/** Lines around a change. */
const CONTEXT = 3;

/** Finds what turned one text into another. Its lines have nothing that acts on a terminal. Pure. */
export function patchText(before: string, after: string): TextPatch {
  const patch = before === "" || after === ""
    ? undefined
    : structuredPatch("", "", before, after, "", "", {
      context: CONTEXT,
      maxEditLength: MOST_EDITS,
      timeout: DEADLINE_MS,
    });
  const hunks = patch?.hunks ?? [replaceAll(before, after)];
  const lines: string[] = [];
  let [added, removed] = [0, 0];
  for (const { oldStart, oldLines, newStart, newLines, lines: changed } of hunks) {
    lines.push(`@@ -${formatRange(oldStart, oldLines)} +${formatRange(newStart, newLines)} @@`);
    for (const line of changed) {
      if (line.startsWith("+")) added++;
      else if (line.startsWith("-")) removed++;
      lines.push(line.slice(0, 1) + visibleText(line.slice(1)));
    }
  }
  return { lines, added, removed };
}

type Hunk = {
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  lines: string[];
};

function replaceAll(before: string, after: string): Hunk {
  const [old, now] = [splitLines("-", before), splitLines("+", after)];
  return {
    oldStart: 1,
    oldLines: old.count,
    newStart: 1,
    newLines: now.count,
    lines: [...old.lines, ...now.lines],
  };
}

function splitLines(sign: string, text: string): { lines: string[]; count: number } {
  if (text === "") return { lines: [], count: 0 };
  const isEnded = text.endsWith("\n");
  const lines = (isEnded ? text.slice(0, -1) : text).split("\n").map((line) => sign + line);
  const count = lines.length;
  if (!isEnded) lines.push("\\ No newline at end of file");
  return { lines, count };
}

function formatRange(start: number, lines: number): string {
  // git counts from the line before where there is none.
  return lines === 1 ? String(start) : `${lines === 0 ? start - 1 : start},${lines}`;
}
