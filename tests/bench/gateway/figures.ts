import { median } from "../measure.ts";

/** All samples of one figure, in the order of the rounds they were taken in. */
export type Series = Map<string, number[]>;

/** Adds one sample to each of these figures. */
export function note(series: Series, values: Record<string, number>): void {
  for (const [name, value] of Object.entries(values)) {
    const samples = series.get(name);
    if (samples === undefined) series.set(name, [value]);
    else samples.push(value);
  }
}

/** One promise of the project: what is compared, how, and with what. */
export type Promised =
  /** The median of `figure / of`, each round's own. */
  | { title: string; figure: string; of: string; atLeast: number }
  /** The median of `figure - minus`, each round's own; `minus` left out: of the figure itself. */
  | { title: string; figure: string; minus?: string; atMost: number; unit: string }
  | { title: string; figure: string; above: number; unit: string };

/** A promise and what came out. */
export type Held = { title: string; wanted: string; measured: string; held: boolean };

/**
 * Judges promises by the medians of what was taken side by side in one round: a slow moment of the
 * machine then hits both. Pure.
 *
 * @throws {Error} If a figure was never taken.
 */
export function judgePromises(series: Series, promises: readonly Promised[]): Held[] {
  const read = (name: string) => {
    const samples = series.get(name);
    if (samples === undefined) throw new Error(`Nothing was measured as ${name}`);
    return samples;
  };
  return promises.map((promise) => {
    const samples = read(promise.figure);
    if ("atLeast" in promise) {
      const against = read(promise.of);
      const value = median(samples.map((sample, round) => sample / against[round]!));
      return {
        title: promise.title,
        wanted: `≥ ${promise.atLeast} ×`,
        measured: `${value.toFixed(2)} ×`,
        held: value >= promise.atLeast,
      };
    }
    if ("above" in promise) {
      const value = median(samples);
      return {
        title: promise.title,
        wanted: `≥ ${promise.above} ${promise.unit}`,
        measured: `${formatNumber(value)} ${promise.unit}`,
        held: value >= promise.above,
      };
    }
    const against = promise.minus === undefined ? undefined : read(promise.minus);
    const value = median(samples.map((sample, round) => sample - (against?.[round] ?? 0)));
    return {
      title: promise.title,
      wanted: `≤ ${promise.atMost} ${promise.unit}`,
      measured: `${formatNumber(value)} ${promise.unit}`,
      held: value <= promise.atMost,
    };
  });
}

/** Both tables as text: every figure with its spread, then what was promised. Pure. */
export function formatFigures(series: Series, held: readonly Held[]): string {
  const figures = [...series].map(([name, samples]) => [
    name,
    formatNumber(median(samples)),
    `${formatNumber(Math.min(...samples))}–${formatNumber(Math.max(...samples))}`,
  ]);
  const rows = held.map(({ title, wanted, measured, held }) => [
    title,
    wanted,
    measured,
    held ? "held" : "missed",
  ]);
  return [
    ...align([["figure", "median", "range"], ...figures]),
    "",
    ...align([["promise", "wanted", "measured", ""], ...rows]),
  ].join("\n");
}

function formatNumber(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(3);
}

function align(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()
  );
}
