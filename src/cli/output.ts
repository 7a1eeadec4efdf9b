import { cutToWidth, displayWidth, padToWidth } from "./width.ts";

/** How a table is drawn. */
export type TableOptions = {
  /** Width to keep to in columns; wider tables lose the ends of their widest column. */
  columns?: number;
  /** Draws the header in bold. Defaults to false. */
  color?: boolean;
};

/** Least width a column is cut to, in columns. */
const LEAST_WIDTH = 12;

/** Space between two columns. */
const GAP = "  ";

/** Formats rows under a header, aligned by what characters really take on a terminal. Pure. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): string {
  const cells = [header, ...rows].map((row) => header.map((_, index) => flatten(row[index] ?? "")));
  const widths = fitWidths(
    header.map((_, index) => Math.max(...cells.map((row) => displayWidth(row[index]!)))),
    options.columns,
  );
  const lines = cells.map((row) =>
    row.map((cell, index) => padToWidth(cutToWidth(cell, widths[index]!), widths[index]!))
      .join(GAP).trimEnd()
  );
  if (options.color === true) lines[0] = `\x1b[1m${lines[0]}\x1b[0m`;
  return lines.join("\n") + "\n";
}

/** Formats data for programs: stable key order as given, two spaces, one newline at the end. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, null, 2) + "\n";
}

/** Formats a number with its noun: `1 cage`, `2 cages`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Formats how long ago something was: `12s`, `5m`, `3h`, `2d`. */
export function formatAge(elapsedMs: number): string {
  const seconds = Math.max(0, Math.floor(elapsedMs / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

function fitWidths(natural: readonly number[], columns: number | undefined): number[] {
  const widths = [...natural];
  if (columns === undefined) return widths;
  const room = columns - GAP.length * (widths.length - 1);
  for (;;) {
    const over = widths.reduce((sum, width) => sum + width, 0) - room;
    const widest = Math.max(...widths);
    if (over <= 0 || widest <= LEAST_WIDTH) return widths;
    widths[widths.indexOf(widest)] = Math.max(LEAST_WIDTH, widest - over);
  }
}

// A newline or an escape in a path must not break the table or drive the terminal.
function flatten(cell: string): string {
  // deno-lint-ignore no-control-regex
  return cell.replace(/[\x00-\x1f\x7f-\x9f]/g, (char) => JSON.stringify(char).slice(1, -1));
}
