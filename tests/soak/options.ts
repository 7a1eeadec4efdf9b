import { parseArgs } from "node:util";

/** What to run, and for how long. */
export type SoakOptions = {
  /** How long activities follow one another after all have been played once, in milliseconds. */
  lengthMs: number;
  /** Equal seeds give equal sequences of activities and choices. */
  seed: number;
  /** Names of activities; all without. */
  only?: readonly string[];
  /** The report is JSON. */
  json: boolean;
};

/** Help of `deno task soak`, with the names of all activities. Pure. */
export function formatUsage(names: readonly string[]): string {
  return `deno task soak [--minutes N] [--seed N] [--only NAME,…] [--json]

Uses sandcage in every way for an hour, one thing at a time, and fails for whatever stays behind or
grows. What it is doing goes to stderr, the report to stdout.

  --minutes N    how long, 60 by default; 0 plays everything once
  --seed N       repeats the choices of a run
  --only NAMES   only these: ${names.join(", ")}
  --json         the report as JSON

SANDCAGE_E2E_PROGRAM names the folder of a bundle to use in place of one made now.
Exit code: 0, 1 for any failure, 2 for a wrong command line, 130 after Ctrl-C.`;
}

/**
 * Reads the command line; `help` when it is asked for.
 *
 * @throws {TypeError} If it is wrong, with the words to show.
 */
export function parseSoakOptions(
  args: readonly string[],
  names: readonly string[],
): SoakOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "60" },
      seed: { type: "string" },
      only: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const only = values.only?.split(",").filter((name) => name !== "");
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined || only?.length === 0) {
    throw new TypeError(
      `Cannot read --only: got "${unknown ?? ""}", expected any of ${names.join(", ")}`,
    );
  }
  return {
    lengthMs: parseNumber("minutes", { text: values.minutes, most: 24 * 60 }) * 60_000,
    seed: values.seed === undefined
      ? crypto.getRandomValues(new Uint32Array(1))[0]!
      : parseNumber("seed", { text: values.seed, most: 2 ** 32 - 1, whole: true }),
    ...(only === undefined ? {} : { only }),
    json: values.json,
  };
}

function parseNumber(
  name: string,
  { text, most, whole }: { text: string; most: number; whole?: true },
): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!(value >= 0 && value <= most) || (whole && !Number.isInteger(value))) {
    const kind = whole ? "a whole number" : "a number";
    throw new TypeError(`Cannot read --${name}: got "${text}", expected ${kind} from 0 to ${most}`);
  }
  return value;
}
