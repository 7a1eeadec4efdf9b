import { median } from "../bench/measure.ts";
import { formatMib, type Growth } from "./growth.ts";

/** One play that was made. */
export type Played = { name: string; ms: number };

/** Something that must not be. */
export type Failure = {
  /** `play`: sandcage did something wrong; `leak`: something stayed; `growth`; `end` of a resident. */
  kind: "play" | "leak" | "growth" | "end";
  /** The activity, or when it showed. */
  where: string;
  what: string;
};

/** All that a run came to. */
export type SoakReport = {
  seed: number;
  minutes: number;
  interrupted: boolean;
  played: readonly Played[];
  growth: readonly Growth[];
  failures: readonly Failure[];
  /** What the engine made for it, and the images that was made from. */
  made: { containers: number; networks: number; images: readonly string[] };
};

/** Times of one activity in milliseconds. */
export type Times = { name: string; count: number; p50: number; p95: number; longest: number };

/** Counts and times by activity, in the order of their first play. Pure. */
export function summarize(played: readonly Played[]): Times[] {
  const all = Map.groupBy(played, ({ name }) => name);
  return [...all].map(([name, plays]) => {
    const sorted = plays.map(({ ms }) => ms).sort((a, b) => a - b);
    return {
      name,
      count: sorted.length,
      p50: median(sorted),
      p95: sorted[Math.ceil(sorted.length * 0.95) - 1]!,
      longest: sorted.at(-1)!,
    };
  });
}

/** The report for programs. Pure. */
export function formatJsonReport(report: SoakReport): string {
  const { played, ...rest } = report;
  return JSON.stringify({ ...rest, activities: summarize(played) });
}

/** The report for people. Pure. */
export function formatReport(report: SoakReport): string {
  const { played, growth, failures, made } = report;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const sections = [
    formatRows([
      ["activity", "plays", "p50", "p95", "longest"],
      ...summarize(played).map(({ name, count, p50, p95, longest }) => [
        name,
        String(count),
        ...[p50, p95, longest].map(seconds),
      ]),
    ]),
    formatRows([
      ["resident", "samples", "memory", "files", "", "MiB in tenths of the time"],
      ...growth.map(({ name, samples, memory, files, course, judged, problem }) => [
        name,
        String(samples),
        judged ? `${formatMib(memory.first)} → ${formatMib(memory.last)}` : "",
        judged ? `${files.first} → ${files.last}` : "",
        problem === undefined ? judged ? "held" : "too short to say" : "grew",
        course.map((bytes) => String(Math.round(bytes / 2 ** 20))).join(" "),
      ]),
    ]),
    [
      `${made.containers} containers and ${made.networks} networks were made, ` +
      `of ${made.images.length} images`,
    ],
    failures.map(({ kind, where, what }) => `${kind} ${where}: ${what}`),
  ];
  const ended = report.interrupted ? " (interrupted)" : "";
  return [
    `Seed ${report.seed}, ${report.minutes.toFixed(1)} minutes${ended}`,
    ...sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n")),
    `${played.length} plays, ${failures.length} failures`,
  ].join("\n\n");
}

function formatRows(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()
  );
}
