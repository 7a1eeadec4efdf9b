import { parseDurationMs } from "../config/units.ts";
import type { AuditLine } from "../policy/audit.ts";
import { padToWidth } from "./width.ts";

/** Which lines are shown. */
export type AuditFilter = {
  /** Only what was refused. */
  blocked: boolean;
  /** Milliseconds since 1970; nothing older. */
  sinceMs?: number;
};

/** Widths of the columns but the last; longer values push the rest to the right. */
const COLUMNS: readonly (readonly [title: string, width: number])[] = [
  ["TIME", 20],
  ["SERVICE", 8],
  ["DECISION", 8],
  ["HOST", 32],
  ["REASON", 12],
];

/** Reads `10m`, `2h` or a date as a point in time; `undefined` for anything else. Pure. */
export function parseSince(text: string, nowMs: number): number | undefined {
  if (/^\d+(ms|s|m|h|d)$/.test(text)) return nowMs - parseDurationMs(text);
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** Tells whether a line is to be shown. Pure. */
export function isWanted(line: AuditLine, filter: AuditFilter): boolean {
  if (filter.blocked && line.decision !== "deny") return false;
  return filter.sinceMs === undefined || Date.parse(line.time) >= filter.sinceMs;
}

/** The header above the lines. Pure. */
export function formatAuditHeader(): string {
  return [...COLUMNS.map(([title, width]) => title.padEnd(width)), "REQUEST"].join(" ");
}

/** One decision as one line for people. Pure. */
export function formatAuditLine(line: AuditLine): string {
  const { host, port, method, path, rule, detail } = line;
  const address = host?.includes(":") ? `[${host}]` : host;
  const target = host === undefined ? "-" : `${address}${port === undefined ? "" : `:${port}`}`;
  const request = method === undefined ? line.kind : `${method} ${path ?? ""}`.trim();
  const notes = [rule && `by ${rule}`, detail].filter((note) => note !== undefined && note !== "");
  const cells = [
    `${new Date(line.time).toISOString().slice(0, 19).replace("T", " ")}Z`,
    line.service,
    line.decision,
    target,
    line.reason,
  ].map((cell, index) => padToWidth(escapeText(cell), COLUMNS[index]![1]));
  return [...cells, escapeText([request, ...notes].join("  "))].join(" ");
}

/** A line for programs. Pure. */
export function formatAuditJson(line: AuditLine): string {
  return escapeText(JSON.stringify(line));
}

/** Host and path are the agent's words: nothing of them may drive a terminal. */
function escapeText(text: string): string {
  return text.replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
