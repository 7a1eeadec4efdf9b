import type { GateOptions } from "./gate.ts";
import {
  type Direction,
  type MapPath,
  PATHS_OF_AGENT,
  PATHS_OF_CLIENT,
  planPathEdits,
} from "./mapping.ts";
import type { Line, Verdict } from "./verdict.ts";
import { planWanted, type WantedNames } from "./wanted.ts";

/** A line is held whole to map its paths: the protocol's own limit. */
const HOLD_LIMIT = 32 * 1024 * 1024;

/**
 * A gate for an editor whose paths are others than the agent's: they are mapped, and decided about
 * as those of the other side.
 *
 * @param names What the gate reads besides paths.
 */
export function planMappedGate(
  options: GateOptions,
  { direction, names, map }: { direction: Direction; names: WantedNames; map: MapPath },
): GateOptions {
  const paths = direction === "inward" ? PATHS_OF_CLIENT : PATHS_OF_AGENT;
  return {
    ...options,
    holdLimit: HOLD_LIMIT,
    wanted: planWanted(mergeNames(names, paths)),
    judge: (line) => judgeMapped(line, { direction, map, judge: options.judge }),
  };
}

/** Decides about a line with its paths mapped, and adds their edits to what was decided. */
export function judgeMapped(
  line: Line,
  { direction, map, judge }: { direction: Direction; map: MapPath; judge: GateOptions["judge"] },
): Verdict {
  const found = line.found.map((entry) =>
    entry.value.kind === "text" && /^params\.(cwd|path|additionalDirectories\.\*)$/.test(entry.path)
      ? { ...entry, value: { ...entry.value, text: map(entry.value.text, direction) } }
      : entry
  );
  const verdict = judge({ ...line, found });
  // What was too long to hold has been passed on already.
  if (verdict.kind === "refuse" || !line.whole) return verdict;
  const edits = planPathEdits(line, { direction, map });
  if (edits.length === 0) return verdict;
  return {
    kind: "rewrite",
    edits: verdict.kind === "rewrite" ? [...verdict.edits, ...edits] : edits,
  };
}

function mergeNames(one: WantedNames, other: WantedNames): WantedNames {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries(
    [...names].map((name) => [name, mergeNames(one[name] ?? {}, other[name] ?? {})]),
  );
}
