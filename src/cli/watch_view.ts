import { formatCost } from "../headless/render.ts";
import { formatAge, formatCount, formatTable } from "./output.ts";
import type { WatchedCage } from "./watch_state.ts";
import { cutToWidth } from "./width.ts";

/** How much room there is, and when it is. */
export type WatchViewOptions = {
  columns: number;
  /** Lines of the screen; all cages are shown without. */
  lines?: number;
  color: boolean;
  nowMs: number;
};

type Column = {
  title: string;
  /** Least width of a screen that shows it, in columns. */
  from: number;
  cell(cage: WatchedCage, nowMs: number): string;
};

const COLUMNS: readonly Column[] = [
  { title: "CAGE", from: 0, cell: ({ name }) => name },
  { title: "SERVICE", from: 64, cell: ({ service }) => service ?? "-" },
  { title: "STATE", from: 0, cell: ({ state }) => state },
  { title: "AGO", from: 72, cell: ({ run }, nowMs) => formatAgo(run?.lastAt, nowMs) },
  { title: "COST", from: 56, cell: ({ run }) => formatAmount(run?.usage.costUsd) },
  { title: "BLOCKED", from: 46, cell: ({ blocked }) => String(blocked) },
  { title: "LAST", from: 0, cell: ({ run }) => run?.last ?? "-" },
];

/** SGR parameters of the states that catch the eye. */
const COLORS: Readonly<Record<string, string>> = {
  starting: "33",
  running: "32",
  failed: "31",
  "timed-out": "31",
  "over-budget": "31",
  "out-of-memory": "31",
  "cut-off": "31",
};

/** The screen of `watch`, line by line, none wider than it. Pure. */
export function renderWatch(cages: readonly WatchedCage[], options: WatchViewOptions): string[] {
  const { columns, lines } = options;
  const title = cutToWidth(formatTitle(cages), columns);
  const head = options.color ? `\x1b[1m${title}\x1b[0m` : title;
  if (cages.length === 0) {
    return [head, "", cutToWidth('No cages yet. Launch one: sandcage launch -p "…"', columns)]
      .slice(0, lines);
  }
  // Title, an empty line, the header of the table, and a last line that stays free.
  const room = lines === undefined ? cages.length : Math.max(1, lines - 4);
  const shown = cages.length <= room ? cages : cages.slice(0, Math.max(1, room - 1));
  const table = renderTable(shown, options);
  const hidden = cages.length - shown.length;
  const more = hidden === 0
    ? []
    : [cutToWidth(`… and ${formatCount(hidden, "more cage")}`, columns)];
  return [head, "", ...table, ...more].slice(0, lines);
}

/** The table alone, its header first. Pure. */
export function renderTable(
  cages: readonly WatchedCage[],
  { columns, color, nowMs }: WatchViewOptions,
): string[] {
  const wanted = COLUMNS.filter(({ from }) => columns >= from);
  const rows = cages.map((cage) => wanted.map(({ cell }) => cell(cage, nowMs)));
  const [header = "", ...lines] = formatTable(wanted.map(({ title }) => title), rows, { columns })
    .trimEnd().split("\n").map((line) => cutToWidth(line, columns));
  if (!color) return [header, ...lines];
  return [
    `\x1b[1m${header}\x1b[0m`,
    ...lines.map((line, index) => {
      const { state } = cages[index]!;
      const code = COLORS[state];
      return code === undefined ? line : line.replace(` ${state}`, ` \x1b[${code}m${state}\x1b[0m`);
    }),
  ];
}

function formatTitle(cages: readonly WatchedCage[]): string {
  const working = cages.filter(({ isLive }) => isLive).length;
  const cost = cages.reduce((sum, { run }) => sum + (run?.usage.costUsd ?? 0), 0);
  const blocked = cages.reduce((sum, cage) => sum + cage.blocked, 0);
  return [
    `${formatCount(cages.length, "cage")}, ${working} at work`,
    formatCost(cost),
    `${blocked} blocked`,
    "q ends",
  ].join(" · ");
}

function formatAgo(at: string | undefined, nowMs: number): string {
  return at === undefined ? "-" : formatAge(nowMs - Date.parse(at));
}

function formatAmount(usd: number | undefined): string {
  return usd === undefined ? "-" : formatCost(usd);
}
